"""A published mosaic network, read from its weights, as a style that flickers strongly."""

from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import conv2d, conv_transpose2d, instance_norm, pad


class Mosaic:
    """Johnson's network with ResNeXt blocks. Convention: RGB 0 to 1 in and out; the weights want BGR 0 to 255."""

    def __init__(self, path: Path) -> None:
        self._weights: dict[str, Tensor] = torch.load(path, weights_only=True, map_location="cpu")

    def __call__(self, images: Tensor) -> Tensor:
        """Paint every picture by itself."""
        return torch.cat([self._paint(image[None]) for image in images])

    def _paint(self, image: Tensor) -> Tensor:
        x = image.flip(1) * 255
        for number, stride in ((0, 1), (2, 2), (4, 2)):
            x = self._normed(f"ConvBlock.{number}", self._conv(f"ConvBlock.{number}", x, stride)).relu()
        for number in range(5):
            x = x + self._residual(f"ResidualBlock.{number}", x)
        for number in (0, 2):
            name = f"DeconvBlock.{number}"
            weight, bias = (self._weights[f"{name}.conv_transpose.{part}"] for part in ("weight", "bias"))
            x = self._normed(name, conv_transpose2d(x, weight, bias, 2, 1, 1)).relu()
        return (self._conv("DeconvBlock.4", x) / 255).clamp(0, 1).flip(1)

    def _residual(self, name: str, x: Tensor) -> Tensor:
        for number in (1, 2, 3):
            layer = f"{name}.conv{number}"
            x = self._normed(layer, self._conv(layer, x))
            x = x.relu() if number < 3 else x
        return x

    def _conv(self, name: str, x: Tensor, stride: int = 1) -> Tensor:
        weight, bias = (self._weights[f"{name}.conv_layer.{part}"] for part in ("weight", "bias"))
        return conv2d(pad(x, (weight.shape[-1] // 2,) * 4, mode="reflect"), weight, bias, stride)

    def _normed(self, name: str, x: Tensor) -> Tensor:
        weight, bias = (self._weights[f"{name}.norm_layer.{part}"] for part in ("weight", "bias"))
        return instance_norm(x, weight=weight, bias=bias)
