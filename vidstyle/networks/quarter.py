"""A generator for speed: hardly anything of it works at the picture's full size."""

from jaxtyping import Float
from torch import Tensor, nn

from vidstyle.networks.layers import ConvBlock, ResidualBlock


class QuarterResnet(nn.Module):
    """Residual blocks at a quarter of the size, between pixels folded into channels and unfolded again.

    Of a `ResnetGenerator` with skips two thirds of the time go into layers at full and half size. Here the first and
    the last layer see four pixels as one place with four times the channels (Shi et al. 2016, Real-time single image
    and video super-resolution, section 3.2), and the picture itself is added at the end, so that edges stay where they
    are. Without norms: a pixel depends on its neighbourhood alone.

    Convention: (n, 3, h, w) in [-1, 1], height and width multiples of `multiple`.

    Args:
        width: channels at half the size.
        core: channels at a quarter of it.
        blocks: residual blocks there.
    """

    multiple = 4

    def __init__(self, *, width: int = 16, core: int = 48, blocks: int = 3) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(2),
            ConvBlock(12, width, norm="none"),
            ConvBlock(width, core, stride=2, norm="none"),
        )
        self.residual = nn.Sequential(*(ResidualBlock(core, norm="none") for _ in range(blocks)))
        self.up = nn.Sequential(nn.Upsample(scale_factor=2), ConvBlock(core, width, norm="none"))
        self.decoder = nn.Sequential(
            ConvBlock(width, width, norm="none"), nn.ReflectionPad2d(1), nn.Conv2d(width, 12, 3), nn.PixelShuffle(2)
        )

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        """Stylize pictures in [-1, 1]."""
        half: Tensor = self.encoder[1](self.encoder[0](x))
        y: Tensor = self.up(self.residual(self.encoder[2](half)))
        made: Tensor = self.decoder(y + half) + x
        return made.tanh()
