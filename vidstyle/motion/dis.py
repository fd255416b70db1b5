"""Dense inverse search as a flow estimator: both ways, at a chosen scale, on the frames' own device."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import cv2
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from vidstyle.motion.flow import Flow, MotionConfig
from vidstyle.motion.inverse import followed
from vidstyle.motion.luma import luma
from vidstyle.motion.neighbourhood import sized
from vidstyle.motion.patches import search_patches
from vidstyle.motion.refinement import SMOOTHNESS, refined
from vidstyle.motion.search import SMALLEST_SIDE, coarsest_level
from vidstyle.motion.sizes import memory_for, reduced
from vidstyle.motion.visibility import consistency


class _Effort(NamedTuple):
    stride: int  # px between patches
    descent: int  # steps of a patch
    refinement: int  # iterations of it
    halvings: int  # of the frame, at which the search ends


_EFFORT = {
    "ultrafast": _Effort(4, 12, 0, 2),
    "fast": _Effort(4, 12, 3, 1),
    "balanced": _Effort(3, 12, 5, 1),
    "medium": _Effort(3, 25, 8, 1),
}
# The way back only has to tell which of two surfaces is in front. These presets look for it in half as large pictures,
# with the least effort, and take the exact vectors from the way there. Not at scale 1, though: who asks for that wants
# to know what small things uncover too, which a glance misses.
_GLANCES = {"fast", "balanced"}
_GLANCE = _Effort(4, 12, 0, 2)
_COARSE = SMOOTHNESS / 2  # before the last level, so that what is small and moves far is not lost
_WORKSPACE = 2 * 2**30  # bytes that pairs estimated at once may take, where that is not the CPU
_EACH = 640  # bytes a pixel of what is looked at, both ways; counted, not measured on a GPU


class DisFlow:
    """DIS in both directions on luma at a chosen scale, with visibility from their consistency.

    Convention: flow comes at the size at which it was found. The finest level that is searched is the same one of the
    frame at any scale: scale 0.5 costs half of 1.0 and finds as much. Still pictures don't move at all. On the CPU
    compiled loops search, and pairs go one by one; elsewhere torch does, with as many together as 2 GiB hold. Never
    run on a GPU so far.

    Source: Kroeger, Timofte, Dai and Van Gool, Fast optical flow using dense inverse search, 2016.

    Raises:
        OutOfMemoryError: at this scale the pictures are too large for the device.
    """

    reads: Literal["luma", "rgb"] = "luma"
    identity: str | None = f"3, OpenCV {cv2.__version__}"  # which reduces and enlarges

    def __init__(self, config: MotionConfig) -> None:
        self.config = config
        self._effort = _EFFORT[config.preset]
        self._glances = config.preset in _GLANCES and config.scale < 1

    @torch.no_grad()
    def __call__(
        self,
        current: Float[Tensor, "n c h w"],
        previous: Float[Tensor, "n c h w"],
        numbers: Sequence[tuple[int, int]] | None = None,  # noqa: ARG002
    ) -> Flow:
        """Return the flow from each current frame to its previous one, on the frames' device."""
        height, width = current.shape[-2:]
        if min(height, width) < SMALLEST_SIDE:
            return Flow.unknown(len(current), height, width, current.device)
        size = reduced(height, width, self.config.scale, SMALLEST_SIDE)
        together = 1 if current.device.type == "cpu" else max(1, _WORKSPACE // (_EACH * size[0] * size[1]))
        with memory_for(self.config.estimator, size, current.device):
            parts = [
                self._both_ways(_planes(now, size), _planes(before, size))
                for now, before in zip(torch.split(current, together), torch.split(previous, together), strict=True)
            ]
        return Flow.joined(parts)

    def _both_ways(self, now: Tensor, before: Tensor) -> Flow:
        height, width = now.shape[-2:]
        there, back = _levels(now), _levels(before)
        if self._glances:
            to_previous = self._search(there, back, self._effort, (height, width))
            to_current = followed(to_previous, self._search(back, there, _GLANCE, (height, width)))
        else:
            first, second = (
                [torch.cat(pair) for pair in zip(a, b, strict=True)] for a, b in ((there, back), (back, there))
            )
            to_previous, to_current = self._search(first, second, self._effort, (height, width)).chunk(2)
        return Flow(to_previous, consistency(to_previous, to_current, boundaries=self.config.boundaries))

    def _search(
        self, current: list[Tensor], previous: list[Tensor], effort: _Effort, size: tuple[int, int]
    ) -> Float[Tensor, "n 2 h w"]:
        """Go from the coarsest level to the finest that the effort reaches, and give the flow at `size`."""
        flow = torch.zeros_like(current[-1]).expand(-1, 2, -1, -1)
        finest = min(max(0, round(effort.halvings + math.log2(self.config.scale))), len(current) - 1)
        for now, before in reversed([*zip(current, previous, strict=True)][finest:]):
            flow = _enlarged(flow, now.shape[-1] // flow.shape[-1])
            flow = search_patches(now, before, flow, stride=effort.stride, descent=effort.descent)
            smoothness = SMOOTHNESS if now is current[finest] else _COARSE
            flow = refined(now, before, flow, effort.refinement, smoothness)
        return _enlarged(flow, 2**finest)[..., : size[0], : size[1]].contiguous()


def _planes(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Give luma in codes of 255, whose steps the weights of the search are made for."""
    planes = sized(luma(images).float(), *size).nan_to_num(0.0)  # a smooth flow would carry it everywhere
    return planes.clamp(0, 1).mul_(255)


def _levels(planes: Tensor) -> list[Tensor]:
    """Give pictures and ever coarser ones; sides are filled up, so that levels lie exactly on each other."""
    height, width = planes.shape[-2:]
    coarsest = coarsest_level(height, width)
    levels = [pad(planes, (0, -width % 2**coarsest, 0, -height % 2**coarsest), mode="replicate")]
    for _ in range(coarsest):
        levels.append(sized(levels[-1], *(side // 2 for side in levels[-1].shape[-2:])))
    return levels


def _enlarged(flow: Tensor, times: int) -> Tensor:
    if times == 1:
        return flow
    height, width = flow.shape[-2:]
    return sized(flow, times * height, times * width).mul_(times)
