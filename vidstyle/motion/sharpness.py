"""How much fine detail a picture has."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import conv2d

from vidstyle.motion.luma import luma


def laplacian_variance(images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, " n"]:
    """Give the variance of the luma's Laplacian, one figure a picture.

    Convention: display-referred RGB, clamped to 0 … 1 as an encoder would; 4-neighbour kernel, borders left out.

    Source: Pech-Pacheco et al. 2000, Diatom autofocusing in brightfield microscopy.
    """
    kernel = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]], device=images.device)[None, None]
    return conv2d(luma(images.clamp(0, 1)), kernel).var(dim=(1, 2, 3), correction=0)
