"""How still pictures hold. Flow and visibility are those of the source: see `motion.Flow`."""

import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.motion import Flow, warp_differentiable

_LUMINANCE = (0.2126, 0.7152, 0.0722)  # BT.709's, as the paper has it


def compound_loss(
    moved: Float[Tensor, "n c h w"], warped: Float[Tensor, "n c h w"], inside: Float[Tensor, "n 1 h w"]
) -> Float[Tensor, ""]:
    """L1 between G(warp(x) + jitter) and warp(G(x)) where the warp stays inside the picture.

    Compound regularization of ReReVST (Wang et al. 2020, section 3.2): no flow, no video, no second pass.

    Convention: `inside` is 1 where `warped` was sampled within the picture, else 0.
    """
    return masked_mean((moved - warped).abs(), inside)


def warping_loss(
    output: Float[Tensor, "n c h w"],
    earlier: Float[Tensor, "n c h w"],
    flow: Flow,
    source: Float[Tensor, "n c h w"],
    source_earlier: Float[Tensor, "n c h w"],
    *,
    past_learns: bool = False,
) -> Float[Tensor, ""]:
    """M |O - W(O')| with M = visibility exp(-50 |I - W(I')|²): Lai et al. 2018, equations 3 and 4.

    Convention: pictures in 0 … 1. `earlier` is the output of the frame that `flow` leads to, the one before for the
    short term, the first of the sequence for the long one. A gradient goes into `earlier` only where `past_learns`:
    the past is done where it was drawn without one, or is what a recurrent generator goes on from.
    """
    known = earlier if past_learns else earlier.detach()
    moved = warp_differentiable(torch.cat((known, source_earlier)), _twice(flow))
    past, before = moved.chunk(2)
    trust = flow.visibility * (-50 * (source - before).square().sum(1, keepdim=True)).exp()
    return masked_mean((output - past).abs(), trust)


def luminance_loss(
    output: Float[Tensor, "n 3 h w"],
    earlier: Float[Tensor, "n 3 h w"],
    flow: Flow,
    source: Float[Tensor, "n 3 h w"],
    source_earlier: Float[Tensor, "n 3 h w"],
) -> Float[Tensor, ""]:
    """M |(O - W(O')) - (I - W(I'))_Y|²: outputs may change as far as the source's light does.

    Source: ReCoNet (Gao et al. 2018), equation 6; each channel of the output against the source's luminance.
    """
    moved = warp_differentiable(torch.cat((earlier, source_earlier)), _twice(flow))
    past, before = moved.chunk(2)
    weights = torch.tensor(_LUMINANCE, device=source.device)[:, None, None]
    light = ((source - before) * weights).sum(1, keepdim=True)
    return masked_mean((output - past - light).square(), flow.visibility)


def feature_loss(
    features: Float[Tensor, "n c h w"], earlier: Float[Tensor, "n c h w"], flow: Flow
) -> Float[Tensor, ""]:
    """M |F - W(F')|² of the encoder's features: ReCoNet (Gao et al. 2018), equation 5.

    Convention: `flow` has the features' size, see `motion.sizes.resized`.
    """
    return masked_mean((features - warp_differentiable(earlier, flow.to_previous)).square(), flow.visibility)


def masked_mean(values: Float[Tensor, "n c h w"], mask: Float[Tensor, "n 1 h w"]) -> Float[Tensor, ""]:
    """Give the mean of `values` weighted by `mask`; 0 where nothing is seen."""
    return (values * mask).sum() / (mask.sum() * values.shape[1]).clamp_min(1)


def _twice(flow: Flow) -> Tensor:
    return flow.to_previous.repeat(2, 1, 1, 1)
