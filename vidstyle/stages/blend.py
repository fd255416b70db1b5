"""The blend stage: each stylized frame is mixed with the stylized past, moved to where it is now."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from vidstyle.frames import FrameBatch
from vidstyle.motion import Flow, WarpMode, warp
from vidstyle.motion.neighbourhood import highest, lowest, smooth
from vidstyle.stages.batches import BlendedBatch, StyledBatch

_DETAIL = 1.0  # px, sigma: finer than this is detail
_NEIGHBOURHOOD = 1.5  # px, sigma: over which its energy is compared
_EDGE = 0.1  # share of the plain difference that still counts where the range forgives
_RANGE = 3  # px: the new picture's range is taken this far around each pixel
_FLAT = 1e-5  # energy below which there is no detail to speak of: about one code of 255 in each channel


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
        description="k: how fast the past is given up where the moved source differs by d, exp(-k |d|²), RGB 0 to 1",
    )
    tolerance: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="how far the past may lie outside the range of the new picture around it, RGB 0 to 1; 1: anywhere",
    )
    detail: float = Field(
        default=1.25,
        ge=1,
        le=4,
        description="highest gain a frame that brings fine detail back to the new frame's, less above stability 0.9; "
        "1: none is brought back",
    )


@dataclass(frozen=True, slots=True)
class BlendState:
    """Everything the recurrence remembers, None before the first frame.

    Convention: `source` and `output` are the last frame and what came of it; `weight` is the share of the past in each
    pixel of it, 0 where there is none.
    """

    source: Float[Tensor, "1 3 h w"]
    output: Float[Tensor, "1 3 h w"]
    weight: Float[Tensor, "1 1 h w"]


Watch = Callable[[BlendedBatch], None]


@dataclass(slots=True)
class Memory:
    """What the blend hands from batch to batch: the recurrence, and the last finished picture with its weight.

    Convention: between two batches of the result it is true of all frames before; given to another blend, that one
    goes on with the same pictures.
    """

    state: BlendState | None = None
    held: tuple[Tensor, Tensor] | None = None


def blend(
    batches: Iterable[StyledBatch],
    config: BlendConfig | None = None,
    *,
    watch: Watch | None = None,
    memory: Memory | None = None,
) -> Iterator[FrameBatch]:
    """Blend a stream: out(t) = source + strength (blended - source), timestamps as they came.

    Convention: lazy, one batch in, one out; the result does not depend on how frames are divided into batches. At
    strength 0 the source batches pass through untouched, also where drawings are held; at stability 0 the generator's
    pictures do. A held frame repeats the last finished picture, a flash neither sees the past nor changes it. `watch`
    is called with each batch before it is yielded, also at strength 0. `memory` is where the past is found and left.
    """
    config = config or BlendConfig()
    memory = memory or Memory()
    for batch in batches:
        frames = batch.moving.frames
        if config.strength == 0 and watch is None:
            yield frames
            continue
        blended, weights = torch.empty_like(frames.images), torch.empty_like(frames.images[:, :1])
        for index, drawing in enumerate(_drawings(batch)):
            now = slice(index, index + 1)
            if drawing is not None:
                past = None if batch.moving.restarts[index] or batch.moving.flashes[index] else memory.state
                made = blend_step(past, frames.images[now], drawing, batch.moving.flow[now], config)
                memory.state = memory.state if batch.moving.flashes[index] else made
                memory.held = torch.lerp(frames.images[now], made.output, config.strength), made.weight
            assert memory.held is not None  # the first frame of a stream is drawn
            blended[now], weights[now] = memory.held
        if watch is not None:
            watch(BlendedBatch(batch, blended, weights))
        yield frames if config.strength == 0 else replace(frames, images=blended)
        if memory.state is not None:
            # A view would keep the whole batch alive until the next one is through.
            memory.state = replace(memory.state, source=memory.state.source.clone())


def _drawings(batch: StyledBatch) -> Iterator[Tensor | None]:
    """Give what the generator made of each frame, and None for a frame that is not drawn."""
    position = 0
    for drawn in batch.moving.drawn:
        yield batch.images[position : position + 1] if drawn else None
        position += drawn


def blend_step(
    state: BlendState | None,
    source: Float[Tensor, "1 3 h w"],
    styled: Float[Tensor, "1 3 h w"],
    flow: Flow,
    config: BlendConfig,
) -> BlendState:
    """Blend one frame with the past: O = S + a (C(W(O')) - S), then bring back the detail that resampling took.

    Convention: S stylized, O output, ' the frame before, W the warp along the flow, C the clamp of `within_range`,
    a = stability * trust. `state` None: there is no past, O = S. Nothing is changed in place.
    """
    if state is None or config.stability == 0:
        return BlendState(source, styled, torch.zeros_like(source[:, :1]))
    past = warp(state.output, flow.to_previous, config.warp)
    moved = warp(state.source, flow.to_previous, "bilinear")  # is only compared, never resampled again
    weight = trust(moved, source, flow, config.photometric) * config.stability
    output = styled + weight * (within_range(past, styled, config.tolerance) - styled)
    # The longer the past stays, the more often it is raised: at a full gain contours would begin to ring above 0.9.
    gain = 1 + (config.detail - 1) * min(1.0, (1 - config.stability) / 0.1)
    return BlendState(source, restore_detail(output, styled, gain) if gain > 1 else output, weight)


def trust(
    moved: Float[Tensor, "1 3 h w"], source: Float[Tensor, "1 3 h w"], flow: Flow, photometric: float
) -> Float[Tensor, "1 1 h w"]:
    """Give 1 where the moved past shows what the source shows now, down to 0: visibility * exp(-k |d|²).

    Convention: d is by how much the source lies outside the range of the 3x3 px around it in the moved source, so a
    flow that errs by a fraction of a pixel at an edge is forgiven, and an uncovered background is not. A tenth of the
    plain squared difference is added, or else a fringe of one pixel stays behind the outline of a passing object.
    """
    above = (source - highest(moved)).clamp_(min=0)
    below = (lowest(moved) - source).clamp_(min=0)
    gap = above.add_(below).square_().add_((source - moved).square_(), alpha=_EDGE).sum(1, keepdim=True)
    return gap.mul_(-photometric).exp_().mul_(flow.visibility)


def within_range(
    past: Float[Tensor, "1 3 h w"], styled: Float[Tensor, "1 3 h w"], tolerance: float
) -> Float[Tensor, "1 3 h w"]:
    """Clamp the moved past to the range that the new picture has around each pixel, widened by `tolerance`.

    A style draws beyond what it draws: the contour of a passing object lies on a background that itself did not change,
    where the source says that the past can be trusted. Without the clamp that contour stays behind as a ghost.

    Source: neighbourhood clamping of temporal anti-aliasing (Karis, SIGGRAPH 2014 course).
    """
    if tolerance >= 1:
        return past
    return past.clamp(lowest(styled, _RANGE) - tolerance, highest(styled, _RANGE) + tolerance)


def restore_detail(
    blended: Float[Tensor, "1 3 h w"], styled: Float[Tensor, "1 3 h w"], gain: float
) -> Float[Tensor, "1 3 h w"]:
    """Raise the blended picture's fine detail to the energy that the new frame has around the same place.

    Convention: detail is what a Gaussian of 1 px takes away, its energy is averaged with a Gaussian of 1.5 px; detail
    is multiplied by at most `gain`, and never lowered. The result is what the recurrence goes on with: each
    resampling's loss is made good before the next one.
    """
    detail = blended - smooth(blended, _DETAIL)
    wanted = styled - smooth(styled, _DETAIL)
    energies = torch.cat((detail.square().sum(1, keepdim=True), wanted.square_().sum(1, keepdim=True)), dim=1)
    present, aimed = smooth(energies, _NEIGHBOURHOOD).add_(_FLAT).unbind(1)
    factor = aimed.div_(present).sqrt_().clamp_(1, gain)[:, None] - 1
    return detail.mul_(factor).add_(blended)
