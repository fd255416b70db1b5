"""One step of the recurrence: what the blend remembers, and how it goes on from there."""

from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from jaxtyping import Float
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from torch import Tensor

from vidstyle.motion import Flow, WarpMode, warp
from vidstyle.motion.neighbourhood import sized
from vidstyle.stages.calm import EVERY, calm_share, next_allowance, thinned, unrest
from vidstyle.stages.curve import parse_strength
from vidstyle.stages.detail import next_aim, restore_detail, within_range
from vidstyle.stages.light import certainty, light_change, light_of, relit
from vidstyle.stages.trust import halved, lasting, trust, worn

# What two passes made calm is calmer still along another flow than along the blend's own, whose errors are a part of
# the source's unrest: without this factor the result lay at .82 of that unrest.
_TWO_PASSES = 1.2


class BlendConfig(BaseModel):
    """How much of the past stays, and how much of the style is mixed into the source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stability: float = Field(
        default=0.97, ge=0, le=1, description="share of the moved past where it can be trusted; 0: no blend at all"
    )
    strength: Annotated[float | str, BeforeValidator(parse_strength)] = Field(
        default=1.0,
        description="0: the source exactly, 1: the style alone; or a curve over time: 0@0,1@48 in frames of the clip "
        "from 0, 0@0s,1@2.5s in seconds from its first frame",
    )
    preserve_color: float = Field(
        default=0.0, ge=0, le=1, description="share of the source's chroma under the style's luma, in the clip's Y'CbCr"
    )
    passes: Literal[1, 2] = Field(
        default=1, description="2: the shot is blended from its end to its beginning first; calmer, keeps shots on disk"
    )
    floor: float = Field(
        default=1.0,
        ge=0,
        le=4,
        description="times the source's own unrest that is left at least; 0: no least",
    )
    warp: WarpMode = Field(default="lanczos", description="how the past is resampled")
    photometric: float = Field(
        default=50.0,
        ge=0,
        description="k: how fast the past is given up where the moved source differs by d, exp(-k |d|²), RGB 0 to 1",
    )
    wear: float = Field(
        default=2.0,
        ge=0,
        description="accumulated bending, in px of flow per px, at which a past is half given up; 0: it never wears",
    )
    tolerance: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="how far the past may lie outside the range of the new picture around it, RGB 0 to 1; 1: anywhere",
    )
    detail: float = Field(
        default=2.0, ge=1, le=4, description="highest gain a frame on fine detail, to match the new frame's; 1: none"
    )
    sharpness: float = Field(
        default=0.955, gt=0, le=1.5, description="variance of the Laplacian to hold, relative to the new frame's"
    )

    @property
    def least_unrest(self) -> float:
        """Give the floor as the recurrence aims at it."""
        return self.floor * (_TWO_PASSES if self.passes == 2 else 1.0)  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class BlendState:
    """Everything the recurrence remembers, None before the first frame.

    Convention:
        source, output  the last frame and what came of it.
        weight          the share of the past in each pixel of it, 0 where there is none.
        wear            how much that past was bent since it was new, px of flow per px; at half the size.
        light           by how much the source's light changed since the output was lit, see `light_change`.
        aim, allowance  for `restore_detail` and for `calm_share`.
    """

    source: Float[Tensor, "1 3 h w"]
    output: Float[Tensor, "1 3 h w"]
    weight: Float[Tensor, "1 1 h w"]
    wear: Float[Tensor, "1 1 half_h half_w"]
    light: Float[Tensor, "1 3 low_h low_w"]
    aim: Float[Tensor, " 1"]
    allowance: Float[Tensor, " 1"]

    @classmethod
    def first(cls, source: Float[Tensor, "1 3 h w"], styled: Float[Tensor, "1 3 h w"]) -> "BlendState":
        """Begin: the output is the generator's picture."""
        nothing, one = torch.zeros_like(source[:, :1]), source.new_ones(1)
        wear = source.new_zeros(1, 1, *halved(*source.shape[-2:]))
        return cls(source, styled, nothing, wear, torch.zeros_like(light_of(source)), one, one)


def blend_step(
    state: BlendState | None,
    source: Float[Tensor, "1 3 h w"],
    styled: Float[Tensor, "1 3 h w"],
    flow: Flow,
    config: BlendConfig,
) -> BlendState:
    """Blend one frame with the past: O = D(S + a t (C(L(W(O'))) - S)).

    Convention: S stylized, O output, ' the frame before; W the warp along the flow, L gives the past the new light,
    C keeps it within the new range, D restores detail; t is trust, less where the past is worn; a is the stability,
    less where the result would be calmer than the source. `state` None: there is no past, O = S. Nothing is changed
    in place.
    """
    if state is None or config.stability == 0:
        return BlendState.first(source, styled)
    moved = warp(state.source, flow.to_previous, "bilinear")  # is only compared, never resampled again
    sure = trust(moved, source, flow, config.photometric)
    change, visibility = thinned(source) - thinned(moved), thinned(flow.visibility).contiguous()
    light = light_change(state.light, change, thinned(sure), flow)
    other = certainty(light)
    past = relit(warp(state.output, flow.to_previous, config.warp), styled, sure, other)
    past = within_range(past, styled, config.tolerance)
    wear = worn(state.wear, flow)
    weight = sized(lasting(wear, config.wear), *sure.shape[-2:]) * sure
    wanted = unrest(change, visibility) * config.least_unrest
    pull = (past - styled).mul_(weight)
    settled = warp(state.output, flow.to_previous, "bilinear", EVERY)
    share = calm_share(thinned(styled) - settled, thinned(pull), visibility, wanted * state.allowance, config.stability)
    output = torch.addcmul(styled, pull, share)
    if config.detail > 1:
        output = restore_detail(output, styled, config.detail, state.aim)
    weight = weight.mul_(share)
    reached = unrest(thinned(output) - settled, visibility)
    return BlendState(
        source,
        output,
        weight,
        wear * sized(weight, *wear.shape[-2:]),
        light * (1 - other) * light_of(weight),
        next_aim(state.aim, output, styled, config.sharpness),
        next_allowance(state.allowance, share, config.stability, wanted, reached),
    )
