"""Keeps the source's colour: the style draws in light and dark alone."""

from jaxtyping import Float
from torch import Tensor, where

from vidstyle.media import VideoInfo
from vidstyle.media.colour import LUMA_WEIGHTS, assumed_matrix

_SMALL = 1e-6  # chroma below which a channel is as good as grey

LumaWeights = tuple[float, float, float]
BT709: LumaWeights = (0.2126, 0.7152, 0.0722)


def keep_colour(
    source: Float[Tensor, "n 3 h w"],
    styled: Float[Tensor, "n 3 h w"],
    amount: float = 1.0,
    weights: LumaWeights = BT709,
) -> Float[Tensor, "n 3 h w"]:
    """Give the stylized picture the source's chroma and leave it its own luma.

    Convention: luma and chroma are those of the clip's own non-constant-luminance Y'CbCr, display-referred: `weights`
    of R', G', B', and what each differs from luma. `amount` 1 is the source's chroma alone, 0 the style's. Where luma
    and chroma together lie outside 0 to 1, chroma is lessened as far as it takes: hue and luma stay.

    Source: luminance-only transfer of Gatys, Bethge, Hertzmann and Shechtman 2016, Preserving Color in Neural Artistic
    Style Transfer, section 3.2, in Y'CbCr instead of YIQ.
    """
    luma = luma_of(styled, weights)
    chroma = (styled - luma).lerp(source - luma_of(source, weights), amount)
    room = where(chroma > 0, 1 - luma, luma).clamp_(min=0)
    fits = (room / chroma.abs().clamp_(min=_SMALL)).amin(1, keepdim=True).clamp_(max=1)
    return chroma.mul_(fits).add_(luma)


def luma_of(images: Float[Tensor, "n 3 h w"], weights: LumaWeights = BT709) -> Float[Tensor, "n 1 h w"]:
    """Weigh R', G' and B'; a grey pixel's luma is its own value, bit for bit."""
    red, green, blue = images[:, :1], images[:, 1:2], images[:, 2:]
    return green + weights[0] * (red - green) + weights[2] * (blue - green)


def luma_weights(video: VideoInfo) -> LumaWeights:
    """Give the weights of R', G' and B' in a clip's luma, by the matrix that it is read with; RGB counts as BT.709."""
    red, blue = LUMA_WEIGHTS.get(assumed_matrix(video.tags, video.height), (BT709[0], BT709[2]))
    return red, 1 - red - blue, blue
