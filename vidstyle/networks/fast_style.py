"""Fast neural style: the image transformation network of Johnson et al. 2016 and what others made of it."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import conv_transpose2d, interpolate, pad

from vidstyle.networks.layers import Upsample

Output = Literal["linear", "tanh", "tanh-150", "tanh-255"]
Same = Literal["reflect", "tensorflow"]


class FastStyleGenerator(nn.Module):
    """Johnson et al. 2016's network: a 9x9 convolution, two downs, residual blocks, two ups, a 9x9 convolution.

    The defaults are PyTorch's example `TransformerNet`. ReCoNet (Gao et al. 2018) is of this shape too.

    Convention: value range and channel order are those of the training, see the style's card. Height and width must be
    multiples of `multiple`.

    Args:
        widths: channels at the whole, half and quarter size.
        blocks: residual blocks.
        bottleneck: channels inside a block of 1x1, 3x3 and 1x1 convolutions; 0: two 3x3 convolutions.
        relu_after_sum: whether a residual block ends in a ReLU.
        upsample: `resize` (nearest, then convolution) or `transposed`.
        border: `reflect`, or `tensorflow`: zeros, more of them behind than before where the sum is odd; such networks
            have no bias and normalize with epsilon 1e-3.
        last_norm: normalize the last convolution as well.
        output: what follows: nothing, tanh(x), 127.5 + 150 tanh(x), or 127.5 + 150 tanh(x / 255).
    """

    multiple = 4

    def __init__(
        self,
        *,
        widths: tuple[int, int, int] | list[int] = (32, 64, 128),
        blocks: int = 5,
        bottleneck: int = 0,
        relu_after_sum: bool = False,
        upsample: Upsample = "resize",
        border: Same = "reflect",
        last_norm: bool = False,
        output: Output = "linear",
    ) -> None:
        super().__init__()
        whole, half, quarter = widths
        self.output = output
        self.encoder = nn.Sequential(
            _Layer(3, whole, 9, border=border),
            nn.ReLU(),
            _Layer(whole, half, 3, stride=2, border=border),
            nn.ReLU(),
            _Layer(half, quarter, 3, stride=2, border=border),
            nn.ReLU(),
        )
        self.residual = nn.Sequential(*(_Residual(quarter, bottleneck, relu_after_sum, border) for _ in range(blocks)))
        self.decoder = nn.Sequential(
            _Up(quarter, half, upsample=upsample, border=border),
            nn.ReLU(),
            _Up(half, whole, upsample=upsample, border=border),
            nn.ReLU(),
        )
        self.last = _Layer(whole, 3, 9, norm=last_norm, border=border)

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        """Stylize pictures in the range that the network was taught."""
        y: Tensor = self.last(self.decoder(self.residual(self.encoder(x))))
        if self.output == "linear":
            return y
        if self.output == "tanh":
            return y.tanh()
        return 127.5 + 150 * (y / 255 if self.output == "tanh-255" else y).tanh()


class _Layer(nn.Module):
    """Padding, convolution, normalization."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, border: Same, stride: int = 1, norm: bool = True
    ) -> None:
        super().__init__()
        self.border = border
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, bias=border == "reflect")
        self.norm = _norm(outputs, border) if norm else nn.Identity()

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c2 h2 w2"]:
        side, stride = self.conv.kernel_size[0], self.conv.stride[0]
        if self.border == "reflect":
            x = pad(x, (side // 2,) * 4, mode="reflect")
        else:  # of an even size; TensorFlow's SAME gives then kernel - stride in all
            before = (side - stride) // 2
            x = pad(x, (before, side - stride - before) * 2)
        y: Tensor = self.norm(self.conv(x))
        return y


class _Residual(nn.Module):
    def __init__(self, channels: int, bottleneck: int, relu_after_sum: bool, border: Same) -> None:
        super().__init__()
        inner = bottleneck or channels
        shapes = [(channels, inner, 1), (inner, inner, 3), (inner, channels, 1)] if bottleneck else []
        shapes = shapes or [(channels, channels, 3)] * 2
        self.layers = nn.ModuleList(_Layer(inputs, outputs, side, border=border) for inputs, outputs, side in shapes)
        self.relu_after_sum = relu_after_sum

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        y: Tensor = x
        for layer in self.layers[:-1]:
            y = layer(y).relu()
        y = x + self.layers[-1](y)
        return y.relu() if self.relu_after_sum else y


class _Up(nn.Module):
    """Doubles height and width, and normalizes."""

    def __init__(self, inputs: int, outputs: int, *, upsample: Upsample, border: Same) -> None:
        super().__init__()
        self.border = border
        bias = border == "reflect"
        self.conv: nn.Conv2d | nn.ConvTranspose2d = (
            nn.ConvTranspose2d(inputs, outputs, 3, 2, bias=bias)
            if upsample == "transposed"
            else nn.Conv2d(inputs, outputs, 3, bias=bias)
        )
        self.norm = _norm(outputs, border)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c2 h2 w2"]:
        if isinstance(self.conv, nn.Conv2d):
            y = interpolate(x, scale_factor=2.0, mode="nearest")
            y = pad(y, (1, 1, 1, 1), mode="reflect" if self.border == "reflect" else "constant")
            y = self.conv(y)
        elif self.border == "reflect":  # torch's way: the first row and column are cut
            y = conv_transpose2d(x, self.conv.weight, self.conv.bias, 2, 1, 1)
        else:  # TensorFlow's SAME: the last ones are
            y = self.conv(x)[..., : 2 * x.shape[-2], : 2 * x.shape[-1]]
        normed: Tensor = self.norm(y)
        return normed


def _norm(channels: int, border: Same) -> nn.Module:
    return nn.InstanceNorm2d(channels, affine=True, eps=1e-5 if border == "reflect" else 1e-3)
