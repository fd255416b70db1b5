"""Networks that see: features of pictures, for losses and measures. VGG-16 and 19, whole, normalised or distilled."""

import pickle
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from vidstyle.errors import ConfigError

Layer = tuple[Tensor, Tensor]  # kernel and bias
DOWNLOADS = ("torchvision:vgg16", "torchvision:vgg19")  # words that let torchvision fetch its published weights

_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's RGB, as torchvision's networks expect
_SMALLEST = 4  # px: below that there is nothing left to halve and pad
# Stages of 3x3 convolutions, by the numbers in the files; between stages the picture is halved.
_TORCHVISION = {
    "vgg16": ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28)),
    "vgg19": ((0, 2), (5, 7), (10, 12, 14, 16), (19, 21, 23, 25), (28, 30, 32, 34)),
}
# Universal style transfer's (Li et al. 2017): a 1x1 layer turns RGB in 0 … 1 into the network's own colours.
_NORMALISED = (((2, 5), (9, 12), (16,)), ((2, 5), (9,)), ((2,),))


@dataclass(frozen=True, slots=True)
class Parts:
    """What a feature network is made of: its colour layer, its stages, and 1x1 layers that widen a stage's first."""

    name: str
    colour: nn.Module
    padding: Literal["reflect", "zeros"]
    stages: tuple[tuple[Layer, ...], ...]
    widened: tuple[Layer, ...] = ()


class FeatureNetwork(nn.Module):
    """A VGG (Simonyan and Zisserman 2015), or a network that was taught to see as one; gives chosen activations.

    Convention: RGB 0 to 1 in, of any size; gradients reach the pictures, the weights are frozen. `relu3_1` is what
    follows the first convolution of the third stage. Borders are repeated by reflection in the normalised and the
    distilled network and by zeros in torchvision's, each as it was taught.

    Args:
        parts: its layers.
        layers: names of the activations; without, the last of each stage, and of a distilled network the first, which
            it has been taught to widen to VGG's own.
    """

    def __init__(self, parts: Parts, layers: Sequence[str] | None = None) -> None:
        super().__init__()
        self.name = parts.name
        self._colour = parts.colour
        self._stages = nn.ModuleList(
            nn.ModuleList(_convolution(*weights, parts.padding) for weights in stage) for stage in parts.stages
        )
        self._widened = nn.ModuleList(_convolution(*weights, parts.padding) for weights in parts.widened)
        self.known = [f"relu{s}_{n}" for s, stage in enumerate(parts.stages, 1) for n in range(1, 1 + len(stage))]
        if parts.widened:
            self.known = [name for name in self.known if name.endswith("_1")]
        last = [f"relu{s}_{len(stage)}" for s, stage in enumerate(parts.stages, 1)]
        self.layers = list(layers or (self.known if parts.widened else last))
        if unknown := [layer for layer in self.layers if layer not in self.known]:
            message = f"{self.name} has no layer {unknown[0]!r}; known: {', '.join(self.known)}"
            raise ConfigError(message, key="features")
        self.eval().requires_grad_(False)

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> list[Tensor]:
        """Give the activations, finest first; stages that the picture is too small for are left out."""
        found: dict[str, Tensor] = {}
        x = self._colour(images)
        for stage, convolutions in enumerate(self._stages, 1):
            if stage > 1:
                if min(x.shape[-2:]) < _SMALLEST:
                    break
                x = nn.functional.max_pool2d(x, 2)
            for number, convolution in enumerate(convolutions.children(), 1):
                x = convolution(x).relu()
                widens = self._widened and number == 1
                found[f"relu{stage}_{number}"] = self._widened[stage - 1](x).relu() if widens else x
        return [found[layer] for layer in self.known if layer in self.layers and layer in found]


def load_features(weights: Path | str, layers: Sequence[str] | None = None) -> FeatureNetwork:
    """Make a feature network of a file: torchvision's vgg16 or vgg19, the normalised VGG-19, or the distilled one.

    Convention: `torchvision:vgg19` and `torchvision:vgg16` let torchvision fetch its own; nothing else is downloaded.

    Raises ConfigError where it can't be had, read, or is none of these; code in a file is never run.
    """
    tensors = _published(str(weights)) if str(weights) in DOWNLOADS else _read(Path(weights))
    parts = parts_of(tensors)
    if parts is None:
        raise ConfigError(
            f"{weights} is no feature network that is known: found keys {', '.join(list(tensors)[:4])} …; expected the "
            "state dict of torchvision's vgg16 or vgg19 (without batch norm), vgg_normalised_conv1_1 to 3_1, or a "
            "distilled SE1 to SE5",
            key="features",
        )
    return FeatureNetwork(parts, layers)


def parts_of(tensors: Mapping[str, Tensor]) -> Parts | None:
    """Tell a feature network by its keys; None where it is none that is known."""
    return _torchvision(tensors) or _normalised(tensors) or _distilled(tensors)


def _read(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(loaded, Mapping):
            raise ValueError(f"it holds a {type(loaded).__name__}, not a state dict")  # noqa: TRY004, TRY301
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError, SafetensorError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ConfigError(f"feature network {path} can't be read as weights: {reason}", key="features") from error
    inner = loaded.get("model")
    return {str(k): v for k, v in (inner if isinstance(inner, Mapping) else loaded).items() if isinstance(v, Tensor)}


def _published(word: str) -> dict[str, Tensor]:
    from torchvision.models import get_model_weights  # noqa: PLC0415  # only where it is asked for

    name = word.removeprefix("torchvision:")
    try:
        state: dict[str, Tensor] = get_model_weights(name).DEFAULT.get_state_dict(progress=False)
    except (OSError, RuntimeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        message = f"torchvision can't get the weights of {name}: {reason}; or give the path of a file"
        raise ConfigError(message, key="features") from error
    return state


def _torchvision(weights: Mapping[str, Tensor]) -> Parts | None:
    prefix = "features." if any(key.startswith("features.") for key in weights) else ""
    numbers = _convolutions(weights, prefix)
    for name, stages in _TORCHVISION.items():
        if numbers == {layer for stage in stages for layer in stage} and not any("running" in key for key in weights):
            return Parts(name, _Standardized(), "zeros", _chosen(weights, stages, prefix))
    return None


def _normalised(weights: Mapping[str, Tensor]) -> Parts | None:
    for stages in _NORMALISED:
        if _convolutions(weights) == {0} | {layer for stage in stages for layer in stage}:
            colour = _convolution(weights["0.weight"], weights["0.bias"], "zeros")
            return Parts("vgg19-normalised", colour, "reflect", _chosen(weights, stages))
    return None


def _distilled(weights: Mapping[str, Tensor]) -> Parts | None:
    """Collaborative distillation's encoders (Wang et al. 2020): VGG-19 with a quarter of the channels."""
    places = [re.fullmatch(r"conv([1-5])([1-4])\.weight", key) for key in weights]
    numbers = sorted((int(place[1]), int(place[2])) for place in places if place)
    last = numbers[-1][0] if numbers else 0
    wide = [f"conv{stage}1_aux" for stage in range(1, last + 1)]
    if not wide or "conv0.weight" not in weights or any(f"{name}.weight" not in weights for name in wide):
        return None
    stages = [[f"conv{s}{n}" for s, n in numbers if s == stage] for stage in range(1, last + 1)]
    return Parts(
        "vgg19-distilled",
        _convolution(weights["conv0.weight"], weights["conv0.bias"], "zeros"),
        "reflect",
        tuple(tuple(_layer(weights, name) for name in stage) for stage in stages),
        tuple(_layer(weights, name) for name in wide),
    )


def _convolutions(weights: Mapping[str, Tensor], prefix: str = "") -> set[int]:
    names = [key.removeprefix(prefix).split(".") for key, value in weights.items() if value.dim() == 4]  # noqa: PLR2004
    return {int(name[0]) for name in names if len(name) == 2 and name[0].isdecimal()}  # noqa: PLR2004


def _chosen(
    weights: Mapping[str, Tensor], stages: tuple[tuple[int, ...], ...], prefix: str = ""
) -> tuple[tuple[Layer, ...], ...]:
    return tuple(tuple(_layer(weights, f"{prefix}{layer}") for layer in stage) for stage in stages)


def _layer(weights: Mapping[str, Tensor], name: str) -> Layer:
    return weights[f"{name}.weight"], weights[f"{name}.bias"]


def _convolution(weight: Tensor, bias: Tensor, padding: Literal["reflect", "zeros"]) -> nn.Conv2d:
    outward, inward, side, _ = weight.shape
    layer = nn.Conv2d(inward, outward, side, padding=side // 2, padding_mode=padding)
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer


class _Standardized(nn.Module):
    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        mean, spread = (torch.tensor(values).to(images)[:, None, None] for values in (_MEAN, _SPREAD))
        return (images - mean) / spread
