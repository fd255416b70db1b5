"""Any picture as the style: a network that looks at it, and draws in what it saw."""

import copy
from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidstyle.networks.layers import ConvBlock, ResidualBlock
from vidstyle.networks.palette import COLOURS, Recolour, palette_of

_BELOW_ONE = 0.98  # atanh has no end at 1
_LAST = 8  # channels of the one layer at full size
_LEAST = 1e-2  # variance of a feature: what hardly varies in a frame isn't blown up to what varies in a picture


class ReferenceResnet(nn.Module):
    """A generator for speed that draws in a look: the mean and deviation that each of its features shall have.

    As in `QuarterResnet`, residual blocks work at a quarter of the size. Before each ReLU adaptive instance
    normalization (Huang and Belongie 2017) brings features to the look's statistics, which are those that the same
    network has when it is given the picture of the look: a look tells of every layer, and none of it has to be learned.
    What is drawn is added to the frame in the look's palette, as far as one change for the whole frame reaches
    (`Recolour`), so that strokes are left to draw. A strength is how far features are brought; at 0 it is shown what it
    is given and draws it again. Between two looks lie looks as well.

    Convention: the fourth channel of the input is the strength, one number all over each picture, in 0 … 1.

    Args:
        width: channels at half the size.
        core: channels at a quarter of it.
        blocks: residual blocks there.
    """

    multiple = 4
    inputs = 4

    def __init__(self, *, width: int = 24, core: int = 64, blocks: int = 5) -> None:
        super().__init__()
        self.recolour = Recolour()
        self.stem = nn.Sequential(nn.PixelUnshuffle(2), ConvBlock(12, width, norm="instance"))
        self.quarter = ConvBlock(width, core, stride=2, norm="instance")
        self.residual = nn.Sequential(*(ResidualBlock(core, norm="instance") for _ in range(blocks)))
        self.up = nn.Sequential(_doubled(), ConvBlock(core, width, norm="instance"))
        self.wide = nn.Sequential(ConvBlock(width, width, norm="instance"), _doubled())
        self.last = nn.Sequential(
            ConvBlock(width + 3, _LAST, norm="none"), nn.ReflectionPad2d(1), nn.Conv2d(_LAST, 3, 3)
        )
        stages = (self.stem, self.quarter, self.residual, self.up, self.wide)
        norms = [layer for stage in stages for layer in stage.modules() if isinstance(layer, nn.InstanceNorm2d)]
        edges = accumulate((2 * layer.num_features for layer in norms), initial=COLOURS)
        self._spans = {norm: slice(*span) for norm, span in zip(norms, pairwise(edges), strict=True)}
        for layer in norms:
            layer.eps = _LEAST
        self.look = nn.Parameter(torch.zeros(COLOURS + sum(2 * layer.num_features for layer in norms)))

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

    def see(self, pictures: Float[Tensor, "n 3 h w"]) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n 3 h w"]]:
        """Give the looks of pictures in [-1, 1], and the pictures as they are drawn again."""
        seen = [palette_of(pictures)]
        again: Tensor = self._paint(pictures, self.look[None], pictures.new_zeros(len(pictures), 1), seen)
        return torch.cat(seen, 1), again

    # Any: torch.fx follows a dressed generator with what only stands for tensors, which checked annotations refuse.
    def _paint(self, picture: Any, looks: Any, strength: Any, seen: list[Tensor] | None = None) -> Any:
        share = strength[..., None, None]
        coloured = self.recolour(picture, looks[:, :COLOURS]).clamp(-1, 1)
        base = picture + (coloured - picture) * share
        half = self._through(self.stem, picture, looks, share, seen)
        y = self._through(self.quarter, half, looks, share, seen)
        for block in self.residual:
            assert isinstance(block, ResidualBlock)  # nothing else stands there
            y = y + self._through(block.branch, y, looks, share, seen)
        y = self._through(self.up, y, looks, share, seen) + half
        y = self.last(torch.cat((self._through(self.wide, y, looks, share, seen), base), 1))
        return (y + (base * _BELOW_ONE).atanh()).tanh()

    def _through(self, stage: nn.Module, x: Any, looks: Any, share: Any, seen: list[Tensor] | None) -> Any:
        for layer in _leaves(stage):
            if not isinstance(layer, nn.InstanceNorm2d):
                x = layer(x)
                continue
            if seen is not None:
                seen.append(_statistics(x))
            mean, deviation = looks[:, self._spans[layer]][..., None, None].chunk(2, 1)
            x = x + (layer(x) * deviation + mean - x) * share
        return x


class ReferenceGenerator(nn.Module):
    """Draws pictures in the look of any other picture; `dressed` makes a generator for one look of it.

    Called with pictures alone it draws each in its own look, which should leave it as it is.

    Args:
        width, core, blocks: of the `ReferenceResnet` that looks and draws.
    """

    multiple = 4

    def __init__(self, *, width: int = 24, core: int = 64, blocks: int = 5) -> None:
        super().__init__()
        self.painter = ReferenceResnet(width=width, core=core, blocks=blocks)

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        """Draw pictures in [-1, 1] in their own looks."""
        return self.painter.see(x)[1]

    @torch.no_grad()
    def dressed(self, picture: Float[Tensor, "1 3 h w"]) -> ReferenceResnet:
        """Make a generator that draws in the look of `picture`, whatever it is given to draw."""
        painter = copy.deepcopy(self.painter)
        height, width = (side // self.multiple * self.multiple for side in picture.shape[-2:])
        painter.look.copy_(self.painter.see(picture[..., :height, :width])[0][0])
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
    return torch.cat((mean, (variance + _LEAST).sqrt()), 1)
