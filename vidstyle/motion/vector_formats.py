"""Motion vectors from files: Middlebury's .flo, KITTI's 16-bit PNG and passes in OpenEXR, brought to one convention."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vidstyle.errors import ConfigError
from vidstyle.motion.exr import read_channels
from vidstyle.motion.vector_files import VectorConfig

Vectors = NDArray[np.float32]

_FLO_MAGIC = 202021.25  # its four bytes read PIEH
_FLO_UNKNOWN = 1e9
_HEADER = 12  # bytes
_KITTI_CHANNELS = 3


@dataclass(frozen=True, slots=True)
class VectorField:
    """The motion of one frame, as its file tells it.

    Convention: (h, w, 2) float32, pixels of the file's own picture, x to the right and y down; what is not known is
    NaN. `to_previous` points from this frame to where it was one frame earlier, `to_next` to where it will be.
    """

    to_previous: Vectors | None
    to_next: Vectors | None


def read_field(path: Path, config: VectorConfig) -> VectorField:
    """Read the vectors of one frame. Raises ConfigError where the file is damaged or holds something else."""
    if path.suffix.lower() == ".exr":
        return _exr(path, config)
    if config.convention not in ("auto", "plain"):
        raise _error(path, f"the convention {config.convention!r} is one of EXR files")
    readers: dict[str, Callable[[Path], Vectors]] = {".flo": read_flo, ".png": read_kitti}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise _error(path, "not a kind of file that is known; known are .exr, .flo and .png")
    return _plain(reader(path), config)


def read_flo(path: Path) -> Vectors:
    """Read Middlebury's .flo: (h, w, 2), pixels, y down; unknown is NaN.

    Source: Baker et al., A database and evaluation methodology for optical flow, 2011; vision.middlebury.edu/flow.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _error(path, str(error.strerror)) from error
    if len(content) < _HEADER or np.frombuffer(content, "<f4", 1)[0] != np.float32(_FLO_MAGIC):
        raise _error(path, "not a .flo file: it does not begin with PIEH")
    width, height = (int(side) for side in np.frombuffer(content, "<i4", 2, offset=4))
    if min(width, height) < 1 or len(content) != _HEADER + 8 * width * height:
        raise _error(path, f"{len(content)} bytes do not hold {width}x{height} vectors; cut short?")
    vectors = np.frombuffer(content, "<f4", offset=_HEADER).reshape(height, width, 2).astype(np.float32)
    known = (np.abs(vectors) < _FLO_UNKNOWN).all(2, keepdims=True)  # False for NaN too
    return np.where(known, vectors, np.float32(np.nan))


def read_kitti(path: Path) -> Vectors:
    """Read KITTI's 16-bit PNG: red and green are 64 times the vector plus 32768, blue is 0 where it is not known.

    Source: Geiger et al., KITTI flow development kit, 2012.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.dtype != np.uint16 or picture.ndim != _KITTI_CHANNELS:
        found = "nothing readable" if picture is None else f"{picture.dtype} of shape {picture.shape}"
        raise _error(path, f"{found}; expected a PNG with three channels of 16 bits, as KITTI has them")
    valid, v, u = (picture[..., channel].astype(np.float32) for channel in range(_KITTI_CHANNELS))
    vectors = (np.stack((u, v), axis=2) - np.float32(32768)) / np.float32(64)
    return np.where(valid[..., None] > 0, vectors, np.float32(np.nan)).astype(np.float32)


def _exr(path: Path, config: VectorConfig) -> VectorField:
    channels = read_channels(path, config)
    if channels.convention == "plain" and channels.previous is not None:
        return _plain(channels.previous, config)
    # Blender has now - next where the way to the next frame would be next - now; see vidstyle.motion.exr.
    turned = -1 if channels.convention == "blender" else 1
    return VectorField(_turned(channels.previous, 1, -1), _turned(channels.following, turned, -turned))


def _plain(vectors: Vectors, config: VectorConfig) -> VectorField:
    if config.unit == "frame":
        height, width = vectors.shape[:2]
        vectors = vectors * np.asarray((width, height), np.float32)
    ready = _turned(vectors, 1, -1 if config.y == "up" else 1)
    return VectorField(ready, None) if config.direction == "to-previous" else VectorField(None, ready)


def _turned(vectors: Vectors | None, x: int, y: int) -> Vectors | None:
    return None if vectors is None else vectors * np.asarray((x, y), np.float32)


def _error(path: Path, reason: str) -> ConfigError:
    return ConfigError(f"motion vectors {path}: {reason}", key="motion.vectors")
