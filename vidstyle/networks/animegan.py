"""AnimeGANv2's generator."""

from jaxtyping import Float
from torch import Tensor, nn


class AnimeGenerator(nn.Module):
    """AnimeGANv2 (Chen et al. 2020) as converted to PyTorch: two downs, four inverted residual blocks, two ups.

    Convention: RGB in [-1, 1]; height and width must be multiples of `multiple`.

    Args:
        width: channels of the first layer (32).
        align_corners: how the ups place pixels, torch's `align_corners`. It changes the result and can't be told from
            the weights; the published PyTorch network has True where nobody says otherwise, its test script False.
    """

    multiple = 32

    def __init__(self, *, width: int = 32, align_corners: bool = True) -> None:
        super().__init__()
        half, quarter, wide = 2 * width, 4 * width, 8 * width
        self.to_half = nn.Sequential(_Layer(3, width, 7), _Layer(width, half, stride=2), _Layer(half, half))
        self.to_quarter = nn.Sequential(_Layer(half, quarter, stride=2), _Layer(quarter, quarter))
        self.residual = nn.Sequential(
            _Layer(quarter, quarter),
            _InvertedResidual(quarter, wide),
            *(_InvertedResidual(wide, wide) for _ in range(3)),
            _Layer(wide, quarter),
        )
        self.doubled = nn.Upsample(scale_factor=2.0, mode="bilinear", align_corners=align_corners)
        self.from_half = nn.Sequential(_Layer(quarter, quarter), _Layer(quarter, quarter))
        self.from_whole = nn.Sequential(_Layer(quarter, half), _Layer(half, half), _Layer(half, width, 7))
        self.last = nn.Conv2d(width, 3, 1, bias=False)

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        """Stylize pictures in [-1, 1]."""
        y: Tensor = self.residual(self.to_quarter(self.to_half(x)))
        y = self.from_half(self.doubled(y))
        y = self.from_whole(self.doubled(y))
        y = self.last(y)
        return y.tanh()


class _Layer(nn.Sequential):
    """Reflection padding, convolution, one normalization over all channels, leaky ReLU."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 3, *, stride: int = 1, groups: int = 1, bias: bool = False
    ) -> None:
        around = kernel // 2
        super().__init__(
            # Stride 2 pads right and below only.
            nn.ReflectionPad2d((0, 1, 0, 1) if stride > 1 else around),
            nn.Conv2d(inputs, outputs, kernel, stride, groups=groups, bias=bias),
            nn.GroupNorm(1, outputs),
            nn.LeakyReLU(0.2, inplace=True),
        )


class _InvertedResidual(nn.Module):
    """MobileNetV2's block (Sandler et al. 2018): widen, filter each channel by itself, narrow."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        inner = 2 * inputs
        self.layers = nn.Sequential(
            _Layer(inputs, inner, 1),
            _Layer(inner, inner, groups=inner, bias=True),
            nn.Conv2d(inner, outputs, 1, bias=False),
            nn.GroupNorm(1, outputs),
        )
        self.adds = inputs == outputs

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c2 h w"]:
        y: Tensor = self.layers(x)
        return x + y if self.adds else y
