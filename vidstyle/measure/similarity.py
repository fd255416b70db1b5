"""How alike two pictures look."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d

from vidstyle.motion import luma

_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_WINDOW, _SIGMA = 11, 1.5
SMALLEST_SIDE = _WINDOW  # px: smaller pictures cannot be compared
_LUMINANCE, _CONTRAST = 0.01**2, 0.03**2  # the paper's constants for a range of 1


def multi_scale_ssim(first: Float[Tensor, "n 3 h w"], second: Float[Tensor, "n 3 h w"]) -> Float[Tensor, " n"]:
    """Give the multi-scale structural similarity of the lumas: 1 for equal pictures, 0 for unrelated ones.

    Convention: display-referred, 0 to 1. Pictures below 176 px on the short side are compared over as many of the
    five scales as the 11 px window fits, with the weights scaled to sum to 1; below 11 px raises ValueError.

    Source: Wang, Simoncelli and Bovik 2003, Multiscale structural similarity, equation 7.
    """
    x, y = luma(first), luma(second)
    scales = sum(min(x.shape[-2:]) >> scale >= _WINDOW for scale in range(len(_WEIGHTS)))
    if scales == 0:
        raise ValueError(f"pictures of {tuple(x.shape[-2:])} px; similarity needs at least {_WINDOW} px on a side")
    weights = [weight / sum(_WEIGHTS[:scales]) for weight in _WEIGHTS[:scales]]
    similarity = torch.ones(x.shape[0], device=x.device)
    for scale, weight in enumerate(weights):
        luminance, structure = _ssim_terms(x, y)
        # Anticorrelated pictures have a negative structure term, of which a fractional power is not real.
        term = (luminance * structure if scale == scales - 1 else structure).mean(dim=(1, 2, 3)).clamp(min=0)
        similarity = similarity * term**weight
        if scale < scales - 1:
            x, y = avg_pool2d(x, 2), avg_pool2d(y, 2)
    return similarity


def _ssim_terms(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    mean_x, mean_y = _blur(x), _blur(y)
    variance_x = _blur(x * x) - mean_x**2
    variance_y = _blur(y * y) - mean_y**2
    covariance = _blur(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + _LUMINANCE) / (mean_x**2 + mean_y**2 + _LUMINANCE)
    structure = (2 * covariance + _CONTRAST) / (variance_x + variance_y + _CONTRAST)
    return luminance, structure


def _blur(plane: Tensor) -> Tensor:
    offsets = torch.arange(_WINDOW, device=plane.device, dtype=plane.dtype) - _WINDOW // 2
    window = torch.exp(-offsets.square() / (2 * _SIGMA**2))
    window = window / window.sum()
    return conv2d(conv2d(plane, window[None, None, None, :]), window[None, None, :, None])
