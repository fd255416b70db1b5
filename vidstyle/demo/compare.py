"""Source and result beside each other: moving, and as a sheet of stills."""

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from vidstyle.errors import TargetError
from vidstyle.media import ClipReader

_DIVIDER = 4  # pixels, even: 4:2:0 needs even sides
_PAPER = 0.97
_MARGIN, _HEADING, _STUB = 16, 40, 70  # pixels: round the sheet, over the columns, left of the rows
_STILL_WIDTH = 480
_QUALITY = 92  # JPEG's, of 100

Bitmap = NDArray[np.uint8]


def beside(left: ClipReader, right: ClipReader) -> Iterator[Float[Tensor, "3 h w"]]:
    """Yield the frames of both clips beside each other, a thin white line between them. They must be of one length."""
    for one, other in zip(_images(left), _images(right), strict=True):
        line = torch.ones(3, one.shape[1], _DIVIDER)
        yield torch.cat([one.cpu(), line, other.cpu()], dim=2)


def contact_sheet(
    path: Path, readers: Sequence[ClipReader], names: Sequence[str], numbers: Sequence[int], frame_rate: Fraction
) -> None:
    """Write a JPEG: one column a clip, headed by its name, and one row for each frame number, labelled by its time.

    Raises TargetError when the picture can't be written.
    """
    columns = [_stills(reader, set(numbers)) for reader in readers]
    high, wide = columns[0][0].shape[:2]
    height = _MARGIN + _HEADING + len(numbers) * (high + _MARGIN)
    width = _MARGIN + _STUB + len(columns) * (wide + _MARGIN)
    sheet = np.full((height, width, 3), round(255 * _PAPER), np.uint8)
    for across, (name, stills) in enumerate(zip(names, columns, strict=True)):
        left = _MARGIN + _STUB + across * (wide + _MARGIN)
        _write(sheet, name, left, _MARGIN + _HEADING - 16)
        for down, still in enumerate(stills):
            top = _MARGIN + _HEADING + down * (high + _MARGIN)
            sheet[top : top + high, left : left + wide] = still
    for down, number in enumerate(sorted(numbers)):
        seconds = float(number / frame_rate)
        _write(sheet, f"{seconds:.1f} s", _MARGIN, _MARGIN + _HEADING + down * (high + _MARGIN) + high // 2)
    _, jpeg = cv2.imencode(".jpg", sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    try:
        path.write_bytes(jpeg.tobytes())
    except OSError as error:
        raise TargetError(f"{path} can't be written: {error.strerror}", path=path) from error


def _images(reader: ClipReader) -> Iterator[Tensor]:
    return itertools.chain.from_iterable(batch.images for batch in reader.frames())


def _stills(reader: ClipReader, numbers: set[int]) -> list[Bitmap]:
    return [_still(image) for number, image in enumerate(_images(reader)) if number in numbers]


def _still(image: Tensor) -> Bitmap:
    picture = (image.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    size = (_STILL_WIDTH, round(picture.shape[0] * _STILL_WIDTH / picture.shape[1]))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _write(sheet: Bitmap, text: str, left: int, baseline: int) -> None:
    cv2.putText(sheet, text, (left, baseline), cv2.FONT_HERSHEY_DUPLEX, 0.6, (40, 40, 46), 1, cv2.LINE_AA)
