"""Dense inverse search in torch as a flow estimator: batched, both ways at once, on the frames' own device."""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, pad

from vidstyle.devices import all_cores
from vidstyle.motion.dis import EFFORT
from vidstyle.motion.flow import Flow, MotionConfig
from vidstyle.motion.luma import luma
from vidstyle.motion.patches import search_patches
from vidstyle.motion.refinement import refined
from vidstyle.motion.search import SMALLEST_SIDE, coarsest_level
from vidstyle.motion.sizes import memory_for, reduced
from vidstyle.motion.visibility import consistency

_WORKSPACE = 2 * 2**30  # bytes that pairs estimated at once may take, where that is not the CPU
_EACH = 640  # bytes a pixel of what is looked at, both ways; counted, not measured on a GPU


class TorchDisFlow:
    """DIS as `DisFlow` does it, with the same presets, in plain batched torch: for a GPU, where luma need not leave it.

    Convention: flow comes at the size at which it was found. On the CPU pairs go one by one, so that they don't depend
    on each other to the last bit; elsewhere as many together as 2 GiB hold. Still pictures don't move at all. On the
    CPU it is several times slower than OpenCV's. Never run on a GPU so far.

    Source: Kroeger, Timofte, Dai and Van Gool, Fast optical flow using dense inverse search, 2016.

    Raises:
        OutOfMemoryError: at this scale the pictures are too large for the device.
    """

    reads: Literal["luma", "rgb"] = "luma"
    identity: str | None = "1"

    def __init__(self, config: MotionConfig) -> None:
        self.config = config
        self._stride, self._descent, self._refinement, halvings = EFFORT[config.preset]
        self._finest = max(0, round(halvings + math.log2(config.scale)))

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
        with all_cores(), memory_for(self.config.estimator, size, current.device):
            parts = [
                self._both_ways(_planes(now, size), _planes(before, size))
                for now, before in zip(torch.split(current, together), torch.split(previous, together), strict=True)
            ]
        return Flow.joined(parts)

    def _both_ways(self, now: Tensor, before: Tensor) -> Flow:
        found = self._search(torch.cat((now, before)), torch.cat((before, now)))
        to_previous, to_current = (flow.contiguous() for flow in found.chunk(2))
        return Flow(to_previous, consistency(to_previous, to_current, boundaries=self.config.boundaries))

    def _search(self, current: Tensor, previous: Tensor) -> Tensor:
        """Go from the coarsest level to the finest; sides are filled up, so that levels lie exactly on each other."""
        height, width = current.shape[-2:]
        coarsest = coarsest_level(height, width)
        finest = min(self._finest, coarsest)
        fill = (0, -width % 2**coarsest, 0, -height % 2**coarsest)
        levels = [(pad(current, fill, mode="replicate"), pad(previous, fill, mode="replicate"))]
        for _ in range(coarsest):
            now, before = levels[-1]
            levels.append((avg_pool2d(now, 2), avg_pool2d(before, 2)))
        flow = torch.zeros_like(levels[-1][0]).expand(-1, 2, -1, -1)
        for level in range(coarsest, finest - 1, -1):
            now, before = levels[level]
            flow = _enlarged(flow, now.shape[-1] // flow.shape[-1])
            flow = search_patches(now, before, flow, stride=self._stride, descent=self._descent)
            flow = refined(now, before, flow, self._refinement)
        return _enlarged(flow, 2**finest)[..., :height, :width]


def _planes(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Give luma in codes of 255, whose steps the weights of the search are made for."""
    planes = luma(images).float().clamp(0, 1) * 255
    if planes.shape[-2:] == size:
        return planes
    return interpolate(planes, size=size, mode="bilinear", antialias=True, align_corners=False)


def _enlarged(flow: Tensor, times: int) -> Tensor:
    if times == 1:
        return flow
    return interpolate(flow, scale_factor=times, mode="bilinear", align_corners=False) * times
