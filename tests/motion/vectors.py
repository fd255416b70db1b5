"""Motion vectors written as other programs write them."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def write_flo(path: Path, vectors: Vectors) -> Path:
    """Middlebury's layout: PIEH, width, height, then x and y of each pixel, little-endian."""
    height, width = vectors.shape[:2]
    size = np.array([width, height], "<i4").tobytes()
    path.write_bytes(b"PIEH" + size + vectors.astype("<f4").tobytes())
    return path


def write_kitti(path: Path, vectors: Vectors, valid: NDArray[np.bool_]) -> Path:
    """KITTI's: 64 times the vector plus 2^15 in red and green, valid in blue."""
    coded = np.rint(vectors * 64 + 32768)
    bgr = np.stack((valid.astype(float), coded[..., 1], coded[..., 0]), axis=2)
    cv2.imwrite(str(path), bgr.astype(np.uint16))
    return path


def write_exr(path: Path, channels: dict[str, Vectors], **header: object) -> Path:
    """An OpenEXR file with these float channels."""
    import OpenEXR  # noqa: PLC0415  an extra; tests that write need it

    facts = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage, **header}
    OpenEXR.File(facts, {name: plane.astype(np.float32) for name, plane in channels.items()}).write(str(path))
    return path


def uniform(dx: float, dy: float, height: int = 12, width: int = 16) -> Vectors:
    return np.full((height, width, 2), (dx, dy), np.float32)
