"""The patches of dense inverse search in torch: all of them, of all pictures, descend together.

Source: Kroeger, Timofte, Dai and Van Gool, Fast optical flow using dense inverse search, 2016, sections 2.1 and 2.2.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import fold, grid_sample, pad

from vidstyle.kernels import patches as kernels
from vidstyle.kernels.compiling import runs
from vidstyle.kernels.patches import DAMPING, NEAR, ROUNDS, SIDE, STILL

_NEIGHBOURS = ((0, 1), (2, 1), (1, 0), (1, 2))  # rows down and columns to the right, from the one above to the left


def search_patches(
    current: Float[Tensor, "n 1 h w"],
    previous: Float[Tensor, "n 1 h w"],
    flow: Float[Tensor, "n 2 h w"],
    *,
    stride: int,
    descent: int,
) -> Float[Tensor, "n 2 h w"]:
    """Follow each patch of `current` into `previous`, from where `flow` points, and spread what they found over all px.

    Convention: luma in codes of 255; patches of 8 px lie `stride` px apart and descend about `descent` steps. A pixel
    gets the mean of the patches over it, each weighted by how well it fits there (equation 3). On the CPU compiled
    loops do what torch does on other devices.
    """
    if runs(current, previous, flow):
        return kernels.search_patches(current, previous, flow, stride=stride, descent=descent)
    height, width = current.shape[-2:]
    fill = (0, -(width - SIDE) % stride, 0, -(height - SIDE) % stride)
    patches = _Patches(pad(current, fill, mode="replicate"), previous, stride)
    found = patches.beginning(pad(flow, fill, mode="replicate"))
    for _ in range(ROUNDS):
        found = patches.descended(patches.shared(found), descent // ROUNDS)
    return patches.spread(found)[..., :height, :width]


class _Patches:
    """Patches of one picture, that look for themselves in another.

    Convention: displacements are (n, 2, patches) in px, values (n, 64, patches).
    """

    def __init__(self, current: Tensor, previous: Tensor, stride: int) -> None:
        height, width = current.shape[-2:]
        self._stride, self._size = stride, (height, width)
        self._rows, self._columns = ((side - SIDE) // stride + 1 for side in (height, width))
        self._previous, self._values = previous, self._cut(current)
        # Less their mean, so that a change of brightness moves nothing.
        x, y = (each - each.mean(1, keepdim=True) for each in map(self._cut, slopes(current)))
        xx, xy, yy = ((a * b).sum(1, keepdim=True) for a, b in ((x, x), (x, y), (y, y)))
        xx, yy = xx + DAMPING, yy + DAMPING
        downhill = torch.stack((yy * x - xy * y, xx * y - xy * x), 1)
        self._downhill = downhill / (xx * yy - xy * xy)[:, None]  # by what each pixel that differs moves its patch
        self._unit = torch.tensor([2 / (side - 1) for side in (previous.shape[-1], previous.shape[-2])]).to(current)
        rows, columns = (torch.arange(side, device=current.device, dtype=torch.float32) for side in (height, width))
        places = torch.stack(torch.meshgrid(columns, rows, indexing="xy"))[:, None]
        self._grid = self._cut(places).permute(1, 2, 0) * self._unit - 1

    def beginning(self, flow: Tensor) -> Tensor:
        """Give where the middle of each patch points to."""
        middle = flow[..., SIDE // 2 :: self._stride, SIDE // 2 :: self._stride]
        return middle[..., : self._rows, : self._columns].flatten(2)

    def shared(self, found: Tensor) -> Tensor:
        """Give each patch the displacement, of its own and its four neighbours', with which it fits best."""
        around = pad(found.reshape(-1, 2, self._rows, self._columns), (1, 1, 1, 1), mode="replicate")
        best, least = found, _misfit(self._apart(found))
        for down, right in _NEIGHBOURS:
            other = around[..., down : down + self._rows, right : right + self._columns].flatten(2)
            misfit = _misfit(self._apart(other))
            better = (misfit < least) & ((other - found).abs().sum(1) >= NEAR)
            best, least = torch.where(better[:, None], other, best), torch.where(better, misfit, least)
        return best

    def descended(self, found: Tensor, steps: int) -> Tensor:
        """Go downhill, and give for each patch the place where it fitted best, at most a patch's side away."""
        best, lowest, highest = found, found - SIDE, found + SIDE
        apart = self._apart(found)
        least = _misfit(apart)
        moves = torch.ones_like(least, dtype=torch.bool)
        for _ in range(steps):
            step = (self._downhill * apart[:, None]).sum(2)
            moves &= step.square().sum(1) >= STILL
            found = torch.where(moves[:, None], (found - step).clamp(lowest, highest), found)
            apart = self._apart(found)
            misfit = _misfit(apart)
            best = torch.where((misfit < least)[:, None], found, best)
            least = torch.minimum(misfit, least)
        return best

    def spread(self, found: Tensor) -> Tensor:
        """Give each pixel the weighted mean of its patches."""
        weight = 1 / self._apart(found).abs_().clamp_(min=1)
        columns = torch.cat((weight, weight * found[:, :1], weight * found[:, 1:]), 1)
        total, x, y = fold(columns, self._size, SIDE, stride=self._stride).unbind(1)
        return torch.stack((x, y), 1) / total[:, None]

    def _apart(self, found: Tensor) -> Tensor:
        """Give by how much what a patch looks at differs from itself."""
        grid = self._grid + (found.transpose(1, 2) * self._unit)[:, None]
        seen = grid_sample(self._previous, grid, mode="bilinear", padding_mode="border", align_corners=True)
        return seen[:, 0].sub_(self._values)

    def _cut(self, planes: Tensor) -> Tensor:
        # In one copy; torch's unfold makes one for each picture of a batch on a GPU.
        n, (picture, _, down, right) = len(planes), planes.stride()
        strides = (picture, down, right, down * self._stride, right * self._stride)
        cut = planes.as_strided((n, SIDE, SIDE, self._rows, self._columns), strides, planes.storage_offset())
        return cut.reshape(n, SIDE**2, -1)


def slopes(images: Float[Tensor, "n c h w"]) -> tuple[Float[Tensor, "n c h w"], Float[Tensor, "n c h w"]]:
    """Give the central differences along x and y; the border repeats the edge.

    Not by a convolution: cuDNN may round what goes into one to ten bits.
    """
    wide = pad(images, (1, 1, 1, 1), mode="replicate")
    return (wide[..., 1:-1, 2:] - wide[..., 1:-1, :-2]) / 2, (wide[..., 2:, 1:-1] - wide[..., :-2, 1:-1]) / 2


def _misfit(apart: Tensor) -> Tensor:
    """Give the mean squared difference, less what a change of brightness explains."""
    return apart.var(1, correction=0)
