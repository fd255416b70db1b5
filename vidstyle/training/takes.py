"""Some frames of a shot, as a style draws them alone and as the blend makes them hold still."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.frames import FrameBatch
from vidstyle.motion import Flow, MotionConfig, build_estimator
from vidstyle.networks import Style
from vidstyle.stages.batches import StyledBatch
from vidstyle.stages.blend import BlendConfig, blend
from vidstyle.stages.motion import estimate_motion
from vidstyle.stages.settle import settle
from vidstyle.stages.spool import Spool
from vidstyle.stages.stylize import StylizeConfig, stylize

_MOTION = MotionConfig(scale=1.0)


@dataclass(frozen=True, slots=True)
class Take:
    """Consecutive frames, RGB 0 … 1.

    Convention: `alone` is what the style makes of each frame, `still` the same after a blend in two passes; `flow`
    leads from each frame to the one before, and sees nothing where there is none.
    """

    frames: Float[Tensor, "t 3 h w"]
    alone: Float[Tensor, "t 3 h w"]
    still: Float[Tensor, "t 3 h w"]
    flow: Flow

    def __len__(self) -> int:
        return len(self.frames)

    def window(self, now: int, size: int, rng: np.random.Generator) -> "Take":
        """Cut a square of `size` px out of frame `now` and the one before it, at random; all of a smaller picture."""
        height, width = self.frames.shape[-2:]
        top, left = int(rng.integers(max(height - size, 0) + 1)), int(rng.integers(max(width - size, 0) + 1))
        inside = (slice(now - 1, now + 1), slice(None), slice(top, top + size), slice(left, left + size))
        flow = Flow(self.flow.to_previous[inside], self.flow.visibility[inside])
        return Take(self.frames[inside], self.alone[inside], self.still[inside], flow)


def take(style: Style, frames: list[FrameBatch]) -> Take:
    """Let the style draw `frames`, batches of one, alone and blended."""
    styled = list(stylize(estimate_motion(frames, _MOTION), style, StylizeConfig()))
    return Take(
        torch.cat([batch.images for batch in frames]),
        torch.cat([batch.images for batch in styled]),
        torch.cat([batch.images for batch in _held_still(styled, style)]),
        Flow.joined([batch.moving.flow for batch in styled]),
    )


def _held_still(styled: list[StyledBatch], style: Style) -> Iterator[FrameBatch]:
    config = BlendConfig(stability=style.card.stability, passes=2)
    with Spool() as spool:
        yield from blend(settle(iter(styled), config, build_estimator(_MOTION), spool), config)
