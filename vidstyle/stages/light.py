"""Follows the light: a fade or a lamp changes what the past has to look like, although nothing moved."""

import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.motion import Flow, warp
from vidstyle.motion.neighbourhood import sized, smooth
from vidstyle.stages.calm import thinned

_REDUCTION = 8  # light is looked at on pictures of an eighth of the size
_SPREAD = 4.0  # px there, sigma: a narrower one takes errors of the flow for light
_NOISE, _CERTAIN = 0.5 / 255, 2 / 255  # a change of light below the first is noise, above the second it is none
_SEEN = 0.05  # share of a neighbourhood that must be trusted to speak of its light


def light_of(images: Float[Tensor, "1 c h w"]) -> Float[Tensor, "1 c low_h low_w"]:
    """Give what a Gaussian of 32 px leaves of a picture, at an eighth of its size."""
    return smooth(_reduced(images), _SPREAD)


def light_change(
    before: Float[Tensor, "1 3 low_h low_w"],
    difference: Float[Tensor, "1 3 rows w"],
    trusted: Float[Tensor, "1 1 rows w"],
    flow: Flow,
) -> Float[Tensor, "1 3 low_h low_w"]:
    """Add this frame's change of light to what changed before, moved to where it is now.

    Convention: `difference` is source - moved source, of which only what is trusted counts: the rest is motion. Of both
    every row may be given or every fourth. Since changes add up until the past is relit, a fade too slow to tell from
    noise in any one frame is followed too.
    """
    height, width = flow.to_previous.shape[-2:]
    scale = torch.tensor([before.shape[3] / width, before.shape[2] / height], device=before.device)
    moved = warp(before, (_reduced(flow.to_previous) * scale[:, None, None]).contiguous(), "bilinear")
    return moved + _mean(difference, trusted, before.shape[-2:])


def certainty(change: Float[Tensor, "1 3 low_h low_w"]) -> Float[Tensor, "1 1 low_h low_w"]:
    """Tell where the light is another: 0 below half a code of 255, 1 above two codes, in any channel."""
    ramp = ((change.abs().amax(1, keepdim=True) - _NOISE) / (_CERTAIN - _NOISE)).clamp_(0, 1)
    return ramp * ramp * (3 - 2 * ramp)


def relit(
    past: Float[Tensor, "1 3 h w"],
    styled: Float[Tensor, "1 3 h w"],
    trusted: Float[Tensor, "1 1 h w"],
    sure: Float[Tensor, "1 1 low_h low_w"],
) -> Float[Tensor, "1 3 h w"]:
    """Give the moved past the new picture's light where it is `sure` to have changed; its strokes stay as they are.

    The new picture's light, and not the source's change added to the past: a style answers to light in its own way,
    and what it answers otherwise would pile up over a fade.
    """
    if sure.device.type == "cpu" and not sure.any():  # mostly so; elsewhere asking would cost more
        return past
    offset = _mean(thinned(styled) - thinned(past), thinned(trusted), sure.shape[-2:]) * sure
    return past + sized(offset, *past.shape[-2:])


def _mean(difference: Tensor, trusted: Tensor, size: torch.Size) -> Tensor:
    known = smooth(sized(torch.cat((difference * trusted, trusted), dim=1), *size), _SPREAD)
    return known[:, :-1] / known[:, -1:].clamp(min=_SEEN)


def _reduced(images: Tensor) -> Tensor:
    height, width = images.shape[-2:]
    return sized(images, max(1, height // _REDUCTION), max(1, width // _REDUCTION))
