"""Flicker: what is left when a later frame of a clip is warped onto an earlier one."""

from collections import deque

import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.motion import CutDetector, Flow, FlowEstimator, thumbnail, warp
from vidstyle.motion.cuts import Thumbnail


def warp_error(earlier: Float[Tensor, "1 3 h w"], later: Float[Tensor, "1 3 h w"], flow: Flow) -> float | None:
    """Give the mean squared difference between a frame and a later one warped onto it, where both show the same.

    Convention: display-referred RGB 0 to 1, per channel. `flow` lives on the EARLIER frame, points to the later one
    and comes from the source clip, never from the result. The warp is bilinear. None where nothing is visible in both.
    Blur lowers this figure: never quote it without sharpness.

    Source: Lai et al. 2018, Learning Blind Video Temporal Consistency, equation 7, divided by the 3 channels.
    """
    visible = (flow.visibility > 0.5).float()  # noqa: PLR2004
    area = float(visible.sum())
    if area == 0:
        return None
    difference = (earlier - warp(later, flow.to_previous, "bilinear")).square().mul_(visible)
    return float(difference.sum(dtype=torch.float64)) / (area * earlier.shape[1])


class WarpErrors:
    """Warp errors of several clips over one source, between frames `distance` apart.

    Convention: clips are compared over the same flow and the same visible pixels. Takes one frame of everything at a
    time and keeps `distance` of them; pairs with a cut in between do not count.

    Attributes:
        curve: one tuple per pair, oldest first, with the error of each clip; None where nothing could be compared.
    """

    def __init__(self, distance: int, estimator: FlowEstimator, detector: CutDetector) -> None:
        self.distance = distance
        self.curve: list[tuple[float | None, ...]] = []
        self._estimator = estimator
        self._detector = detector
        self._past: deque[tuple[Tensor, ...]] = deque(maxlen=distance)
        self._shown: Thumbnail | None = None

    def add(self, source: Float[Tensor, "1 3 h w"], *clips: Float[Tensor, "1 3 h w"]) -> None:
        """Take the next frame of the source and of each clip."""
        shown = thumbnail(source[0])
        if self._shown is not None and self._detector.differ(self._shown, shown):
            self._past.clear()
        self._shown = shown
        if len(self._past) == self.distance:
            earlier_source, *earlier = self._past[0]
            flow = self._estimator(earlier_source, source)
            self.curve.append(tuple(warp_error(then, now, flow) for then, now in zip(earlier, clips, strict=True)))
        self._past.append(tuple(frame.clone() for frame in (source, *clips)))

    def mean(self, clip: int) -> float | None:
        """Give the mean over all pairs for the clip of this number; None when no pair could be compared."""
        errors = [pair[clip] for pair in self.curve]
        known = [error for error in errors if error is not None]
        return sum(known) / len(known) if known else None
