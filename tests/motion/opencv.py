"""OpenCV's dense inverse search, both ways: what ours is measured against."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor

from vidstyle.motion import Flow, MotionConfig
from vidstyle.motion.inverse import followed
from vidstyle.motion.luma import luma
from vidstyle.motion.neighbourhood import sized
from vidstyle.motion.search import InverseSearch
from vidstyle.motion.sizes import reduced, resized
from vidstyle.motion.visibility import consistency

_EFFORT = {"ultrafast": (4, 12, 0, 2), "fast": (4, 12, 3, 1), "balanced": (3, 12, 3, 1), "medium": (3, 25, 5, 1)}


class OpenCvDis:
    """OpenCV's with the presets of `dis`, at scale 0.5 or 1, with its glance back where `dis` has one."""

    reads: Literal["luma", "rgb"] = "luma"
    identity: str | None = None

    def __init__(self, config: MotionConfig) -> None:
        stride, descent, refinement, halvings = _EFFORT[config.preset]
        finest = halvings - (1 if config.scale < 1 else 0)
        self._scale = config.scale
        self._search = InverseSearch(stride=stride, descent=descent, refinement=refinement, finest=finest)
        self._glance = InverseSearch(stride=4, descent=12, refinement=0, finest=finest + 1)
        self._glances = config.preset in {"fast", "balanced"} and config.scale < 1

    def __call__(self, current: Tensor, previous: Tensor, numbers: Sequence[tuple[int, int]] | None = None) -> Flow:
        height, width = current.shape[-2:]
        size = reduced(height, width, self._scale)
        now, before = ((sized(luma(each), *size)[0, 0] * 255).round().byte().numpy() for each in (current, previous))
        there = self._search(now, before)
        back = followed(there, self._glance(before, now)) if self._glances else self._search(before, now)
        return resized(Flow(there, consistency(there, back, boundaries=False)), height, width)
