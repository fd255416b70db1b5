"""The nouns that flow through the river: spans of frames, and batches of consecutive frames."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float, UInt
from numpy.typing import NDArray
from torch import Tensor

from vidstyle.errors import ConfigError

Bitmap = NDArray[np.uint8]
"""A picture to look at: RGB bytes, (h, w, 3)."""


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of frame numbers, start <= frame < stop.

    Convention: frame 0 is the first frame that the decoder gives in presentation order; `stop` None means to the end.
    """

    start: int = 0
    stop: int | None = None

    def __post_init__(self) -> None:
        if self.start < 0 or (self.stop is not None and self.stop <= self.start):
            raise ConfigError(f"frames {self} holds no frame; write A-B with 0 <= A < B (B not included)", key="frames")

    def __str__(self) -> str:
        return f"{self.start}-{'' if self.stop is None else self.stop}"

    @classmethod
    def parse(cls, text: str) -> "Span":
        """Read `A-B`, `A-` or `-B` as a half-open range of frame numbers. Raises ConfigError on anything else."""
        start, dash, stop = text.strip().partition("-")
        # isdecimal alone admits other scripts' digits, which int() reads but nobody means here.
        if dash != "-" or not (start + stop).isascii() or any(part and not part.isdecimal() for part in (start, stop)):
            raise ConfigError(f"--frames {text!r} is not a range; write A-B with B not included: 0-100", key="frames")
        return cls(int(start or 0), int(stop) if stop else None)

    def holds(self, other: "Span") -> bool:
        """True where every frame of `other` is in this span."""
        ends = self.stop is None or (other.stop is not None and other.stop <= self.stop)
        return self.start <= other.start and ends

    @property
    def whole(self) -> bool:
        """True where the span is the whole clip."""
        return self.start == 0 and self.stop is None


@dataclass(frozen=True, slots=True)
class FrameBatch:
    """N consecutive frames of one shot.

    Convention:
        images     RGB, display-referred (the clip's own transfer), 0.0 = reference black, 1.0 = reference white,
                   float32 on the render device; not clamped: super-whites and super-blacks pass through.
        pts        presentation times in ticks, strictly increasing.
        time_base  seconds per tick, exact.
        alpha      opacity as the clip's own integer codes, untouched, 0 = transparent and all bits = opaque, in main
                   memory; None where the clip has none. Stages hand it on.
    """

    images: Float[Tensor, "n 3 h w"]
    pts: tuple[int, ...]
    time_base: Fraction
    alpha: UInt[Tensor, "n h w"] | None = None

    def __post_init__(self) -> None:
        if len(self.pts) != self.images.shape[0]:
            raise ValueError(f"{self.images.shape[0]} images but {len(self.pts)} timestamps")
        if any(later <= earlier for earlier, later in zip(self.pts, self.pts[1:], strict=False)):
            raise ValueError(f"timestamps are not strictly increasing: {self.pts}")

    def __len__(self) -> int:
        return len(self.pts)

    def __repr__(self) -> str:
        return f"FrameBatch(images={tuple(self.images.shape)}, pts={self.pts}, time_base={self.time_base})"


def bitmap(image: Float[Tensor, "3 h w"]) -> Bitmap:
    """Give a frame, 0 … 1, as a picture to look at: clamped and rounded to 8 bits, in main memory."""
    codes = (image.clamp(0, 1) * 255).round().byte().permute(1, 2, 0)
    return np.ascontiguousarray(codes.cpu().numpy())
