"""A generator with a dial: how strongly it draws is one of its inputs."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidstyle.networks.generators import ResnetGenerator
from vidstyle.networks.layers import Norm, Upsample

_HIDDEN = 16
_BELOW_ONE = 0.98  # atanh has no end at 1


class AdjustableResnet(nn.Module):
    """A ResNet that draws as strongly as it is told: 0 the picture itself, 1 the style, between them drawings.

    The strength scales and shifts the features after every stage (Perez et al. 2018, FiLM; as Babaeizadeh and Ghiasi
    2019 let the weights of losses do). The picture itself stands beside the last convolution, and is let in as the
    strength falls, so that nothing has to be drawn again that is to stay.

    Convention: the fourth channel of the input is the strength, one number all over each picture, in 0 … 1 whatever the
    pictures' range.

    Args:
        width, blocks, norm, upsample, skips: as of `ResnetGenerator`.
    """

    multiple = 4
    inputs = 4

    def __init__(
        self,
        *,
        width: int = 32,
        blocks: int = 5,
        norm: Norm = "none",
        upsample: Upsample = "resize",
        skips: bool = True,
    ) -> None:
        super().__init__()
        self.dial = nn.Sequential(nn.Linear(1, _HIDDEN), nn.ReLU())
        sizes = (width, 2 * width, *[4 * width] * (1 + blocks), 2 * width, width)
        self.turns = nn.ModuleList(Turn(size) for size in sizes)
        self.door = nn.Linear(_HIDDEN, 1)
        self.resnet = ResnetGenerator(width=width, blocks=blocks, norm=norm, upsample=upsample, skips=skips)
        self.begin()

    def begin(self) -> None:
        """Let the dial have no effect on any feature, as before a training."""
        for layer in [self.door, *(layer for layer in self.turns.modules() if isinstance(layer, nn.Linear))]:
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Float[Tensor, "n 4 h w"]) -> Float[Tensor, "n 3 h w"]:
        """Stylize pictures in [-1, 1], each as strongly as its fourth channel says."""
        resnet, picture, strength = self.resnet, x[:, :3], x[:, 3:, 0, 0]
        told = self.dial(strength)
        whole: Tensor = self.turns[0](resnet.encoder[0](picture), told)
        half: Tensor = self.turns[1](resnet.encoder[1](whole), told)
        y: Tensor = self.turns[2](resnet.encoder[2](half), told)
        for block, turn in zip(resnet.residual, list(self.turns)[3:-2], strict=True):
            y = turn(block(y), told)
        y = self.turns[-2](resnet.decoder[0](y), told)
        y = self.turns[-1](resnet.decoder[1](y + half if resnet.skips else y), told)
        y = resnet.decoder[2:](y + whole if resnet.skips else y)
        door = (1 - strength + self.door(told))[..., None, None]
        drawn: Tensor = y + door * (picture * _BELOW_ONE).atanh()
        return drawn.tanh()


class Turn(nn.Module):
    """Scales and shifts features by what the dial says; at the beginning not at all."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.change = nn.Linear(_HIDDEN, 2 * channels)

    def forward(self, features: Float[Tensor, "n c h w"], told: Float[Tensor, "n d"]) -> Float[Tensor, "n c h w"]:
        """Change `features` as `told`."""
        scale, shift = self.change(told)[..., None, None].chunk(2, 1)
        changed: Tensor = features * (1 + scale) + shift
        return changed


def is_adjustable(generator: nn.Module) -> bool:
    """Whether a generator takes a strength."""
    return int(getattr(generator, "inputs", 3)) > 3  # noqa: PLR2004


def with_strength(
    generator: nn.Module, images: Float[Tensor, "n 3 h w"], strength: Float[Tensor, " n"] | float = 1.0
) -> Float[Tensor, "n c h w"]:
    """Add the channel that an adjustable generator takes; others get the pictures as they are."""
    if not is_adjustable(generator):
        return images
    strengths = torch.as_tensor(strength, dtype=images.dtype, device=images.device).reshape(-1, 1, 1, 1)
    return torch.cat((images, strengths.expand(len(images), 1, *images.shape[-2:])), 1)
