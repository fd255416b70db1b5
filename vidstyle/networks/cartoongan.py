"""CartoonGAN's generator."""

from jaxtyping import Float
from torch import Tensor, nn


class CartoonGenerator(nn.Module):
    """CartoonGAN (Chen, Lai and Liu 2018), figure 2: k7n64s1, two downs of two convolutions, residual blocks, two ups.

    Convention: the published weights want BGR in [-1, 1]; height and width must be multiples of `multiple`. Downs and
    ups see zeros outside the picture, the other layers its reflection.

    Args:
        width: channels of the first layer (64).
        blocks: residual blocks (8).
    """

    multiple = 4

    def __init__(self, *, width: int = 64, blocks: int = 8) -> None:
        super().__init__()
        wide = 4 * width
        self.flat = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(3, width, 7), _norm(width), nn.ReLU())
        self.downs = nn.Sequential(_down(width, 2 * width), _down(2 * width, wide))
        self.residual = nn.Sequential(*(_Residual(wide) for _ in range(blocks)))
        self.ups = nn.Sequential(_up(wide, 2 * width), _up(2 * width, width))
        self.last = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        """Stylize pictures in [-1, 1]."""
        y: Tensor = self.last(self.ups(self.residual(self.downs(self.flat(x)))))
        return y


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            _norm(channels),
            nn.ReLU(),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            _norm(channels),
        )

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        y: Tensor = x + self.branch(x)
        return y


def _down(inputs: int, outputs: int) -> nn.Sequential:
    first, second = nn.Conv2d(inputs, outputs, 3, 2, 1), nn.Conv2d(outputs, outputs, 3, 1, 1)
    return nn.Sequential(first, second, _norm(outputs), nn.ReLU())


def _up(inputs: int, outputs: int) -> nn.Sequential:
    first, second = nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, 1), nn.Conv2d(outputs, outputs, 3, 1, 1)
    return nn.Sequential(first, second, _norm(outputs), nn.ReLU())


def _norm(channels: int) -> nn.Module:
    return nn.InstanceNorm2d(channels, affine=True, eps=1e-9)
