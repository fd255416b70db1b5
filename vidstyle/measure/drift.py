"""Long-term drift: whether a result's brightness and colour wander off over a shot."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from vidstyle.motion import luma

_SHORTEST = 10  # frames: a shot below this has no beginning and end to compare
_CODES, _SPAN = 255.0, 100.0  # codes of full scale; frames that a slope is given for
_CHANNELS = 4


class _Figures(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColourShift(_Figures):
    """A difference of mean luma and mean colour, in codes of 255; positive is brighter."""

    luma: float
    red: float
    green: float
    blue: float

    @property
    def largest(self) -> float:
        """The largest of the four, without its sign."""
        return max(abs(self.luma), abs(self.red), abs(self.green), abs(self.blue))


class ShotDrift(_Figures):
    """How a result's mean luma and colour move against the baseline's within one shot."""

    start: int = Field(description="number of the shot's first frame")
    stop: int = Field(description="number of the first frame after it")
    slope: ColourShift = Field(description="codes of 255 per 100 frames, robust against outliers")
    change: ColourShift = Field(description="codes of 255: the mean of the last second less that of the first")


class DriftFigures(_Figures):
    """Drift of every shot that is long enough, 10 frames, to have any."""

    against: Literal["reference", "source"]
    shots: tuple[ShotDrift, ...]

    @property
    def worst(self) -> ShotDrift | None:
        """The shot with the largest change; None where no shot is long enough."""
        return max(self.shots, key=lambda shot: shot.change.largest, default=None)


class Drift:
    """Follows the difference of the means of a result and a baseline; keeps four numbers a frame, no pictures."""

    def __init__(self, first: int = 0) -> None:
        self._first = first
        self._offsets: list[tuple[float, ...]] = []
        self._times: list[float] = []
        self._starts: list[int] = [0]

    def add(
        self,
        result: Float[Tensor, "1 3 h w"],
        baseline: Float[Tensor, "1 3 h w"],
        *,
        seconds: float,
        cut: bool = False,
    ) -> ColourShift:
        """Take the next frames, shown at `seconds`; `cut`: a new shot begins here. Gives how far apart they are."""
        if cut and self._offsets:
            self._starts.append(len(self._offsets))
        self._times.append(seconds)
        self._offsets.append(_means(result, baseline))
        return _shift(self._offsets[-1])

    def figures(self, against: Literal["reference", "source"]) -> DriftFigures:
        """Give the drift of every shot so far."""
        offsets = np.array(self._offsets, dtype=np.float64).reshape(-1, _CHANNELS)
        bounds = pairwise([*self._starts, len(self._offsets)])
        shots = [self._shot(offsets, start, stop) for start, stop in bounds if stop - start >= _SHORTEST]
        return DriftFigures(against=against, shots=tuple(shots))

    def _shot(self, offsets: NDArray[np.float64], start: int, stop: int) -> ShotDrift:
        part, times = offsets[start:stop], np.array(self._times[start:stop])
        head = min(max(int(np.sum(times < times[0] + 1)), 1), len(part) // 2)
        tail = min(max(int(np.sum(times > times[-1] - 1)), 1), len(part) // 2)
        return ShotDrift(
            start=self._first + start,
            stop=self._first + stop,
            slope=_shift([_SPAN * robust_slope(channel) for channel in part.T]),
            change=_shift(part[-tail:].mean(0) - part[:head].mean(0)),
        )


def robust_slope(values: NDArray[np.float64]) -> float:
    """Give the slope per step of equally spaced values, which a quarter of wild ones can't turn.

    Source: Theil 1950, A rank-invariant method of linear and polynomial regression analysis, the incomplete method:
    the median of the slopes between each value of the first half and its partner in the second.
    """
    half = (len(values) + 1) // 2
    rises = values[half:] - values[: len(values) - half]
    return float(np.median(rises) / half) if len(rises) else 0.0


def _means(result: Tensor, baseline: Tensor) -> tuple[float, ...]:
    ours, theirs = (images.clamp(0, 1).mean(dim=(0, 2, 3), dtype=torch.float64) for images in (result, baseline))
    rgb = _CODES * (ours - theirs)
    return (float(luma(rgb[None, :, None, None])), *rgb.tolist())


def _shift(values: Sequence[float] | NDArray[np.float64]) -> ColourShift:
    bright, red, green, blue = (float(value) for value in values)
    return ColourShift(luma=bright, red=red, green=green, blue=blue)
