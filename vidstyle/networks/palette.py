"""The colours of a picture as a whole, and a picture in another one's: one change of colour for all of it."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

COLOURS = 12  # numbers that tell a palette: a 3x3 matrix, row by row, and a mean
# Luma and two opponents, orthonormal: in photographs they hardly depend on each other (Ohta et al. 1980).
_OPPONENT = ((0.57735, 0.57735, 0.57735), (0.70711, 0.0, -0.70711), (-0.40825, 0.81650, -0.40825))
_LEAST = 1e-2  # variance, of pictures in [-1, 1], as of 13 codes: the noise of grey footage is not blown up to colours


class Recolour(nn.Module):
    """Gives a picture a palette: its opponent colours, each brought to mean 0 and deviation 1, times a matrix.

    Source: Reinhard et al. 2001, Color transfer between images; the matrix, the Cholesky factor of the palette's own
    covariance, adds what they leave out: how its hue follows its light, as where shadows are blue.
    """

    def __init__(self) -> None:
        super().__init__()
        self.even = nn.InstanceNorm2d(3, eps=_LEAST)
        self.opponent: Tensor
        self.register_buffer("opponent", torch.tensor(_OPPONENT)[..., None, None], persistent=False)

    def forward(self, pictures: Float[Tensor, "n 3 h w"], palettes: Float[Tensor, "m 12"]) -> Float[Tensor, "n 3 h w"]:
        """Give pictures in [-1, 1] the palettes, which may lead them beyond."""
        made: Tensor = self.mixed(self.evened(pictures), palettes)
        return made

    # Any: torch.fx follows them with what only stands for tensors.
    def evened(self, pictures: Any) -> Any:
        """Give opponent colours of mean 0 and deviation 1: what is drawn on these is drawn in any palette."""
        return self.even(nn.functional.conv2d(pictures, self.opponent))

    def mixed(self, even: Any, palettes: Any) -> Any:
        """Give evened colours the palettes."""
        columns = palettes[:, :, None, None]
        red, green, blue, mean = (columns[:, place : place + 3] for place in (0, 3, 6, 9))
        return even[:, :1] * red + even[:, 1:2] * green + even[:, 2:] * blue + mean


def palette_of(pictures: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 12"]:
    """Tell the palettes of pictures in [-1, 1]: what each opponent colour adds to red, green, blue; then the mean."""
    opponent = torch.tensor(_OPPONENT).to(pictures)
    mean = pictures.mean((2, 3))
    apart = torch.einsum("ij,njp->nip", opponent, (pictures - mean[..., None, None]).flatten(2))
    covariance = apart @ apart.transpose(1, 2) / apart.shape[-1]
    factor = torch.linalg.cholesky(covariance + 1e-6 * torch.eye(3).to(pictures))
    columns = torch.einsum("ij,nik->nkj", opponent, factor)  # the transpose of an orthonormal matrix undoes it
    return torch.cat((columns.flatten(1), mean), 1)
