"""How alike two pictures look to a network that was taught to recognize things."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate

from vidstyle.errors import ConfigError

Padding = Literal["reflect", "zeros"]

_SHORT_SIDE = 256  # px: what such networks were taught on; larger pictures are reduced to it
_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's RGB, as torchvision's networks expect
# Stages of 3x3 convolutions; between stages the picture is halved.
_TORCHVISION = {
    "vgg16": ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28)),
    "vgg19": ((0, 2), (5, 7), (10, 12, 14, 16), (19, 21, 23, 25), (28, 30, 32, 34)),
}
# The normalised VGG-19 of universal style transfer: a 1x1 layer turns RGB in 0 … 1 into the network's own colours.
_NORMALISED = (((2, 5), (9, 12), (16,)), ((2, 5), (9,)), ((2,),))


class FeatureNetwork(nn.Module):
    """A VGG's last activations of every stage.

    Convention: RGB 0 to 1 in, clamped; pictures with a short side above 256 px are reduced to it. Kernels are 3x3 with
    the border repeated by reflection in the normalised network and by zeros in torchvision's, each as it was taught.
    """

    def __init__(self, name: str, stages: tuple[tuple[tuple[Tensor, Tensor], ...], ...], colour: nn.Module) -> None:
        super().__init__()
        self.name = name
        padding: Padding = "reflect" if name == "vgg19-normalised" else "zeros"
        self._colour = colour
        self._stages = nn.ModuleList(
            nn.Sequential(*(layer for weights in stage for layer in (_convolution(*weights, padding), nn.ReLU())))
            for stage in stages
        )
        self.eval().requires_grad_(False)

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> list[Tensor]:
        """Give the activations, finest stage first; stages that the picture is too small for are left out."""
        x = self._colour(_reduced(images.clamp(0, 1)))
        found = []
        for number, stage in enumerate(self._stages):
            if number:
                if min(x.shape[-2:]) < 4:  # noqa: PLR2004  # nothing left to halve and pad
                    break
                x = nn.functional.max_pool2d(x, 2)
            x = stage(x)
            found.append(x)
        return found


@torch.no_grad()
def feature_distance(
    network: FeatureNetwork, first: Float[Tensor, "n 3 h w"], second: Float[Tensor, "n 3 h w"]
) -> Float[Tensor, " n"]:
    """Give the distance of two pictures in a network's features: 0 for equal ones, at most 2.

    Convention: each pixel's features are scaled to length 1; their squared differences are summed over the channels
    and averaged over pixels, then over the stages. This is NOT LPIPS: that weighs the channels by what people said in
    a study, and its figures can't be compared with these.

    Source: Zhang et al. 2018, The Unreasonable Effectiveness of Deep Features as a Perceptual Metric, equation 1, with
    all weights 1 and a mean over the stages for the sum.
    """
    pairs = zip(network(first), network(second), strict=True)
    return torch.stack([(_unit(x) - _unit(y)).square().sum(1).mean(dim=(1, 2)) for x, y in pairs]).mean(0)


def load_features(path: Path) -> FeatureNetwork:
    """Make a feature network of a file of weights: torchvision's vgg16 or vgg19, or the normalised VGG-19.

    Raises ConfigError where it can't be read or is none of these; code in the file is never run.
    """
    try:
        weights = _read(path)
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ConfigError(f"feature network {path} can't be read as weights: {reason}", key="features") from error
    network = _torchvision(weights) or _normalised(weights)
    if network is None:
        raise ConfigError(
            f"{path} is no feature network that is known: found keys {', '.join(list(weights)[:4])} …; expected the "
            "state dict of torchvision's vgg16 or vgg19 (without batch norm), or vgg_normalised_conv1_1 to 3_1",
            key="features",
        )
    return network


def _read(path: Path) -> dict[str, Tensor]:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file  # noqa: PLC0415  # only where such a file is named

        return load_file(path)
    loaded = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(loaded, Mapping):
        raise ValueError(f"it holds a {type(loaded).__name__}, not a state dict")  # noqa: TRY004
    return {str(key): value for key, value in loaded.items() if isinstance(value, Tensor)}


def _torchvision(weights: Mapping[str, Tensor]) -> FeatureNetwork | None:
    prefix = "features." if any(key.startswith("features.") for key in weights) else ""
    numbers = _convolutions(weights, prefix)
    for name, stages in _TORCHVISION.items():
        if numbers == {layer for stage in stages for layer in stage} and not any("running" in key for key in weights):
            return FeatureNetwork(name, _chosen(weights, stages, prefix), _Standardized())
    return None


def _normalised(weights: Mapping[str, Tensor]) -> FeatureNetwork | None:
    for stages in _NORMALISED:
        if _convolutions(weights) == {0} | {layer for stage in stages for layer in stage}:
            colour = nn.Conv2d(3, 3, 1)
            colour.load_state_dict({"weight": weights["0.weight"], "bias": weights["0.bias"]})
            return FeatureNetwork("vgg19-normalised", _chosen(weights, stages), colour)
    return None


def _convolutions(weights: Mapping[str, Tensor], prefix: str = "") -> set[int]:
    names = [key.removeprefix(prefix).split(".") for key, value in weights.items() if value.dim() == 4]  # noqa: PLR2004
    return {int(name[0]) for name in names if len(name) == 2 and name[0].isdecimal()}  # noqa: PLR2004


def _chosen(
    weights: Mapping[str, Tensor], stages: tuple[tuple[int, ...], ...], prefix: str = ""
) -> tuple[tuple[tuple[Tensor, Tensor], ...], ...]:
    return tuple(
        tuple((weights[f"{prefix}{layer}.weight"], weights[f"{prefix}{layer}.bias"]) for layer in stage)
        for stage in stages
    )


def _convolution(weight: Tensor, bias: Tensor, padding: Padding) -> nn.Conv2d:
    outward, inward, side, _ = weight.shape
    layer = nn.Conv2d(inward, outward, side, padding=side // 2, padding_mode=padding)
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer


class _Standardized(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        mean, spread = (torch.tensor(values, device=images.device)[:, None, None] for values in (_MEAN, _SPREAD))
        return (images - mean) / spread


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
