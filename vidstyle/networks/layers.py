"""The blocks that generators and discriminators are made of."""

from collections.abc import Callable
from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

Norm = Literal["instance", "instance-affine", "batch", "group", "none"]
Border = Literal["reflect", "zeros"]
Upsample = Literal["transposed", "resize"]


def normalization(norm: Norm, channels: int) -> nn.Module:
    """The normalization layer called `norm`; `none` is the identity, so that layers keep their place in a sequence."""
    layers: dict[str, Callable[[int], nn.Module]] = {
        "instance": nn.InstanceNorm2d,  # not affine, as in CycleGAN
        "instance-affine": lambda c: nn.InstanceNorm2d(c, affine=True),
        "batch": nn.BatchNorm2d,
        "group": lambda c: nn.GroupNorm(1, c),
        "none": lambda _: nn.Identity(),
    }
    return layers[norm](channels)


class ConvBlock(nn.Sequential):
    """Padding, convolution, normalization, ReLU. Stride 2 halves the size, rounding up."""

    def __init__(
        self, inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1, norm: Norm, border: Border = "reflect"
    ) -> None:
        super().__init__(
            nn.ReflectionPad2d(kernel // 2) if border == "reflect" else nn.ZeroPad2d(kernel // 2),
            nn.Conv2d(inputs, outputs, kernel, stride, bias=_needs_bias(norm)),
            normalization(norm, outputs),
            nn.ReLU(inplace=True),
        )


class ResidualBlock(nn.Module):
    """x + Conv(ReLU(Conv(x))): CycleGAN's residual block, without dropout."""

    def __init__(self, channels: int, *, norm: Norm) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            ConvBlock(channels, channels, norm=norm),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=_needs_bias(norm)),
            normalization(norm, channels),
        )

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """Add the branch to its input."""
        y: Tensor = x + self.branch(x)
        return y


class UpBlock(nn.Sequential):
    """Doubles height and width.

    `transposed` is CycleGAN's, `resize` (nearest, then convolution; Odena et al. 2016) can't leave a checkerboard.
    """

    def __init__(self, inputs: int, outputs: int, *, norm: Norm, upsample: Upsample) -> None:
        bias = _needs_bias(norm)
        up: list[nn.Module] = (
            [nn.ConvTranspose2d(inputs, outputs, 3, 2, padding=1, output_padding=1, bias=bias)]
            if upsample == "transposed"
            else [nn.Upsample(scale_factor=2), nn.ReflectionPad2d(1), nn.Conv2d(inputs, outputs, 3, bias=bias)]
        )
        super().__init__(*up, normalization(norm, outputs), nn.ReLU(inplace=True))


def _needs_bias(norm: Norm) -> bool:
    # Batch norm has its own shift; the others are taken with a bias as in the published CycleGAN code.
    return norm != "batch"
