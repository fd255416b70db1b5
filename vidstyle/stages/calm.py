"""Keeps the result from being calmer than life: a film that is stiller than its source is blurred or stuck."""

import torch
from jaxtyping import Float
from torch import Tensor

_HASTE = 0.5  # exponent: how fast the allowance follows what came of it
_LEAST = 0.2  # of the source's unrest
EVERY = 4  # px: sums over whole pictures are taken over every fourth row, which tells as much at a quarter of the cost


def thinned(images: Float[Tensor, "1 c h w"]) -> Float[Tensor, "1 c rows w"]:
    """Give every fourth row, from the first."""
    return images[:, :, ::EVERY]


def unrest(difference: Float[Tensor, "1 3 h w"], visibility: Float[Tensor, "1 1 h w"]) -> Float[Tensor, " 1"]:
    """Give the squared difference of a frame to the warped one before it, summed over what both show.

    Convention: E_warp but for the number of pixels, so `difference` wants a bilinear warp.
    """
    return difference.square().mul_(visibility).sum(dim=(1, 2, 3))


def calm_share(
    alone: Float[Tensor, "1 3 h w"],
    pull: Float[Tensor, "1 3 h w"],
    visibility: Float[Tensor, "1 1 h w"],
    allowed: Float[Tensor, " 1"],
    stability: float,
) -> Float[Tensor, " 1"]:
    """Give the share a of the past, at most `stability`, at which the output is as restless as is `allowed`.

    Convention: `alone` is stylized - warped output, `pull` is trust (past - stylized). The blend's own unrest is
    sum |alone + a pull|² = A + 2aB + a²C, of which the lower root is taken where it meets `allowed`; a style that is
    calmer by itself keeps nothing of the past. The result stays on the tensors' device.
    """
    everything, most = unrest(alone, visibility), unrest(pull, visibility)
    common = (alone * pull).mul_(visibility).sum(dim=(1, 2, 3))
    root = common.square() - most * (everything - allowed)
    share = (-common - root.clamp(min=0).sqrt()) / most.clamp(min=1e-12)
    share = torch.where(root <= 0, stability, share.clamp(0, stability))
    return torch.where(everything <= allowed, 0.0, share)


def next_allowance(
    allowance: Float[Tensor, " 1"],
    share: Float[Tensor, " 1"],
    stability: float,
    wanted: Float[Tensor, " 1"],
    reached: Float[Tensor, " 1"],
) -> Float[Tensor, " 1"]:
    """Give the share of the wanted unrest to ask for in the next frame, less where this one came out more restless.

    Detail that is restored after the blend adds unrest, which `calm_share` can't foresee. While the floor doesn't hold
    the blend back, nothing is learned.
    """
    follow = allowance * (wanted / reached.clamp(min=1e-12)) ** _HASTE
    return torch.where(share < stability, follow.clamp(_LEAST, 1), allowance)
