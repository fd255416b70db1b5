"""Contact sheets: rows of a source and what was made of it."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from vidstyle.errors import ClipReadError
from vidstyle.frames import Span, bitmap
from vidstyle.media import open_reader
from vidstyle.networks import Style, is_adjustable, with_strength
from vidstyle.networks.checkpoints.proof import draw_card
from vidstyle.networks.checkpoints.writing import whole_file
from vidstyle.training.evenly import evenly
from vidstyle.training.pictures import Example
from vidstyle.training.teachers import Picture

LARGEST = 600_000  # bytes


def render(generator: nn.Module, picture: Picture, strength: float = 1.0) -> Picture:
    """What `generator` (pictures in [-1, 1]) makes of `picture`, padded by reflection to its multiple and cut back.

    Convention: only an adjustable one is told the strength.
    """
    height, width = picture.shape[:2]
    multiple = int(getattr(generator, "multiple", 4))
    padded = cv2.copyMakeBorder(picture, 0, -height % multiple, 0, -width % multiple, cv2.BORDER_REFLECT_101)
    device = next(generator.parameters()).device
    images = torch.from_numpy(padded.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None].to(device)
    with torch.inference_mode():
        told = with_strength(generator, images, strength)
        result = generator(told.contiguous(memory_format=torch.channels_last))[0, :, :height, :width]
    return bitmap((result + 1) / 2)


def write_sheet(path: Path, generator: nn.Module, examples: list[Example], *, rows: int = 7, width: int = 1320) -> None:
    """Write `rows` of source | teacher | result, chosen evenly over `examples`, as a JPEG under 600 kB.

    An adjustable generator's result at strength 0.5 stands before that at 1.
    """
    rendered = [(each.picture, each.target, *_results(generator, each.picture)) for each in evenly(examples, rows)]
    write_rows(path, rendered, width=width)


def write_drawings(
    path: Path, generator: nn.Module, examples: list[Example], looks: list[Picture], *, rows: int = 7, width: int = 1320
) -> None:
    """Write rows of source | result | a picture to look like, chosen evenly; results as of `write_sheet`."""
    chosen = evenly(examples, rows)
    beside = evenly(looks, len(chosen))
    found = [
        (each.picture, *_results(generator, each.picture), beside[row % len(beside)]) for row, each in enumerate(chosen)
    ]
    write_rows(path, found, width=width)


def _results(generator: nn.Module, picture: Picture) -> list[Picture]:
    strengths = (0.5, 1.0) if is_adjustable(generator) else (1.0,)
    return [render(generator, picture, strength) for strength in strengths]


def write_style_sheet(path: Path, style: Style, sources: Sequence[Path], *, width: int = 1320) -> None:
    """Write source | style for each of `sources`, pictures or clips, of which the middle frame is taken.

    Without sources it is the test card.

    Raises ClipError where one can't be read, TargetError where the sheet can't be written.
    """
    pictures = [middle_frame(source) for source in sources] or [draw_card(360, 640)]
    rows = [(bitmap(images[0]), bitmap(style.paint(images)[0])) for images in pictures]
    with whole_file(path) as partial:
        write_rows(partial, rows, width=width)


def write_rows(path: Path, rows: Sequence[tuple[Picture, ...]], *, width: int) -> None:
    """Write rows of equally many pictures as a JPEG, under 600 kB where that can be, each picture cut to 16:9."""
    image = cv2.cvtColor(np.vstack([_band(row, width // len(row)) for row in rows]), cv2.COLOR_RGB2BGR)
    path.parent.mkdir(parents=True, exist_ok=True)
    for quality in range(90, 20, -10):
        packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(packed) < LARGEST:
            break
    path.write_bytes(packed)


def middle_frame(source: Path) -> Tensor:
    """Give a picture, or the frame in the middle of a clip, as RGB 0 to 1 (1, 3, h, w).

    Raises ClipError where it can't be read.
    """
    with open_reader(source) as reader:
        middle = (reader.info.video.frames or 1) // 2
        for batch in reader.frames(Span(middle, middle + 1)):
            return batch.images[:1].cpu()
    raise ClipReadError(f"{source} holds no picture; name a picture or a clip", path=source)


def _band(looks: tuple[Picture, ...], width: int) -> Picture:
    height = round(width * 9 / 16)
    return np.hstack([_fitted(look, width, height) for look in looks])


def _fitted(picture: Picture, width: int, height: int) -> Picture:
    """Cut the middle out of `picture` so that it fills width x height."""
    factor = max(width / picture.shape[1], height / picture.shape[0])
    size = (max(width, round(picture.shape[1] * factor)), max(height, round(picture.shape[0] * factor)))
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    big = cv2.resize(picture, size, interpolation=way)
    top, left = (big.shape[0] - height) // 2, (big.shape[1] - width) // 2
    return big[top : top + height, left : left + width].astype(np.uint8)
