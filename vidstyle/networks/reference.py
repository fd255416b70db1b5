"""Any picture as the style: a network that looks at it, and a generator that draws in what was seen."""

import copy
from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidstyle.networks.layers import ConvBlock, ResidualBlock
from vidstyle.networks.palette import COLOURS, Recolour, palette_of


class ReferenceResnet(nn.Module):
    """A generator for speed that draws in a look: what scales and shifts the features after each instance norm.

    Each look is one vector (Dumoulin et al. 2017, conditional instance normalization); between two of them lie looks as
    well. `plain` is the look of pictures as they are, so that a strength is a place on the way from there to `look`. As
    in `QuarterResnet`, residual blocks work at a quarter of the size. All of it sees the picture's evened colours, and
    the sum of these and what is drawn gets the look's palette (`Recolour`), so that strokes are the same for every
    palette. It draws at half the size, for speed, and because no brush is one pixel wide; of what is finer than that in
    the picture, the look says how much stays. The strength is also the share of all this in the result: at 0 it is the
    picture itself.

    Convention: the fourth channel of the input is the strength, one number all over each picture, in 0 … 1.

    Args:
        width: channels at half the size.
        core: channels at a quarter of it.
        blocks: residual blocks there.
    """

    multiple = 4
    inputs = 4

    def __init__(self, *, width: int = 24, core: int = 48, blocks: int = 3) -> None:
        super().__init__()
        self.recolour = Recolour()
        self.coarse = nn.AvgPool2d(2)
        self.stem = nn.Sequential(nn.PixelUnshuffle(2), ConvBlock(12, width, norm="instance"))
        self.quarter = ConvBlock(width, core, stride=2, norm="instance")
        self.residual = nn.Sequential(*(ResidualBlock(core, norm="instance") for _ in range(blocks)))
        self.up = nn.Sequential(ConvBlock(core, width, norm="instance"), _doubled())
        self.wide = ConvBlock(width, width, norm="instance")
        self.last = nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(width, 3, 3))
        self.full = _doubled()
        stages = (self.stem, self.quarter, self.residual, self.up, self.wide)
        norms = [layer for stage in stages for layer in stage.modules() if isinstance(layer, nn.InstanceNorm2d)]
        edges = accumulate((2 * layer.num_features for layer in norms), initial=COLOURS + 1)
        self._spans = {norm: slice(*span) for norm, span in zip(norms, pairwise(edges), strict=True)}
        size = COLOURS + 1 + sum(2 * layer.num_features for layer in norms)
        self.plain = nn.Parameter(torch.zeros(size))
        self.look = nn.Parameter(torch.zeros(size))

    def forward(self, x: Float[Tensor, "n 4 h w"]) -> Float[Tensor, "n 3 h w"]:
        """Stylize pictures in [-1, 1] in the own look, each as strongly as its fourth channel says."""
        drawn: Tensor = self._paint(x[:, :3], self.look[None], x[:, 3:, 0, 0])
        return drawn

    def paint(
        self, picture: Float[Tensor, "n 3 h w"], looks: Float[Tensor, "m d"], strength: Float[Tensor, "n 1"]
    ) -> Float[Tensor, "n 3 h w"]:
        """Stylize pictures in [-1, 1], each in a look and at a strength of its own; one look may serve all."""
        drawn: Tensor = self._paint(picture, looks, strength)
        return drawn

    # Any: torch.fx follows a dressed generator with what only stands for tensors, which checked annotations refuse.
    def _paint(self, picture: Any, looks: Any, strength: Any) -> Any:
        turns = self.plain + (looks - self.plain) * strength
        even = self.recolour.evened(picture)
        half = self._through(self.stem, even, turns)
        y = self._through(self.quarter, half, turns)
        for block in self.residual:
            assert isinstance(block, ResidualBlock)  # nothing else stands there
            y = y + self._through(block.branch, y, turns)
        y = self._through(self.wide, self._through(self.up, y, turns) + half, turns)
        fine = 1 + turns[:, COLOURS : COLOURS + 1, None, None]
        drawn = self.full(self.last(y) + self.coarse(even) * (1 - fine)) + even * fine
        coloured = self.recolour.mixed(drawn, looks[:, :COLOURS])
        return picture + (coloured - picture) * strength[..., None, None]

    def _through(self, stage: nn.Module, x: Any, turns: Any) -> Any:
        for layer in _leaves(stage):
            x = layer(x)
            if isinstance(layer, nn.InstanceNorm2d):
                scale, shift = turns[:, self._spans[layer]][..., None, None].chunk(2, 1)
                x = x * (1 + scale) + shift
        return x


class StyleEncoder(nn.Sequential):
    """Looks at a picture and says what it looks like: means and deviations of features at five sizes, and of colour.

    Positions are forgotten on purpose: where something is says nothing of how it is drawn.

    Convention: pictures in [-1, 1] of any size of 32 px and more; gives (n, `code`).

    Args:
        width: channels of the first layer.
        code: length of what is given.
    """

    def __init__(self, *, width: int = 24, code: int = 256) -> None:
        sizes = [3, width, 2 * width, 3 * width, 4 * width, 5 * width]
        super().__init__(
            *(
                nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(inputs, outputs, 3, 2), nn.ReLU())
                for inputs, outputs in pairwise(sizes)
            ),
            nn.Sequential(nn.Linear(2 * sum(sizes), code), nn.ReLU(), nn.Linear(code, code)),
        )
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.zeros(code))
        self.register_buffer("deviation", torch.ones(code))

    @torch.no_grad()
    def settle(self, pictures: Float[Tensor, "n 3 h w"]) -> None:
        """Measure the code from these pictures on: each number of it has mean 0 and deviation 1 over them.

        Pictures that differ give codes that differ then, and an optimizer that moves all weights alike moves what is
        made of the differences as fast as what all have in common.
        """
        codes = torch.cat([self(some) for some in torch.split(pictures, 16)]) * self.deviation + self.mean
        self.mean.copy_(codes.mean(0))
        self.deviation.copy_(codes.std(0).clamp_min(1e-3))

    def forward(self, pictures: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n d"]:
        """Tell what pictures look like."""
        *stages, tell = self
        seen, x = [_statistics(pictures)], pictures
        for stage in stages:
            x = stage(x)
            seen.append(_statistics(x))
        told: Tensor = (tell(torch.cat(seen, 1)) - self.mean) / self.deviation
        return told


class ReferenceGenerator(nn.Module):
    """Draws pictures in the look of any other picture; `dressed` makes a generator for one look of it.

    Called with pictures alone it draws each in its own look, which should leave it as it is.

    Args:
        width, core, blocks: of the `ReferenceResnet` that draws.
        eye: channels of the first layer of the `StyleEncoder`.
        code: length of what the encoder says of a picture.
    """

    multiple = 4

    def __init__(self, *, width: int = 24, core: int = 48, blocks: int = 3, eye: int = 24, code: int = 256) -> None:
        super().__init__()
        painter = ReferenceResnet(width=width, core=core, blocks=blocks)
        self.eye = StyleEncoder(width=eye, code=code)
        self.imagine = nn.Linear(code, len(painter.look) - COLOURS)
        self.painter = painter

    def begin(self) -> None:
        """Let no look have an effect, nearly, as before a training."""
        with torch.no_grad():
            self.imagine.weight.mul_(0.3)

    def see(self, pictures: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n d"]:
        """Give the looks of pictures in [-1, 1]."""
        return torch.cat((palette_of(pictures), self.imagine(self.eye(pictures))), 1)

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        """Draw pictures in [-1, 1] in their own looks."""
        return self.painter.paint(x, self.see(x), x.new_ones(len(x), 1))

    @torch.no_grad()
    def dressed(self, picture: Float[Tensor, "1 3 h w"]) -> ReferenceResnet:
        """Make a generator that draws in the look of `picture`, whatever it is given to draw."""
        painter = copy.deepcopy(self.painter)
        painter.look.copy_(self.see(picture)[0])
        return painter


def _doubled() -> nn.Module:
    """Make it twice the size, smoothly: with edges between the places Gram losses are fed by a grid of dots."""
    return nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)


def _leaves(stage: nn.Module) -> Iterator[nn.Module]:
    if isinstance(stage, nn.Sequential):
        for layer in stage:
            yield from _leaves(layer)
    else:
        yield stage


def _statistics(features: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
    variance, mean = torch.var_mean(features, dim=(2, 3), correction=0)
    return torch.cat((mean, (variance + 1e-5).sqrt()), 1)
