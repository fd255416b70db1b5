"""Generators that remember: what they make of a frame depends on what they made of the one before."""

from abc import abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate

from vidstyle.networks.generators import ResnetGenerator
from vidstyle.networks.layers import ConvBlock, Norm, ResidualBlock, UpBlock, Upsample


class RecurrentGenerator(nn.Module):
    """A generator with a memory: one tensor, handed from frame to frame, moved along the flow in between.

    Convention: the memory is a map of features (n, c, h / scale, w / scale), `scale` a power of two up to `multiple`.
    The stage that runs the network moves it (`stages.recurrent`); a network never sees the flow itself. Visibility is
    that of the moved memory, 1 where it can be trusted, at the pictures' size. Without a past both are None.
    """

    multiple = 4
    scale = 1

    @abstractmethod
    def step(
        self,
        x: Float[Tensor, "n 3 h w"],
        past: Float[Tensor, "n m mh mw"] | None,
        visibility: Float[Tensor, "n 1 h w"] | None,
    ) -> tuple[Float[Tensor, "n 3 h w"], Float[Tensor, "n m mh mw"]]:
        """Stylize pictures in [-1, 1] with the moved memory of the frames before; returns pictures and new memory."""

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        """Stylize pictures that have no past."""
        return self.step(x, None, None)[0]


class RecurrentResnet(RecurrentGenerator):
    """A ResNet that also sees its own previous output, moved to the current frame, and where that can be trusted.

    The memory is the output itself (Ruder, Dosovitskiy and Brox 2018, section 5). Without a past the seven channels
    hold zeros, and zero visibility says so.

    Args:
        width, blocks, norm, upsample, skips: as of `ResnetGenerator`.
    """

    def __init__(
        self,
        *,
        width: int = 64,
        blocks: int = 9,
        norm: Norm = "instance",
        upsample: Upsample = "resize",
        skips: bool = False,
    ) -> None:
        super().__init__()
        self.resnet = ResnetGenerator(
            width=width, blocks=blocks, norm=norm, upsample=upsample, skips=skips, channels=3 + 3 + 1
        )

    def step(
        self,
        x: Float[Tensor, "n 3 h w"],
        past: Float[Tensor, "n 3 h w"] | None,
        visibility: Float[Tensor, "n 1 h w"] | None,
    ) -> tuple[Float[Tensor, "n 3 h w"], Float[Tensor, "n 3 h w"]]:
        """Stylize: frame, visible part of the past and visibility go in together."""
        if past is None or visibility is None:
            past, visibility = torch.zeros_like(x), torch.zeros_like(x[:, :1])
        y: Tensor = self.resnet(torch.cat((x, past * visibility, visibility), 1))
        return y, y


class ConvGRUGenerator(RecurrentGenerator):
    """A ResNet whose residual blocks see a convolutional GRU's memory at a quarter of the size.

    Source: Ballas et al. 2016, Delving Deeper into Convolutional Networks for Learning Video Representations,
    equations 5 to 8; here the memory is moved along the flow first, and what is not visible of it is forgotten.

    Args:
        width, blocks, norm, upsample: as of `ResnetGenerator`.
    """

    scale = 4

    def __init__(self, *, width: int = 32, blocks: int = 6, norm: Norm = "none", upsample: Upsample = "resize") -> None:
        super().__init__()
        deep = 4 * width
        self.encoder = nn.Sequential(
            ConvBlock(3, width, kernel=7, norm=norm),
            ConvBlock(width, 2 * width, stride=2, norm=norm),
            ConvBlock(2 * width, deep, stride=2, norm=norm),
        )
        self.memory = ConvGRU(deep)
        self.residual = nn.Sequential(*(ResidualBlock(deep, norm=norm) for _ in range(blocks)))
        self.decoder = nn.Sequential(
            UpBlock(deep, 2 * width, norm=norm, upsample=upsample),
            UpBlock(2 * width, width, norm=norm, upsample=upsample),
            nn.ReflectionPad2d(3),
            nn.Conv2d(width, 3, 7),
            nn.Tanh(),
        )

    def step(
        self,
        x: Float[Tensor, "n 3 h w"],
        past: Float[Tensor, "n m mh mw"] | None,
        visibility: Float[Tensor, "n 1 h w"] | None,
    ) -> tuple[Float[Tensor, "n 3 h w"], Float[Tensor, "n m mh mw"]]:
        """Stylize: the encoder's features change the memory, and the memory is what gets drawn."""
        features: Tensor = self.encoder(x)
        if past is None or visibility is None:
            past = torch.zeros_like(features)
        else:
            past = past * interpolate(visibility, size=past.shape[-2:], mode="area")
        hidden: Tensor = self.memory(features, past)
        return self.decoder(self.residual(hidden)), hidden


class ConvGRU(nn.Module):
    """A gated recurrent unit with 3x3 convolutions: h = (1 - z) h' + z tanh(W x + U (r h'))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gates = nn.Conv2d(2 * channels, 2 * channels, 3, padding=1, padding_mode="reflect")
        self.candidate = nn.Conv2d(2 * channels, channels, 3, padding=1, padding_mode="reflect")

    def forward(self, x: Float[Tensor, "n c h w"], past: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """Give the memory after `x`, from the memory before it."""
        update, reset = self.gates(torch.cat((x, past), 1)).sigmoid().chunk(2, 1)
        candidate = self.candidate(torch.cat((x, reset * past), 1)).tanh()
        new: Tensor = torch.lerp(past, candidate, update)
        return new
