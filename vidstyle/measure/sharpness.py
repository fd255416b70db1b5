"""How much fine detail a picture has."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import conv2d

from vidstyle.motion import luma


def laplacian_variance(images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, " n"]:
    """Give the variance of the luma's Laplacian, one figure a picture.

    Convention: display-referred RGB, clamped to 0 … 1 as an encoder would; 4-neighbour kernel, borders left out.

    Source: Pech-Pacheco et al. 2000, Diatom autofocusing in brightfield microscopy.
    """
    kernel = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]], device=images.device)[None, None]
    return conv2d(luma(images.clamp(0, 1)), kernel).var(dim=(1, 2, 3), correction=0)


class SharpnessRatio:
    """Detail of a result relative to a reference, usually the per-frame result: 1 is equally sharp, below is blur."""

    def __init__(self) -> None:
        self._result = self._reference = 0.0

    def add(self, result: Float[Tensor, "n 3 h w"], reference: Float[Tensor, "n 3 h w"]) -> float | None:
        """Take the next frames of both; gives the ratio of these alone."""
        ours, theirs = float(laplacian_variance(result).sum()), float(laplacian_variance(reference).sum())
        self._result += ours
        self._reference += theirs
        return ours / theirs if theirs > 0 else None

    @property
    def value(self) -> float | None:
        """The ratio of the mean variances; None while the reference has no detail at all."""
        return self._result / self._reference if self._reference > 0 else None
