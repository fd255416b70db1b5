"""Dense inverse search as a flow estimator: both ways, at a chosen scale."""

import math
from collections.abc import Sequence
from typing import Literal

import cv2
from jaxtyping import Float
from torch import Tensor

from vidstyle.motion.flow import Flow, MotionConfig
from vidstyle.motion.planes import search_both_ways
from vidstyle.motion.search import InverseSearch

# (patch stride in px, iterations of gradient descent, of variational refinement, halvings of the frame to stop at)
_EFFORT: dict[str, tuple[int, int, int, int]] = {
    "ultrafast": (4, 12, 0, 2),
    "fast": (4, 12, 3, 1),
    "medium": (3, 25, 5, 1),
}


class DisFlow:
    """DIS in both directions on 8-bit luma at a chosen scale, with visibility from their consistency.

    Convention: flow comes at the size at which it was found. The finest level that is searched is the same one of the
    frame at any scale: scale 0.5 costs half of 1.0 and finds as much. Use one instance in one thread.
    """

    reads: Literal["luma", "rgb"] = "luma"
    identity: str | None = f"OpenCV {cv2.__version__}"

    def __init__(self, config: MotionConfig) -> None:
        self.config = config
        stride, descent, refinement, halvings = _EFFORT[config.preset]
        finest = max(0, round(halvings + math.log2(config.scale)))
        self._search = InverseSearch(stride=stride, descent=descent, refinement=refinement, finest=finest)

    def __call__(
        self,
        current: Float[Tensor, "n c h w"],
        previous: Float[Tensor, "n c h w"],
        numbers: Sequence[tuple[int, int]] | None = None,  # noqa: ARG002
    ) -> Flow:
        """Return the flow from each current frame to its previous one, on the frames' device."""
        scale, boundaries = self.config.scale, self.config.boundaries
        return search_both_ways(self._search, current, previous, scale=scale, boundaries=boundaries)
