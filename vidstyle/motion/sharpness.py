"""How much fine detail a picture has."""

import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.kernels.compiling import runs
from vidstyle.kernels.detail import laplacian_sums
from vidstyle.motion.luma import LUMA, luma
from vidstyle.motion.neighbourhood import laplacian


def laplacian_variance(images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, " n"]:
    """Give the variance of the luma's Laplacian, one figure a picture.

    Convention: display-referred RGB, clamped to 0 … 1 as an encoder would; 4-neighbour kernel, borders left out.

    Source: Pech-Pacheco et al. 2000, Diatom autofocusing in brightfield microscopy.
    """
    if runs(images):
        total, squares = laplacian_sums(images, torch.tensor(LUMA))
        pixels = (images.shape[2] - 2) * (images.shape[3] - 2)
        return squares / pixels - (total / pixels).square()
    inside = laplacian(luma(images.clamp(0, 1)))[..., 1:-1, 1:-1]
    mean = inside.mean(dim=(1, 2, 3))
    return inside.square().mean(dim=(1, 2, 3)) - mean.square()  # a Laplacian's mean is next to none: nothing cancels
