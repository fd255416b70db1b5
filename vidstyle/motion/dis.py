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
EFFORT: dict[str, tuple[int, int, int, int]] = {
    "ultrafast": (4, 12, 0, 2),
    "fast": (4, 12, 3, 1),
    "balanced": (3, 12, 3, 1),
    "medium": (3, 25, 5, 1),
}
# The way back only has to tell which of two surfaces is in front. These presets look for it in half as large pictures,
# with the least effort, and take the exact vectors from the way there. Not at scale 1, though: who asks for that wants
# to know what small things uncover too, which a glance misses.
_GLANCES = {"fast", "balanced"}
_GLANCE = (4, 12, 0)


class DisFlow:
    """DIS in both directions on 8-bit luma at a chosen scale, with visibility from their consistency.

    Convention: flow comes at the size at which it was found. The finest level that is searched is the same one of the
    frame at any scale: scale 0.5 costs half of 1.0 and finds as much. Use one instance in one thread.
    """

    reads: Literal["luma", "rgb"] = "luma"
    identity: str | None = f"2, OpenCV {cv2.__version__}"  # 2: some presets look back by a glance

    def __init__(self, config: MotionConfig) -> None:
        self.config = config
        stride, descent, refinement, halvings = EFFORT[config.preset]
        finest = max(0, round(halvings + math.log2(config.scale)))
        self._search = InverseSearch(stride=stride, descent=descent, refinement=refinement, finest=finest)
        stride, descent, refinement = _GLANCE
        glance = InverseSearch(stride=stride, descent=descent, refinement=refinement, finest=finest + 1)
        self._glance = glance if config.preset in _GLANCES and config.scale < 1 else None

    def __call__(
        self,
        current: Float[Tensor, "n c h w"],
        previous: Float[Tensor, "n c h w"],
        numbers: Sequence[tuple[int, int]] | None = None,  # noqa: ARG002
    ) -> Flow:
        """Return the flow from each current frame to its previous one, on the frames' device."""
        scale, boundaries = self.config.scale, self.config.boundaries
        return search_both_ways(
            self._search, current, previous, scale=scale, boundaries=boundaries, glance=self._glance
        )
