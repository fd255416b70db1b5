"""Flicker: what is left when a later frame of a clip is warped onto an earlier one."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.measure.composing import far_flow
from vidstyle.motion import Flow, FlowEstimator, warp


def error_map(
    earlier: Float[Tensor, "1 c h w"], later: Float[Tensor, "1 c h w"], flow: Flow
) -> Float[Tensor, "1 1 h w"]:
    """Give the squared difference of each pixel between a frame and a later one warped onto it, 0 where not visible.

    Convention: the mean over the channels; display-referred RGB 0 to 1. `flow` lives on the EARLIER frame, points to
    the later one and comes from the source clip, never from the result. The warp is bilinear.
    """
    difference = (earlier - warp(later, flow.to_previous, "bilinear")).square().mean(1, keepdim=True)
    return difference.mul_(_visible(flow))


def warp_error(earlier: Float[Tensor, "1 3 h w"], later: Float[Tensor, "1 3 h w"], flow: Flow) -> float | None:
    """Give the mean of `error_map` over the pixels that both frames show; None where there are none.

    Blur lowers this figure: never quote it without sharpness.

    Source: Lai et al. 2018, Learning Blind Video Temporal Consistency, equation 7, divided by the 3 channels.
    """
    return _mean(error_map(earlier, later, flow), flow)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two frames that were compared: of each clip the earlier one and the map of its errors, on the earlier frame.

    Convention: `flow` is the source's, on the earlier frame, to the later one.
    """

    earlier: tuple[Tensor, ...]
    maps: tuple[Tensor, ...]
    errors: tuple[float | None, ...]
    flow: Flow


@dataclass(slots=True)
class _Shown:
    """A frame of everything, and the flow to it from the last frame before it that is no flash, once it is known."""

    source: Tensor
    clips: tuple[Tensor, ...]
    step: Flow | None

    def kept(self) -> "_Shown":
        """Copy the pictures out of the batches that they are part of."""
        source = self.source.clone()
        return _Shown(source, tuple(source if clip is self.source else clip.clone() for clip in self.clips), self.step)


class WarpErrors:
    """Warp errors of several clips over one source, between frames `distance` apart.

    Convention: clips are compared over the same flow and the same visible pixels. Takes one frame of everything at a
    time and keeps `distance` of them; pairs with a cut in between or with a flash at either end do not count. Of those
    that do, every `every`th is taken. Flow between frames that are not neighbours follows the frames in between, but
    for flashes: see `far_flow`.

    Attributes:
        curve: one tuple per pair, oldest first, with the error of each clip; None where nothing could be compared.
    """

    def __init__(self, distance: int, estimator: FlowEstimator, every: int = 1) -> None:
        self.distance = distance
        self.curve: list[tuple[float | None, ...]] = []
        self._estimator = estimator
        self._every = every
        self._taken = 0
        self._past: deque[_Shown | None] = deque(maxlen=distance)

    def add(
        self,
        source: Float[Tensor, "1 3 h w"],
        *clips: Float[Tensor, "1 3 h w"],
        cut: bool = False,
        flash: bool = False,
        step: Flow | None = None,
    ) -> Pair | None:
        """Take the next frame of the source and of each clip; gives what was compared.

        Convention: `cut`: a new shot begins here; `flash`: this frame is lit by one. The source itself is measured
        only where it is one of `clips` too. `step`: the flow of the source from the frame before to this one, where
        somebody has estimated it already; estimated when it is needed otherwise.
        """
        if cut:
            self._past.clear()
        present = None if flash else _Shown(source, clips, step)
        earlier = self._past[0] if len(self._past) == self.distance else None
        pair = None
        if earlier is not None and present is not None:
            if self._taken % self._every == 0:
                pair = self._compare(earlier, present)
                self.curve.append(pair.errors)
            self._taken += 1
        self._past.append(present and present.kept())
        return pair

    def mean(self, clip: int) -> float | None:
        """Give the mean over all pairs for the clip of this number; None when no pair could be compared."""
        errors = [pair[clip] for pair in self.curve]
        known = [error for error in errors if error is not None]
        return sum(known) / len(known) if known else None

    def _compare(self, earlier: _Shown, present: _Shown) -> Pair:
        shown = [each for each in (*self._past, present) if each is not None]
        flow = far_flow(earlier.source, present.source, self._steps(shown), self._estimator)
        maps = tuple(error_map(then, now, flow) for then, now in zip(earlier.clips, present.clips, strict=True))
        return Pair(earlier.clips, maps, tuple(_mean(each, flow) for each in maps), flow)

    def _steps(self, shown: Sequence[_Shown]) -> list[Flow]:
        steps = []
        for before, after in pairwise(shown):
            if after.step is None:
                after.step = self._estimator(before.source, after.source)
            steps.append(after.step)
        return steps


def _visible(flow: Flow) -> Float[Tensor, "1 1 h w"]:
    return (flow.visibility > 0.5).float()  # noqa: PLR2004


def _mean(errors: Float[Tensor, "1 1 h w"], flow: Flow) -> float | None:
    area = float(_visible(flow).sum())
    return float(errors.sum(dtype=torch.float64)) / area if area else None
