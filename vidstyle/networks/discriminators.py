"""Discriminators: pictures → real/fake logits."""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidstyle.networks.layers import Norm, normalization
from vidstyle.registry import Registry

DISCRIMINATORS: Registry[type[nn.Module]] = Registry(
    "discriminators",
    {
        "patch": "vidstyle.networks.discriminators:PatchDiscriminator",
        "pixel": "vidstyle.networks.discriminators:PixelDiscriminator",
        "dense": "vidstyle.networks.discriminators:DenseDiscriminator",
        "temporal": "vidstyle.networks.discriminators:TemporalDiscriminator",
    },
)


class PatchDiscriminator(nn.Sequential):
    """PatchGAN (Isola et al. 2017): each logit judges one patch; with `layers` 3 the patch is 70x70 pixels.

    Gives a map of logits (n, 1, ph, pw), high where the patch looks real.

    Args:
        channels: of the input; 3 for a picture alone, 6 for source and target together as in pix2pix.
        width: channels of the first layer (the paper's 64).
        layers: stride-2 convolutions; 1, 2, 3 judge patches of 16, 34, 70 pixels.
        norm: of all layers but the first and the last.
    """

    def __init__(self, *, channels: int = 3, width: int = 64, layers: int = 3, norm: Norm = "instance") -> None:
        stack: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
        for depth in range(1, layers + 1):
            inputs, outputs = (width * min(2**d, 8) for d in (depth - 1, depth))
            stride = 2 if depth < layers else 1
            stack += [nn.Conv2d(inputs, outputs, 4, stride, 1), normalization(norm, outputs)]
            stack += [nn.LeakyReLU(0.2, inplace=True)]
        super().__init__(*stack, nn.Conv2d(outputs, 1, 4, 1, 1))


class PixelDiscriminator(nn.Sequential):
    """PixelGAN (Isola et al. 2017): each logit judges one pixel's colour. Gives a map of logits (n, 1, h, w)."""

    def __init__(self, *, channels: int = 3, width: int = 64, norm: Norm = "instance") -> None:
        super().__init__(
            nn.Conv2d(channels, width, 1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(width, 2 * width, 1, bias=norm == "instance"),
            normalization(norm, 2 * width),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(2 * width, 1, 1, bias=norm == "instance"),
        )


class DenseDiscriminator(nn.Module):
    """A fully connected discriminator (Goodfellow et al. 2014): one logit judges the whole picture.

    Convention: pictures are reduced to `size` x `size` pixels first, by averaging, so that any size goes in. What it
    judges is where masses of light and colour lie; it does not see strokes.

    Args:
        channels: of the input.
        size: px, side of what it looks at.
        width: neurons of each hidden layer.
        layers: hidden layers.
    """

    def __init__(self, *, channels: int = 3, size: int = 32, width: int = 256, layers: int = 2) -> None:
        super().__init__()
        sizes = [channels * size * size, *[width] * layers]
        hidden = [
            nn.Sequential(nn.Linear(inputs, outputs), nn.LeakyReLU(0.2, inplace=True))
            for inputs, outputs in pairwise(sizes)
        ]
        self.reduce = nn.AdaptiveAvgPool2d(size)
        self.layers = nn.Sequential(nn.Flatten(), *hidden, nn.Linear(width, 1))

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 1"]:
        """Give one logit a picture, high where it looks real."""
        logits: Tensor = self.layers(self.reduce(x))
        return logits


class TemporalDiscriminator(nn.Module):
    """A PatchGAN over consecutive frames: 3-D convolutions judge patches of look and movement at once.

    Source: Isola et al. 2017's patches with the time axis of Tran et al. 2015 (C3D). The time axis is never padded:
    `frames` frames end as one, so that no logit judges a movement that it can't see.

    Args:
        channels: of one frame.
        frames: how many it judges at once, odd (3).
        width: channels of the first layer.
        layers: stride-2 convolutions, at least (frames - 1) / 2.
    """

    def __init__(self, *, channels: int = 3, frames: int = 3, width: int = 32, layers: int = 3) -> None:
        super().__init__()
        if frames % 2 == 0 or frames > 2 * layers + 1:
            raise ValueError(f"{frames} frames over {layers} layers; expected an odd number up to {2 * layers + 1}")
        stack: list[nn.Module] = []
        for depth in range(layers):
            inputs = channels if depth == 0 else width * min(2 ** (depth - 1), 8)
            outputs = width * min(2**depth, 8)
            moments = 3 if depth < frames // 2 else 1
            stack += [nn.Conv3d(inputs, outputs, (moments, 4, 4), (1, 2, 2), (0, 1, 1))]
            stack += [nn.InstanceNorm3d(outputs)] if depth else []
            stack += [nn.LeakyReLU(0.2, inplace=True)]
        self.layers = nn.Sequential(*stack, nn.Conv3d(outputs, 1, (1, 4, 4), 1, (0, 1, 1)))

    def forward(self, frames: Float[Tensor, "n t c h w"]) -> Float[Tensor, "n 1 ph pw"]:
        """Give a map of logits for n sequences of frames in their order, high where they look real."""
        logits: Tensor = torch.squeeze(self.layers(frames.transpose(1, 2)), 2)
        return logits
