"""Single frames of clips as small bitmaps, and writing on them."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from vidstyle.frames import Bitmap, Span, bitmap
from vidstyle.media import DecodeConfig, open_reader

_QUALITY = 85  # JPEG's, of 100
_DARK, _LIGHT = (24, 24, 28), (240, 240, 236)


def frames_of(path: Path, span: Span, size: tuple[int, int], decode: DecodeConfig | None = None) -> Iterator[Bitmap]:
    """Yield the frames of a span, fitted into `size` (width, height)."""
    with open_reader(path, decode) as reader:
        for batch in reader.frames(span):
            for image in batch.images:
                yield fitted(bitmap(image), size)


def frames_at(
    path: Path, numbers: Iterable[int], size: tuple[int, int], decode: DecodeConfig | None = None
) -> dict[int, Bitmap]:
    """The frames of these numbers; those that the clip has not are left out."""
    wanted = sorted(set(numbers))
    span = Span(wanted[0], wanted[-1] + 1)
    pictures = enumerate(frames_of(path, span, size, decode), start=span.start)
    return {number: picture for number, picture in pictures if number in wanted}


def fitted(picture: Bitmap, size: tuple[int, int]) -> Bitmap:
    """A picture scaled to fit into (width, height), on black."""
    width, height = size
    scale = min(width / picture.shape[1], height / picture.shape[0])
    inner = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    small = cv2.resize(picture, inner, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    canvas = np.zeros((height, width, 3), np.uint8)
    top, left = (height - inner[1]) // 2, (width - inner[0]) // 2
    canvas[top : top + inner[1], left : left + inner[0]] = small
    return canvas


def write_on(
    picture: Bitmap, text: str, left: int, baseline: int, *, scale: float = 0.5, colour: tuple[int, ...] = _LIGHT
) -> None:
    """Write a line of text, what the font lacks as question marks."""
    plain = text.encode("ascii", "replace").decode()
    cv2.putText(picture, plain, (left, baseline), cv2.FONT_HERSHEY_DUPLEX, scale, colour, 1, cv2.LINE_AA)


def width_of(text: str, scale: float = 0.5) -> int:
    """How many pixels wide a line of text gets."""
    return int(cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, 1)[0][0])


def slate(size: tuple[int, int], *lines: str) -> Bitmap:
    """A dark picture with lines of text, for what is not there."""
    width, height = size
    picture = np.full((height, width, 3), _DARK, np.uint8)
    scale = width / 960
    for row, line in enumerate(lines):
        left = max(8, (width - width_of(line, scale)) // 2)
        write_on(picture, line, left, height // 2 + round(row * 36 * scale), scale=scale)
    return picture


def jpeg(picture: Bitmap) -> bytes:
    """A picture as JPEG."""
    _, coded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return bytes(coded.tobytes())


def png(picture: Bitmap) -> bytes:
    """A picture as PNG."""
    _, coded = cv2.imencode(".png", picture[..., ::-1])
    return bytes(coded.tobytes())
