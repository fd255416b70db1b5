"""Source and result beside each other: moving, and as a sheet of stills."""

import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.errors import TargetError
from vidstyle.frames import Bitmap, bitmap
from vidstyle.media import ClipReader

_DIVIDER = 4  # pixels, even: 4:2:0 needs even sides
_PAPER = 0.97
_MARGIN, _HEADING, _STUB = 16, 40, 70  # pixels: round the sheet, over the columns, left of the rows
_STILL_WIDTH = 480
_QUALITY = 92  # JPEG's, of 100


def beside(left: ClipReader, right: ClipReader) -> Iterator[Float[Tensor, "3 h w"]]:
    """Yield the frames of both clips beside each other, a thin white line between them. They must be of one length."""
    for one, other in zip(_images(left), _images(right), strict=True):
        line = torch.ones(3, one.shape[1], _DIVIDER)
        yield torch.cat([one.cpu(), line, other.cpu()], dim=2)


def grid(readers: Sequence[ClipReader], names: Sequence[str]) -> Iterator[Float[Tensor, "3 h w"]]:
    """Yield the frames of all clips together, each with its name, in rows; they must be of one length and size.

    Convention: about as many rows as columns, the last row filled up with paper; each picture half as wide and high.
    """
    across = math.ceil(math.sqrt(len(readers)))
    for images in zip(*map(_images, readers), strict=True):
        cells = [_cell(image, name) for image, name in zip(images, names, strict=True)]
        cells += [np.full_like(cells[0], round(255 * _PAPER))] * (-len(cells) % across)
        rows = [np.hstack(cells[first : first + across]) for first in range(0, len(cells), across)]
        yield torch.from_numpy(np.vstack(rows)).permute(2, 0, 1) / 255


def _cell(image: Tensor, name: str) -> Bitmap:
    picture = bitmap(image)
    size = [2 * max(1, side // 4) for side in picture.shape[1::-1]]  # half, and even
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    band = np.full((_HEADING, size[0], 3), round(255 * _PAPER), np.uint8)
    _write(band, name, 8, _HEADING - 14)
    return np.vstack([band, small])


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
    picture = bitmap(image)
    size = (_STILL_WIDTH, round(picture.shape[0] * _STILL_WIDTH / picture.shape[1]))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _write(sheet: Bitmap, text: str, left: int, baseline: int) -> None:
    cv2.putText(sheet, text, (left, baseline), cv2.FONT_HERSHEY_DUPLEX, 0.6, (40, 40, 46), 1, cv2.LINE_AA)
