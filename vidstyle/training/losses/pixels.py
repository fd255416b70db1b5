"""How far two pictures are apart, pixel by pixel. All losses are means over their elements, so sizes cancel."""

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d, pad, smooth_l1_loss

from vidstyle.motion.luma import luma
from vidstyle.motion.neighbourhood import laplacian

_MIXED = 8  # px: colours beside each other are seen as one
_SLIGHT = 0.2  # of a range of 2: hues may drift by so much before it costs as much as any change
_NEAR = 16  # px: strokes may move within it, their sharpness may not leave


def edge_loss(first: Float[Tensor, "n c h w"], second: Float[Tensor, "n c h w"]) -> Float[Tensor, ""]:
    """L1 between the finite differences to the right and below: keeps contours thin and black where L1 blurs them."""
    error = first - second
    return error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()


def hue_loss(drawn: Float[Tensor, "n 3 h w"], example: Float[Tensor, "n 3 h w"]) -> Float[Tensor, ""]:
    """Distance of what red, green and blue differ from luma, averaged over squares: broken colour may mix to the same.

    Without it an unpaired training is free to turn hues around, since the way back turns them again. Source: color
    reconstruction loss of AnimeGAN (Chen, Liu and Chen 2019, equation 4), whose Huber distance of chroma this is.

    Convention: pictures in [-1, 1] of at least 8 px each way; squares of 8 px, linear above a tenth of the range.
    """
    first, second = (avg_pool2d(images - luma(images), _MIXED) for images in (drawn, example))
    return smooth_l1_loss(first, second, beta=_SLIGHT)


def crispness_loss(drawn: Float[Tensor, "n 3 h w"], example: Float[Tensor, "n 3 h w"]) -> Float[Tensor, ""]:
    """L1 between the highest steps of each square, at half the size, plus the grain that is too much.

    Two pictures whose strokes lie a little apart are equal in it, and a blurred one is not: it lets a drawing hold
    still where the example flickers, yet keeps it as crisp. Highest steps, because any sum of detail could be made up
    of dots instead of strokes. Grain is the mean Laplacian at full size, of which only what `drawn` has more counts.

    Convention: of the luma; squares of 16 px, half a square apart; pictures at least so large.
    """
    steps, wanted = (max_pool2d(_steps(images), _NEAR // 2, _NEAR // 4) for images in (drawn, example))
    grain, usual = (avg_pool2d(laplacian(luma(images)).abs(), _NEAR, _NEAR // 2) for images in (drawn, example))
    return (steps - wanted).abs().mean() + (grain - usual).relu().mean()


def _steps(images: Tensor) -> Tensor:
    half = avg_pool2d(luma(images), 2)
    right, below = half.diff(dim=-1), half.diff(dim=-2)
    return pad(right.abs(), (0, 1)).maximum(pad(below.abs(), (0, 0, 0, 1)))
