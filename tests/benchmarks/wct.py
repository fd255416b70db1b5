"""A peer that takes any picture as the style: universal style transfer with the compressed networks, as published.

Whitening and coloring of features at five depths, the deepest first (Li et al. 2017, Universal style transfer via
feature transforms), in the VGG-19 that Wang et al. 2020 (Collaborative distillation) made sixteen times smaller.
"""

from itertools import pairwise
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate, max_pool2d, pad

from vidstyle.frames import bitmap
from vidstyle.networks import Style, StyleCard
from vidstyle.networks.style import GeneratorSpec
from vidstyle.training.pictures import scaled
from vidstyle.training.sheet import middle_frame

_LEVELS = (5, 4, 3, 2, 1)
_STAGES = {1: 2, 2: 2, 3: 4, 4: 4, 5: 4}  # convolutions of VGG-19 before each pooling
_LEAST = 1e-5  # eigenvalues below this are none, as in the authors' code
_SIDE = 512  # px, short side that the authors bring style pictures to

Weights = dict[str, Tensor]


class Wct(nn.Module):
    """Draws pictures in [-1, 1] in the look of one picture, read from `look`, with the networks in `folder`."""

    multiple = 16

    def __init__(self, folder: Path, look: Path) -> None:
        super().__init__()
        self._encoders = {level: _read(folder / f"SE{level}.pth") for level in _LEVELS}
        self._decoders = {level: _read(folder / f"SD{level}.pth") for level in _LEVELS}
        weights = [*self._encoders.values(), *self._decoders.values()]
        self.weights = nn.ParameterList(tensor for each in weights for tensor in each.values()).requires_grad_(False)
        picture = scaled(bitmap(middle_frame(look)[0]), _SIDE)
        image = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
        self._looks = {level: _moments(encode(image, self._encoders[level], level)) for level in _LEVELS}

    def forward(self, x: Float[Tensor, "1 3 h w"]) -> Float[Tensor, "1 3 h w"]:
        """Draw one picture."""
        image = (x + 1) / 2
        for level in _LEVELS:
            coloured = _transform(encode(image, self._encoders[level], level), self._looks[level])
            image = decode(coloured, self._decoders[level], level)
        return image.clamp(0, 1) * 2 - 1


def wct_style(folder: Path, look: Path, card: StyleCard) -> Style:
    """Make a style of it, for what measures styles; `card` is that of any other."""
    told = card.model_copy(update={"name": "wct", "generator": GeneratorSpec(name="resnet"), "adjustable": False})
    return Style(told, folder, Wct(folder, look).eval())


def encode(image: Float[Tensor, "1 3 h w"], weights: Weights, level: int) -> Float[Tensor, "1 c h2 w2"]:
    """Give relu{level}_1 of RGB 0 to 1."""
    x = conv2d(image, weights["conv0.weight"], weights["conv0.bias"])
    for name, following in pairwise([*_names(level), ""]):
        x = _convolved(x, weights, name).relu()
        if following.endswith("1"):
            x = max_pool2d(x, 2)
    return x


def decode(features: Float[Tensor, "1 c h2 w2"], weights: Weights, level: int) -> Float[Tensor, "1 3 h w"]:
    """Give the RGB that has these features."""
    x = features
    for name in reversed(_names(level)):
        x = _convolved(x, weights, name)
        if name != "conv11":
            x = x.relu()
            if name.endswith("1"):
                x = interpolate(x, scale_factor=2, mode="nearest")
    return x


def _names(level: int) -> list[str]:
    below = [f"conv{stage}{number}" for stage in range(1, level) for number in range(1, _STAGES[stage] + 1)]
    return [*below, f"conv{level}1"]


def _convolved(x: Tensor, weights: Weights, name: str) -> Tensor:
    return conv2d(pad(x, (1, 1, 1, 1), mode="reflect"), weights[f"{name}.weight"], weights[f"{name}.bias"])


def _moments(features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean, eigenvalues and eigenvectors of the covariance of a picture's features."""
    flat = features[0].flatten(1).double()
    mean = flat.mean(1, keepdim=True)
    values, vectors = torch.linalg.eigh((flat - mean) @ (flat - mean).T / (flat.shape[1] - 1))
    kept = values > _LEAST
    return mean, values[kept], vectors[:, kept]


def _transform(features: Tensor, look: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    mean, values, vectors = _moments(features)
    white = vectors @ torch.diag(values**-0.5) @ vectors.T
    look_mean, look_values, look_vectors = look
    colour = look_vectors @ torch.diag(look_values**0.5) @ look_vectors.T
    flat = colour @ white @ (features[0].flatten(1).double() - mean) + look_mean
    return flat.reshape_as(features[0])[None].float()


def _read(path: Path) -> Weights:
    weights: Weights = torch.load(path, map_location="cpu", weights_only=True)["model"]
    return weights
