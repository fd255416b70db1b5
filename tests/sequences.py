"""Makes image sequences with OpenCV and OpenEXR, which vidstyle does not write pictures with."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.clips import ClipRecipe, moving_texture
from vidstyle.frames import Span
from vidstyle.media import DecodeConfig, EncodeConfig
from vidstyle.media.kinds import open_reader, open_writer


def textures(count: int = 3, *, width: int = 64, height: int = 48, depth: type = np.uint8) -> np.ndarray:
    """(n, h, w, 3) RGB codes of moving texture; in 16 bits every code has low bits of its own."""
    frames = moving_texture(ClipRecipe(frames=count, width=width, height=height))
    if depth is np.uint8:
        return frames
    low = np.random.default_rng(1).integers(0, 256, frames.shape, np.uint16)
    return frames.astype(np.uint16) * 256 + low


def write_pictures(pattern: Path, frames: Iterable[np.ndarray], start: int = 1001) -> Path:
    """Write (h, w, c) RGB or RGBA codes to `pattern`, which has a %04d, and return it."""
    for number, frame in enumerate(frames, start=start):
        order = [2, 1, 0, 3][: frame.shape[2]]
        assert cv2.imwrite(str(pattern) % number, np.ascontiguousarray(frame[:, :, order]))
    return pattern


def read_picture(path: Path) -> np.ndarray:
    """A picture as (h, w, 3) RGB codes."""
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert found is not None
    return found[:, :, [2, 1, 0]]


def write_exrs(pattern: Path, frames: Iterable[np.ndarray], start: int = 1001, **header: Any) -> Path:
    """Write (h, w, 3) scene-linear RGB, half or float, or channels by name, with OpenEXR."""
    openexr = pytest.importorskip("OpenEXR")
    for number, frame in enumerate(frames, start=start):
        channels = dict(frame) if isinstance(frame, dict) else {"RGB": np.ascontiguousarray(frame)}
        openexr.File({"compression": openexr.ZIP_COMPRESSION, **header}, channels).write(str(pattern) % number)
    return pattern


def read_exr(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """An EXR's channels by name, and its header."""
    openexr = pytest.importorskip("OpenEXR")
    with openexr.File(str(path), separate_channels=True) as file:
        return {name: channel.pixels.copy() for name, channel in file.channels().items()}, dict(file.header())


def light(count: int = 3, *, width: int = 64, height: int = 48, depth: type = np.float16) -> np.ndarray:
    """(n, h, w, 3) scene-linear RGB, with values far above 1, below 0, and the smallest a half float has."""
    random = np.random.default_rng(2)
    frames = random.standard_normal((count, height, width, 3)) * 10.0 ** random.integers(-7, 4, (1, height, width, 1))
    return np.clip(frames, -60000, 60000).astype(depth)


def copy(
    source: Path, target: Path, *, span: Span | None = None, decode: Any = None, overwrite: bool = False, **encode: Any
):
    """Read `source` and write it again without any style between."""
    span = span or Span()
    config = DecodeConfig(batch=2, sequence=decode or {})
    with (
        open_reader(source, config if decode else DecodeConfig(batch=2)) as reader,
        open_writer(target, like=reader.info, config=EncodeConfig(**encode), overwrite=overwrite) as writer,
    ):
        tally = writer.write(reader.frames(span), reader.packets(span))
    return reader, writer, tally


def names(folder: Path) -> list[str]:
    """All that lies in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


FILM = Fraction(24000, 1001)
