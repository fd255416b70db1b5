"""The frames that flicker most, and where in them."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from vidstyle.measure.stills import Stills, draw_stills

_SHARES = (8, 4, 2)  # a window's side is the picture's short side divided by one of these
_SMALLEST = 8  # px


class Region(BaseModel):
    """A rectangle of a picture, in pixels from its top left corner."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    left: int
    top: int
    width: int
    height: int


class WorstFrame(BaseModel):
    """A frame whose result changed most against the frame before it, moved along."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int = Field(description="of the later of the two frames, in the source")
    error: float = Field(description="its E_warp: mean squared, RGB 0 to 1")
    region: Region = Field(description="where the error is densest, on the frame BEFORE: the error lives there")


@dataclass(frozen=True, slots=True)
class Moment:
    """Two neighbouring frames: those of every clip by its name, and the result's map of errors."""

    number: int
    error: float
    before: Mapping[str, Tensor]
    now: Mapping[str, Tensor]
    errors: Tensor


class WorstFrames:
    """Keeps the `count` worst frames; of their pictures, where these are wanted, only small JPEGs."""

    def __init__(self, count: int = 10, *, pictures: bool = False) -> None:
        self._count = count
        self._pictures = pictures
        self._heap: list[tuple[float, int, WorstFrame, Stills | None]] = []

    def add(self, moment: Moment) -> None:
        """Take the next moment; it stays if it is worse than the least bad one that is kept. No error is never bad."""
        full = len(self._heap) == self._count
        if moment.error <= 0 or not self._count or (full and moment.error <= self._heap[0][0]):
            return
        region = offending_region(moment.errors)
        box = (region.left, region.top, region.width, region.height)
        stills = draw_stills(moment.before, moment.now, moment.errors, box) if self._pictures else None
        frame = WorstFrame(number=moment.number, error=moment.error, region=region)
        entry = (moment.error, -moment.number, frame, stills)
        if full:
            heapq.heapreplace(self._heap, entry)
        else:
            heapq.heappush(self._heap, entry)

    @property
    def frames(self) -> tuple[WorstFrame, ...]:
        """The worst frame first."""
        return tuple(frame for _, _, frame, _ in self._sorted())

    @property
    def stills(self) -> tuple[Stills, ...]:
        """Their pictures in the same order; nothing where none were wanted."""
        return tuple(stills for _, _, _, stills in self._sorted() if stills is not None)

    def _sorted(self) -> list[tuple[float, int, WorstFrame, Stills | None]]:
        return sorted(self._heap, key=lambda entry: entry[:2], reverse=True)


def offending_region(errors: Float[Tensor, "1 1 h w"]) -> Region:
    """Give the window with the most error: of squares of three sizes that with the largest sum for its side.

    Convention: a sum over the side, the square root of the area, as in scan statistics: the largest window would
    always have the largest sum, the smallest one the largest mean.
    """
    plane = errors[0, 0].detach().cpu().numpy().astype(np.float64)
    height, width = plane.shape
    total = cv2.integral(plane, sdepth=cv2.CV_64F)
    sides = {min(max(min(height, width) // share, _SMALLEST), height, width) for share in _SHARES}
    candidates = [_densest(np.asarray(total), side) for side in sorted(sides)]
    _, left, top, side = max(candidates, key=lambda candidate: candidate[0])
    return Region(left=left, top=top, width=side, height=side)


def _densest(total: NDArray[np.float64], side: int) -> tuple[float, int, int, int]:
    sums = total[side:, side:] - total[:-side, side:] - total[side:, :-side] + total[:-side, :-side]
    top, left = np.unravel_index(int(np.argmax(sums)), sums.shape)
    return float(sums[top, left]) / side, int(left), int(top), side
