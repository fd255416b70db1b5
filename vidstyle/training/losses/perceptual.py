"""How near a picture is to a content and to a style, in the features of a network that sees."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

_NOTHING = 1e-12  # of a layer that sees nothing, which can't be divided by


def gram(features: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c c"]:
    """Which channels fire together, wherever they do: F Fᵀ / (c h w) (Johnson et al. 2016, equation 3)."""
    n, c, h, w = features.shape
    flat = features.reshape(n, c, h * w).to(torch.promote_types(features.dtype, torch.float32))
    return flat @ flat.transpose(1, 2) / (c * h * w)


def relative_content_loss(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> Float[Tensor, ""]:
    """Squared distance of features, relative to the square of what is wanted: 1 where nothing of it is there.

    Source: Johnson et al. 2016, equation 2, each layer divided by its own size, so that weights mean the same with
    every feature network; averaged over the layers.
    """
    return torch.stack(
        [
            (one - other).square().mean() / other.square().mean().clamp_min(_NOTHING)
            for one, other in zip(found, wanted, strict=True)
        ]
    ).mean()


def relative_style_loss(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> Float[Tensor, ""]:
    """Squared Frobenius distance of Gram matrices, each picture's relative to the square of what is wanted.

    Source: Johnson et al. 2016, equation 4. Works differ by orders of magnitude in their Gram matrices; divided, a pale
    drawing counts as much as a loud one. Averaged over pictures and layers.

    Convention: `found` are features of n pictures, `wanted` Gram matrices (1 or n, c, c) of the same layers.
    """
    apart = [
        ((gram(one) - other).square().sum((1, 2)) / other.square().sum((1, 2)).clamp_min(_NOTHING)).mean()
        for one, other in zip(found, wanted, strict=True)
    ]
    return torch.stack(apart).mean()


def total_variation(images: Float[Tensor, "n c h w"]) -> Float[Tensor, ""]:
    """Mean squared difference of neighbouring pixels (Mahendran and Vedaldi 2015, section 3, with β = 2)."""
    return images.diff(dim=-1).square().mean() + images.diff(dim=-2).square().mean()
