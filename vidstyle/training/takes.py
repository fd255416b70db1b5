"""Parts of one shot over some frames, as a style draws them alone and as the blend makes them hold still."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

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
    """One window of some consecutive frames, RGB 0 … 1.

    Convention: `alone` is what the style makes of each frame, `still` the same after a blend in two passes; `flow`
    leads from each frame to the one before, and sees nothing where there is none.
    """

    frames: Float[Tensor, "t 3 h w"]
    alone: Float[Tensor, "t 3 h w"]
    still: Float[Tensor, "t 3 h w"]
    flow: Flow

    def __len__(self) -> int:
        return len(self.frames)


def take(style: Style, frames: list[FrameBatch], *, size: int, length: int, rng: np.random.Generator) -> Take:
    """Cut a window at random out of `frames`, batches of one, and let the style draw it."""
    height, width = frames[0].images.shape[-2:]
    start = int(rng.integers(max(len(frames) - length, 0) + 1))
    top, left = int(rng.integers(max(height - size, 0) + 1)), int(rng.integers(max(width - size, 0) + 1))
    window = [
        FrameBatch(batch.images[..., top : top + size, left : left + size].contiguous(), (number,), Fraction(1, 25))
        for number, batch in enumerate(frames[start : start + length])
    ]
    moving = list(estimate_motion(window, _MOTION))
    styled = list(stylize(moving, style, StylizeConfig()))
    flows = [batch.moving.flow for batch in styled]
    return Take(
        torch.cat([batch.images for batch in window]),
        torch.cat([batch.images for batch in styled]),
        torch.cat([batch.images for batch in _held_still(styled, style)]),
        Flow(torch.cat([flow.to_previous for flow in flows]), torch.cat([flow.visibility for flow in flows])),
    )


def _held_still(styled: list[StyledBatch], style: Style) -> Iterator[FrameBatch]:
    config = BlendConfig(stability=style.card.stability, passes=2)
    with Spool() as spool:
        yield from blend(settle(iter(styled), config, build_estimator(_MOTION), spool), config)
