"""The blend stage: each stylized frame is mixed with the stylized past, moved to where it is now."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from vidstyle.frames import FrameBatch
from vidstyle.motion import Flow, WarpMode, warp
from vidstyle.stages.batches import StyledBatch


class BlendConfig(BaseModel):
    """How much of the past stays, and how much of the style is mixed into the source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stability: float = Field(
        default=0.9, ge=0, le=1, description="share of the moved past where it can be trusted; 0: no blend at all"
    )
    strength: float = Field(default=1.0, ge=0, le=1, description="0: the source exactly, 1: the style alone")
    warp: WarpMode = Field(default="bicubic", description="how the past is resampled")
    photometric: float = Field(
        default=50.0,
        ge=0,
        description="how fast the past is given up where the moved source differs: exp(-k |difference|²), RGB 0 to 1",
    )


@dataclass(frozen=True, slots=True)
class BlendState:
    """Everything the recurrence remembers: the last source frame and the last output; None before the first frame."""

    source: Float[Tensor, "1 3 h w"]
    output: Float[Tensor, "1 3 h w"]


def blend(batches: Iterable[StyledBatch], config: BlendConfig | None = None) -> Iterator[FrameBatch]:
    """Blend a stream: out(t) = source + strength (blended - source), timestamps as they came.

    Convention: lazy, one batch in, one out; the result does not depend on how frames are divided into batches. At
    strength 0 the source batches pass through untouched; at stability 0 the generator's pictures do.
    """
    config = config or BlendConfig()
    state: BlendState | None = None
    for batch in batches:
        frames = batch.moving.frames
        if config.strength == 0:
            yield frames
            continue
        blended = torch.empty_like(batch.images)
        for index, restart in enumerate(batch.moving.restarts):
            now = slice(index, index + 1)
            flow = batch.moving.flow[now]
            state = blend_step(None if restart else state, frames.images[now], batch.images[now], flow, config)
            torch.lerp(frames.images[now], state.output, config.strength, out=blended[now])
        yield replace(frames, images=blended)
        if state is not None:
            # A view would keep the whole batch alive until the next one is through.
            state = replace(state, source=state.source.clone())


def blend_step(
    state: BlendState | None,
    source: Float[Tensor, "1 3 h w"],
    styled: Float[Tensor, "1 3 h w"],
    flow: Flow,
    config: BlendConfig,
) -> BlendState:
    """Blend one frame with the past: O = S + a (W(O') - S), a = stability * visibility * exp(-k |I - W(I')|²).

    Convention: I source, S stylized, O output, ' the frame before, W the warp along the flow. `state` None: there is
    no past, O = S. Nothing is changed in place.
    """
    if state is None or config.stability == 0:
        return BlendState(source, styled)
    past = warp(torch.cat((state.output, state.source), dim=1), flow.to_previous, config.warp)
    output, moved = past[:, :3], past[:, 3:]
    gap = (source - moved).square_().sum(1, keepdim=True)
    weight = gap.mul_(-config.photometric).exp_().mul_(flow.visibility).mul_(config.stability)
    return BlendState(source, (output - styled).mul_(weight).add_(styled))
