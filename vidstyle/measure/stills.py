"""Small pictures of a bad moment: every clip with the region outlined, and the region itself from near."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from vidstyle.frames import Bitmap, bitmap

_WHOLE, _NEAR = 400, 220  # px: width of a whole picture, side of a region
_QUALITY = 80  # JPEG's, of 100
_DARK, _BRIGHT = (20, 20, 20), (255, 214, 0)  # RGB of the outline: seen on any picture, by any eye
_BRIGHTEST = 99.5  # percentile of the error that the heat map's brightest colour stands for

Box = tuple[int, int, int, int]  # left, top, width, height, in pixels


@dataclass(frozen=True, slots=True)
class Stills:
    """JPEGs of one moment.

    Attributes:
        whole: the frame of every clip by its name, the region outlined.
        near: the region of the result in the frame before and now, and of the error, by these names.
        brightest: the error that the heat map's brightest colour stands for, in codes of 255.
    """

    whole: Mapping[str, bytes]
    near: Mapping[str, bytes]
    brightest: float


def draw_stills(
    before: Mapping[str, Tensor], now: Mapping[str, Tensor], errors: Float[Tensor, "1 1 h w"], box: Box
) -> Stills:
    """Draw the stills of the moment between two frames; the clip `result` is shown from near."""
    heat, brightest = _heat(_cut(errors[0, 0].detach().cpu().numpy(), box))
    near = {
        "before": _enlarged(_cut(bitmap(before["result"][0]), box)),
        "now": _enlarged(_cut(bitmap(now["result"][0]), box)),
        "error": _enlarged(heat),
    }
    return Stills(
        whole={name: _jpeg(_outlined(bitmap(image[0]), box)) for name, image in now.items()},
        near={name: _jpeg(picture) for name, picture in near.items()},
        brightest=brightest,
    )


def _cut(picture: NDArray[Any], box: Box) -> NDArray[Any]:
    left, top, width, height = box
    return picture[top : top + height, left : left + width]


def _outlined(picture: Bitmap, box: Box) -> Bitmap:
    height, width = picture.shape[:2]
    ratio = min(_WHOLE / width, 1.0)
    small = cv2.resize(picture, (round(width * ratio), max(round(height * ratio), 1)), interpolation=cv2.INTER_AREA)
    corners = [round(ratio * value) for value in (box[0], box[1], box[0] + box[2], box[1] + box[3])]
    for colour, thickness in ((_DARK, 4), (_BRIGHT, 2)):
        cv2.rectangle(small, (corners[0], corners[1]), (corners[2] - 1, corners[3] - 1), colour, thickness)
    return np.asarray(small, np.uint8)


def _enlarged(picture: Bitmap) -> Bitmap:
    method = cv2.INTER_AREA if picture.shape[0] > _NEAR else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (_NEAR, _NEAR), interpolation=method), np.uint8)


def _heat(errors: NDArray[np.float32]) -> tuple[Bitmap, float]:
    codes = 255 * np.sqrt(errors)
    brightest = max(float(np.percentile(codes, _BRIGHTEST)), 1e-6)
    grey = np.clip(255 * codes / brightest, 0, 255).astype(np.uint8)
    return np.asarray(cv2.applyColorMap(grey, cv2.COLORMAP_INFERNO)[..., ::-1], np.uint8), brightest


def _jpeg(picture: Bitmap) -> bytes:
    encoded: NDArray[np.uint8] = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    return encoded.tobytes()
