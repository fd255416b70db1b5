"""U-Net: an encoder down to one pixel, and a decoder that sees every size of it again."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidstyle.networks.layers import Norm, normalization


class UnetGenerator(nn.Module):
    """pix2pix's generator (Isola et al. 2017): halvings, as many doublings, and the features of each size in both.

    Convention: height and width must be multiples of `multiple`, 2 to the power of `depth`. Dropout, which is part of
    the paper's training, is not here: a clip must not be drawn by lot.

    Args:
        width: channels of the first layer (the paper's 64); they double up to eight times that.
        depth: 8 is pix2pix's `unet_256`, 7 its `unet_128`.
        norm: of all layers but the outermost and the innermost encoder's.
    """

    def __init__(self, *, width: int = 64, depth: int = 8, norm: Norm = "batch") -> None:
        super().__init__()
        self.multiple = 2**depth
        bias = norm.startswith("instance")  # as published
        channels = [3, *(width * min(2**level, 8) for level in range(depth))]
        self.downs = nn.ModuleList(
            nn.Conv2d(channels[level], channels[level + 1], 4, 2, 1, bias=bias) for level in range(depth)
        )
        self.down_norms = nn.ModuleList(normalization(norm, channels[level + 1]) for level in range(1, depth - 1))
        self.ups = nn.ModuleList(
            nn.ConvTranspose2d(
                channels[level + 1] * (1 if level == depth - 1 else 2),
                channels[level],
                4,
                2,
                1,
                bias=bias or level == 0,
            )
            for level in range(depth)
        )
        self.up_norms = nn.ModuleList(normalization(norm, channels[level]) for level in range(1, depth))

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        """Stylize pictures in [-1, 1]."""
        seen: list[Tensor] = [self.downs[0](x)]
        for down, norm in zip(self.downs[1:-1], self.down_norms, strict=True):
            seen.append(norm(down(nn.functional.leaky_relu(seen[-1], 0.2))))
        y = self.downs[-1](nn.functional.leaky_relu(seen[-1], 0.2))
        for level in range(len(self.ups) - 1, 0, -1):
            y = self.up_norms[level - 1](self.ups[level](y.relu()))
            y = torch.cat((seen[level - 1], y), 1)
        return torch.tanh(self.ups[0](y.relu()))
