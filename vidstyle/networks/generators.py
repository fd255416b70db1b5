"""Generators: (n, 3, h, w) in [-1, 1] → the same shape and range; adjustable ones take a strength as well."""

from jaxtyping import Float
from torch import Tensor, nn

from vidstyle.networks.layers import Border, ConvBlock, Norm, ResidualBlock, UpBlock, Upsample
from vidstyle.registry import Entry, Registry

GENERATORS: Registry[type[nn.Module]] = Registry(
    "generators",
    {
        "resnet": "vidstyle.networks.generators:ResnetGenerator",
        "adjustable-resnet": "vidstyle.networks.adjustable:AdjustableResnet",
        "unet": "vidstyle.networks.unet:UnetGenerator",
        "fast-style": "vidstyle.networks.fast_style:FastStyleGenerator",
        "animegan2": "vidstyle.networks.animegan:AnimeGenerator",
        "cartoongan": "vidstyle.networks.cartoongan:CartoonGenerator",
        "quarter-resnet": "vidstyle.networks.quarter:QuarterResnet",
        "recurrent-resnet": "vidstyle.networks.recurrent:RecurrentResnet",
        "convgru": "vidstyle.networks.recurrent:ConvGRUGenerator",
        "reference": "vidstyle.networks.reference:ReferenceGenerator",
        "reference-resnet": "vidstyle.networks.reference:ReferenceResnet",
        "onnx": Entry("vidstyle.networks.onnx_graph:OnnxGenerator", extra="onnx"),
    },
)


class ResnetGenerator(nn.Module):
    """CycleGAN's generator (Zhu et al. 2017, after Johnson et al. 2016): c7s1, two downs, n residual blocks, two ups.

    Convention: height and width must be multiples of `multiple`; `Style` pads by reflection and crops back.

    Args:
        width: channels of the first layer (the paper's 64).
        blocks: residual blocks at a quarter of the size (the paper's 6 or 9).
        norm: with `none` or `batch` the output of a pixel depends on its neighbourhood alone, so that a bright object
            entering the frame can't change the rest of it.
        upsample: `transposed` or `resize`.
        skips: add the encoder's features to the decoder's of the same size (U-Net's idea), so that edges of colour stay
            crisp in a narrow network, and look at the sum once more before the last convolution.
        border: what the two downs see outside the picture; the published CycleGAN sees `zeros` there.
        channels: of the input; 3 for a picture alone.
    """

    multiple = 4

    def __init__(
        self,
        *,
        width: int = 64,
        blocks: int = 9,
        norm: Norm = "instance",
        upsample: Upsample = "transposed",
        skips: bool = False,
        border: Border = "reflect",
        channels: int = 3,
    ) -> None:
        super().__init__()
        self.skips = skips
        self.encoder = nn.Sequential(
            ConvBlock(channels, width, kernel=7, norm=norm),
            ConvBlock(width, 2 * width, stride=2, norm=norm, border=border),
            ConvBlock(2 * width, 4 * width, stride=2, norm=norm, border=border),
        )
        self.residual = nn.Sequential(*(ResidualBlock(4 * width, norm=norm) for _ in range(blocks)))
        self.decoder = nn.Sequential(
            UpBlock(4 * width, 2 * width, norm=norm, upsample=upsample),
            UpBlock(2 * width, width, norm=norm, upsample=upsample),
            *([ConvBlock(width, width, norm=norm)] if skips else []),
            nn.ReflectionPad2d(3),
            nn.Conv2d(width, 3, 7),
        )

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 3 h w"]:
        """Stylize pictures in [-1, 1]."""
        whole: Tensor = self.encoder[0](x)
        half: Tensor = self.encoder[1](whole)
        y: Tensor = self.decoder[0](self.residual(self.encoder[2](half)))
        y = self.decoder[1](y + half if self.skips else y)
        y = self.decoder[2:](y + whole if self.skips else y)
        return y.tanh()
