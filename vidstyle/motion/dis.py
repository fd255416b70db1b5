"""Dense inverse search as a flow estimator: both ways, at a chosen scale."""

import math
from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from vidstyle.motion.flow import Flow, MotionConfig
from vidstyle.motion.luma import luma
from vidstyle.motion.search import SMALLEST_SIDE, InverseSearch
from vidstyle.motion.visibility import consistency

# (patch stride in px, iterations of gradient descent, of variational refinement, halvings of the frame to stop at)
_EFFORT: dict[str, tuple[int, int, int, int]] = {
    "ultrafast": (4, 12, 0, 2),
    "fast": (4, 12, 3, 1),
    "medium": (3, 25, 5, 1),
}


class DisFlow:
    """DIS in both directions on 8-bit luma at a chosen scale, with visibility from their consistency.

    Convention: at scale s the pictures are reduced by area averaging to (round(s w), round(s h)) pixels; flow is
    brought back bilinearly and multiplied by the two sides' own ratios, so odd sizes stay exact. The finest level
    that is searched is the same one of the frame at any scale: scale 0.5 costs half of 1.0 and finds as much. Frames
    below 16 px on a side have no known motion. Use one instance in one thread.
    """

    reads: Literal["luma", "rgb"] = "luma"

    def __init__(self, config: MotionConfig) -> None:
        self.config = config
        stride, descent, refinement, halvings = _EFFORT[config.preset]
        finest = max(0, round(halvings + math.log2(config.scale)))
        self._search = InverseSearch(stride=stride, descent=descent, refinement=refinement, finest=finest)

    def __call__(
        self,
        current: Float[Tensor, "n c h w"],
        previous: Float[Tensor, "n c h w"],
        numbers: Sequence[int] | None = None,  # noqa: ARG002
    ) -> Flow:
        """Return the flow from each current frame to its previous one, on the frames' device."""
        height, width = current.shape[-2:]
        if min(height, width) < SMALLEST_SIDE:
            return Flow.unknown(len(current), height, width, current.device)
        pairs = [
            (self._search(now, before), self._search(before, now))
            for now, before in zip(self._reduced(current), self._reduced(previous), strict=True)
        ]
        to_previous, to_current = (torch.cat(flows) for flows in zip(*pairs, strict=True))
        visibility = consistency(to_previous, to_current, boundaries=self.config.boundaries)
        return _resize(Flow(to_previous, visibility), height, width).to(current.device)

    def _reduced(self, images: Float[Tensor, "n c h w"]) -> list[NDArray[np.uint8]]:
        planes = luma(images)[:, 0].detach().cpu().numpy()
        height, width = (max(round(side * self.config.scale), SMALLEST_SIDE) for side in planes.shape[1:])
        return [_eight_bits(cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)) for plane in planes]


def _eight_bits(plane: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.asarray(cv2.convertScaleAbs(np.maximum(plane, 0), alpha=255.0), dtype=np.uint8)


def _resize(flow: Flow, height: int, width: int) -> Flow:
    h, w = flow.to_previous.shape[-2:]
    if (h, w) == (height, width):
        return flow
    ratio = torch.tensor([width / w, height / h])[:, None, None]
    size = (height, width)
    to_previous = interpolate(flow.to_previous, size=size, mode="bilinear", align_corners=False) * ratio
    return Flow(to_previous, interpolate(flow.visibility, size=size, mode="bilinear", align_corners=False))
