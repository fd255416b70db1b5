"""How much fine detail a picture has."""

from jaxtyping import Float
from torch import Tensor

from vidstyle.motion.luma import luma
from vidstyle.motion.neighbourhood import laplacian


def laplacian_variance(images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, " n"]:
    """Give the variance of the luma's Laplacian, one figure a picture.

    Convention: display-referred RGB, clamped to 0 … 1 as an encoder would; 4-neighbour kernel, borders left out.

    Source: Pech-Pacheco et al. 2000, Diatom autofocusing in brightfield microscopy.
    """
    inside = laplacian(luma(images.clamp(0, 1)))[..., 1:-1, 1:-1]
    mean = inside.mean(dim=(1, 2, 3))
    return inside.square().mean(dim=(1, 2, 3)) - mean.square()  # a Laplacian's mean is next to none: nothing cancels
