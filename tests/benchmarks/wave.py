"""A published painterly network (ml5.js' `wave`), read from its raw arrays, as a style that flickers little."""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d, conv_transpose2d, instance_norm, pad


class Wave:
    """Johnson's network as TensorFlow laid it out. Convention: RGB 0 to 1 in and out; the weights want 0 to 255."""

    def __init__(self, folder: Path) -> None:
        entries = json.loads((folder / "manifest.json").read_text())
        self._arrays = {
            name: torch.from_numpy(np.fromfile(folder / entry["filename"], np.float32).reshape(entry["shape"]))
            for name, entry in entries.items()
        }

    def __call__(self, images: Tensor) -> Tensor:
        """Paint every picture by itself. Sides that 4 does not divide are painted on a repeated edge."""
        height, width = images.shape[-2:]
        padded = pad(images, (0, -width % 4, 0, -height % 4), mode="replicate")
        return torch.cat([self._paint(image[None]) for image in padded])[..., :height, :width]

    def _paint(self, image: Tensor) -> Tensor:
        x = image * 255
        for layer, stride in ((0, 1), (1, 2), (2, 2)):
            x = self._normed(layer, self._conv(layer, x, stride)).relu()
        for layer in range(3, 13, 2):
            inner = self._normed(layer, self._conv(layer, x)).relu()
            x = x + self._normed(layer + 1, self._conv(layer + 1, inner))
        for layer in (13, 14):
            x = self._normed(layer, self._enlarged(layer, x)).relu()
        x = self._normed(15, self._conv(15, x))
        return ((x.tanh() * 150 + 127.5) / 255).clamp(0, 1)

    def _array(self, number: int) -> Tensor:
        return self._arrays["Variable" if number == 0 else f"Variable_{number}"]

    def _conv(self, layer: int, x: Tensor, stride: int = 1) -> Tensor:
        weight = self._array(3 * layer).permute(3, 2, 0, 1)
        # TensorFlow's SAME: of an odd sum of padding the larger part is behind.
        around = weight.shape[-1] - stride
        before = around // 2
        return conv2d(pad(x, (before, around - before) * 2), weight, stride=stride)

    def _enlarged(self, layer: int, x: Tensor) -> Tensor:
        weight = self._array(3 * layer).permute(3, 2, 0, 1)
        height, width = (2 * side for side in x.shape[-2:])
        return conv_transpose2d(x, weight, stride=2)[..., :height, :width]

    def _normed(self, layer: int, x: Tensor) -> Tensor:
        shift, scale = self._array(3 * layer + 1), self._array(3 * layer + 2)
        return instance_norm(x, weight=scale, bias=shift, eps=1e-3)
