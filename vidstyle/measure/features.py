"""How alike two pictures look to a network that was taught to recognize things."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from vidstyle.networks.features import FeatureNetwork, load_features

__all__ = ["FeatureNetwork", "feature_distance", "load_features"]

_SHORT_SIDE = 256  # px: what such networks were taught on; larger pictures are reduced to it


@torch.no_grad()
def feature_distance(
    network: FeatureNetwork, first: Float[Tensor, "n 3 h w"], second: Float[Tensor, "n 3 h w"]
) -> Float[Tensor, " n"]:
    """Give the distance of two pictures in a network's features: 0 for equal ones, at most 2.

    Convention: RGB 0 to 1, clamped; pictures with a short side above 256 px are reduced to it. Each pixel's features
    are scaled to length 1; their squared differences are summed over the channels and averaged over pixels, then over
    the layers. This is NOT LPIPS: that weighs the channels by what people said in a study, and its figures can't be
    compared with these.

    Source: Zhang et al. 2018, The Unreasonable Effectiveness of Deep Features as a Perceptual Metric, equation 1, with
    all weights 1 and a mean over the stages for the sum.
    """
    pairs = zip(*(network(_reduced(images.clamp(0, 1))) for images in (first, second)), strict=True)
    return torch.stack([(_unit(x) - _unit(y)).square().sum(1).mean(dim=(1, 2)) for x, y in pairs]).mean(0)


def _reduced(images: Tensor) -> Tensor:
    height, width = images.shape[-2:]
    ratio = _SHORT_SIDE / min(height, width)
    if ratio >= 1:
        return images
    size = (round(height * ratio), round(width * ratio))
    return interpolate(images, size=size, mode="bilinear", antialias=True, align_corners=False)


def _unit(features: Tensor) -> Tensor:
    unit: Tensor = features / features.norm(dim=1, keepdim=True).clamp(min=1e-10)
    return unit
