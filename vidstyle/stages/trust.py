"""Which of the moved past may stay: where it shows the same thing, and was not bent too often."""

import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.motion import Flow, outside, strain, warp
from vidstyle.motion.neighbourhood import highest, lowest, smooth

_EDGE = 0.1  # share of the plain difference that still counts where the range forgives
_AGREEMENT = 0.004  # squared RGB difference, summed: below that on average, both frames show the same
_SURROUNDINGS = 2.0  # px, sigma: over which that average is taken
_SMEAR = 1.5  # px, sigma: a bend spoils what lies around it too


def trust(
    moved: Float[Tensor, "1 3 h w"], source: Float[Tensor, "1 3 h w"], flow: Flow, photometric: float
) -> Float[Tensor, "1 1 h w"]:
    """Give 1 where the moved past shows what the source shows now, down to 0: visibility * exp(-k |d|²).

    Convention: d is by how much the source lies outside the range of the 3x3 px around it in the moved source, so a
    flow that errs by a fraction of a pixel at an edge is forgiven, and an uncovered background is not. A tenth of the
    plain squared difference is added, or else a fringe of one pixel stays behind the outline of a passing object.
    Visible is also what the flow's own check rejected, where the picture around it agrees.
    """
    plain = (source - moved).square_()
    visibility = torch.maximum(flow.visibility, _agreement(plain.sum(1, keepdim=True), flow))
    above = (source - highest(moved)).clamp_(min=0)
    below = (lowest(moved) - source).clamp_(min=0)
    gap = above.add_(below).square_().add_(plain, alpha=_EDGE).sum(1, keepdim=True)
    return gap.mul_(-photometric).exp_().mul_(visibility)


def _agreement(difference: Float[Tensor, "1 1 h w"], flow: Flow) -> Float[Tensor, "1 1 h w"]:
    known = flow.visibility.amax(dim=(2, 3), keepdim=True) > 0  # else there is no motion to agree with
    alike = (smooth(difference, _SURROUNDINGS) < _AGREEMENT) & ~outside(flow.to_previous) & known
    return alike.to(difference.dtype)


def worn(wear: Float[Tensor, "1 1 h w"], flow: Flow) -> Float[Tensor, "1 1 h w"]:
    """Add this frame's bending to what the past has borne: W(wear) + |∇flow|, smeared over 1.5 px.

    A past that is stretched a little in every frame keeps its E_warp and loses the look: strokes swirl, tiles melt.
    """
    return warp(wear, flow.to_previous, "bilinear").add_(smooth(strain(flow.to_previous), _SMEAR))


def lasting(wear: Float[Tensor, "1 1 h w"], limit: float) -> Float[Tensor, "1 1 h w"]:
    """Give the share of trust that is left of a past so worn, 1 / (1 + (wear / limit)²); at limit 0 all of it."""
    return torch.ones_like(wear) if limit == 0 else (wear / limit).square_().add_(1).reciprocal_()
