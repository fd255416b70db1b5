"""How near a picture is to a content and to a style, in the features of a network that sees."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

_NOTHING = 1e-12  # of a layer that sees nothing, which can't be divided by
_LEAST = 0.05  # deviation of a channel, of the layer's root mean square: what hardly speaks is not made to shout


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


def moments(features: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d d"]:
    """First and second moments over all places, of the channels and a constant 1: the last row holds the means."""
    n, _, h, w = features.shape
    flat = features.flatten(2).to(torch.promote_types(features.dtype, torch.float32))
    told = torch.cat((flat, flat.new_ones(n, 1, h * w)), 1)
    return told @ told.transpose(1, 2) / (h * w)


def texture_loss(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> Float[Tensor, ""]:
    """Distance of moments in units of what is wanted: each channel counts by how it varies, not by how loud it is.

    A Gram matrix is mostly the means of the loudest channels, which tell the palette; strokes are in what varies about
    them. So features are shifted and scaled to the mean 0 and deviation 1 of what is wanted before their moments are
    compared; that contains the means and deviations of Huang and Belongie 2017, equation 13. Of the Frobenius distance
    d, relative to what is wanted, it is log(1 + d): works that are nearly flat have no more say than others. Averaged
    over pictures and layers.

    Convention: `found` are features of n pictures, `wanted` `moments` (1 or n, c + 1, c + 1) of the same layers.
    """
    apart = []
    for one, other in zip(found, wanted, strict=True):
        change = _standard(other)
        aim = change @ other @ change.transpose(1, 2)
        difference = change @ moments(one) @ change.transpose(1, 2) - aim
        apart.append((_length(difference) / _length(aim)).log1p().mean())
    return torch.stack(apart).mean()


def _standard(moment: Tensor) -> Tensor:
    """Give the matrix that brings features, and the 1 below them, to mean 0 and deviation 1."""
    mean, square = moment[:, :-1, -1], moment.diagonal(dim1=1, dim2=2)[:, :-1]
    least = (_LEAST**2 * square.mean(1, keepdim=True)).clamp_min(_NOTHING)
    deviation = (square - mean.square()).maximum(least).sqrt()
    change = torch.diag_embed(torch.cat((1 / deviation, torch.ones_like(mean[:, :1])), 1))
    change[:, :-1, -1] = -mean / deviation
    return change


def _length(matrices: Tensor) -> Tensor:
    return (matrices.square().sum((1, 2)) + _NOTHING).sqrt()


def total_variation(images: Float[Tensor, "n c h w"]) -> Float[Tensor, ""]:
    """Mean squared difference of neighbouring pixels (Mahendran and Vedaldi 2015, section 3, with β = 2)."""
    return images.diff(dim=-1).square().mean() + images.diff(dim=-2).square().mean()
