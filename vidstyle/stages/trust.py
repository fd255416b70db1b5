"""Which of the moved past may stay: where it shows the same thing, and was not bent too often."""

import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.kernels.compiling import runs
from vidstyle.kernels.ranges import confirmed, differences
from vidstyle.motion import BEYOND, Flow, outside, strain, warp
from vidstyle.motion.neighbourhood import highest, lowest, sized, smooth, squared

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
    here = runs(source, moved, flow.to_previous, flow.visibility)
    plain, apart = differences(source, moved, _EDGE) if here else _differences(source, moved)
    return apart.mul_(-photometric).exp_().mul_(_seen(flow, _around(plain), here=here))


def _differences(source: Tensor, moved: Tensor) -> tuple[Tensor, Tensor]:
    plain = squared(source - moved)
    return plain, squared(source.clamp(lowest(moved), highest(moved)) - source).add_(plain, alpha=_EDGE)


def _around(difference: Tensor) -> Tensor:
    height, width = difference.shape[-2:]
    return sized(smooth(sized(difference, *halved(height, width)), _SURROUNDINGS / 2), height, width)


def _seen(flow: Flow, around: Tensor, *, here: bool) -> Tensor:
    """Give the visibility, 1 also where the picture around agrees and the flow does not lead out of it."""
    if not here:
        known = flow.visibility.amax(dim=(2, 3), keepdim=True) > 0  # else there is no motion to agree with
        agreed = (around < _AGREEMENT).logical_and_(known).logical_and_(~outside(flow.to_previous))
        return torch.maximum(flow.visibility, agreed.to(around.dtype))
    if not flow.visibility.any():
        return flow.visibility
    return confirmed(flow.visibility, around, flow.to_previous, _AGREEMENT, BEYOND)


def halved(height: int, width: int) -> tuple[int, int]:
    """Give half the size of a picture, for what varies slowly over it."""
    return max(1, height // 2), max(1, width // 2)


def worn(wear: Float[Tensor, "1 1 wear_h wear_w"], flow: Flow) -> Float[Tensor, "1 1 wear_h wear_w"]:
    """Add this frame's bending to what the past has borne: W(wear) + |∇flow|, smeared over 1.5 px.

    Convention: wear may have another size than the flow, which is brought to it; 1.5 px are of the flow's.
    A past that is stretched a little in every frame keeps its E_warp and loses the look: strokes swirl, tiles melt.
    """
    (height, width), (h, w) = flow.to_previous.shape[-2:], wear.shape[-2:]
    ratio = torch.tensor([w / width, h / height], device=wear.device)[:, None, None]
    to_previous = sized(flow.to_previous, h, w) * ratio
    return warp(wear, to_previous, "bilinear").add_(smooth(strain(to_previous), _SMEAR * h / height))


def lasting(wear: Float[Tensor, "1 1 h w"], limit: float) -> Float[Tensor, "1 1 h w"]:
    """Give the share of trust that is left of a past so worn, 1 / (1 + (wear / limit)²); at limit 0 all of it."""
    return torch.ones_like(wear) if limit == 0 else (wear / limit).square_().add_(1).reciprocal_()
