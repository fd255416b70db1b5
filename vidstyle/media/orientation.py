"""How a clip's pictures are turned and mirrored for display, and the way there and back."""

import struct
from dataclasses import dataclass
from typing import Any

from av import VideoFrame
from torch import Tensor

_ONE = 65536  # 1.0 in a display matrix, 16.16 fixed point
_TOLERANCE = 1e-3  # by which a matrix may miss a quarter turn; muxers round


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of the eight ways to show a picture upright.

    Convention: from the coded picture to the upright one: first rows and columns are exchanged if `transposed`, then
    columns are reversed if `flipped_x` and rows if `flipped_y`.
    """

    transposed: bool = False
    flipped_x: bool = False
    flipped_y: bool = False

    @classmethod
    def of(cls, matrix: tuple[int, ...]) -> "Orientation | None":
        """How a display matrix of FFmpeg turns and mirrors, whatever it scales; None where it does by other angles.

        Convention: nine numbers (a, b, u, c, d, v, x, y, w), by which (p, q) is shown at (ap + cq + x, bp + dq + y).
        """
        if not matrix:
            return cls()
        a, b, _, c, d = matrix[:5]
        if max(abs(b), abs(c)) <= _TOLERANCE * min(abs(a), abs(d)):
            return cls(False, a < 0, d < 0)
        if max(abs(a), abs(d)) <= _TOLERANCE * min(abs(b), abs(c)):
            return cls(True, c < 0, b < 0)
        return None

    def upright(self, pictures: Tensor) -> Tensor:
        """Coded pictures (..., h, w) as they are shown."""
        shown = pictures.transpose(-1, -2) if self.transposed else pictures
        return shown.flip(self._flips) if self._flips else shown

    def coded(self, pictures: Tensor) -> Tensor:
        """Upright pictures (..., h, w) as they are coded: `upright` back."""
        turned = pictures.flip(self._flips) if self._flips else pictures
        return turned.transpose(-1, -2) if self.transposed else turned

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of the upright picture, given those of the coded one; and the other way round."""
        return (width, height) if self.transposed else (height, width)

    @property
    def _flips(self) -> list[int]:
        return [axis for axis, flipped in ((-1, self.flipped_x), (-2, self.flipped_y)) if flipped]


def display_matrix(frame: VideoFrame) -> tuple[int, ...]:
    """The nine numbers of a frame's display matrix; empty where it has none."""
    try:
        matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:  # PyAV knows no name for another of its side data, as of multi-view HEVC
        return ()
    return struct.unpack("=9i", bytes(matrix)[:36]) if matrix is not None else ()


def pure(matrix: tuple[int, ...]) -> bool:
    """True where a display matrix does nothing but turn by quarters and mirror."""
    sizes = sorted(abs(matrix[n]) for n in (0, 1, 3, 4)) if matrix else [0, 0, _ONE, _ONE]
    return all(abs(size - one) <= _TOLERANCE * _ONE for size, one in zip(sizes, (0, 0, _ONE, _ONE), strict=True))
