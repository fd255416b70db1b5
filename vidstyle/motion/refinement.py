"""Variational refinement of a flow, in torch: smooth where things move together, sharp where they part.

Source: Brox, Bruhn, Papenberg and Weickert, High accuracy optical flow estimation based on a theory for warping, 2004,
with data terms normalized as by Zimmer, Bruhn and Weickert, Optic flow in harmony, 2011.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from vidstyle.kernels import refinement as kernels
from vidstyle.kernels.compiling import runs
from vidstyle.kernels.refinement import BRIGHTNESS, FLAT, GRADIENT, LEAST, OVERSHOOT, SWEEPS
from vidstyle.motion.patches import slopes
from vidstyle.motion.visibility import BEYOND, outside
from vidstyle.motion.warp import warp_differentiable

# What a change of flow from pixel to pixel counts: the smoother, the calmer what is blended along it. OpenCV has 10.
SMOOTHNESS = 14.0


def refined(
    current: Float[Tensor, "n 1 h w"],
    previous: Float[Tensor, "n 1 h w"],
    flow: Float[Tensor, "n 2 h w"],
    iterations: int,
    smoothness: float = SMOOTHNESS,
) -> Float[Tensor, "n 2 h w"]:
    """Move `flow` to where brightness and its slopes stay the same along it, and it is smooth itself.

    Convention: luma in codes of 255, flow in pixels; `smoothness` is what a change of it from pixel to pixel counts.
    Pictures are linearized around where `flow` points. On the CPU compiled loops do what torch does on other devices.
    """
    if not iterations:
        return flow
    if runs(current, previous, flow):
        return kernels.refined(current, previous, flow, iterations, smoothness, BEYOND)
    rows = _Rows.of(current, previous, flow)
    height, width = flow.shape[-2:]
    places = torch.arange(height, device=flow.device)[:, None] + torch.arange(width, device=flow.device)
    red = (places % 2 == 0).to(flow)
    step = torch.zeros_like(flow)
    for _ in range(iterations):
        step = _swept(step, flow, rows, smoothness, (OVERSHOOT * red, OVERSHOOT * (1 - red)))
    return flow + step


class _Rows(NamedTuple):
    """Three equations x·dx + y·dy + t = 0 for the step of each pixel, (n, 3, h, w), and how much each counts there."""

    x: Tensor
    y: Tensor
    t: Tensor
    weight: Tensor

    @classmethod
    def of(cls, current: Tensor, previous: Tensor, flow: Tensor) -> "_Rows":
        """Say that brightness stays, and so do its slopes along x and y (Brox et al. 2004, equations 2 and 4)."""
        warped = warp_differentiable(previous, flow, "bilinear")
        (x, y), (warped_x, warped_y) = slopes(current), slopes(warped)
        mean_x, mean_y = (x + warped_x) / 2, (y + warped_y) / 2
        (xx, xy), (_, yy) = slopes(mean_x), slopes(mean_y)
        along_x, along_y = torch.cat((mean_x, xx, xy), 1), torch.cat((mean_y, xy, yy), 1)
        over_time = torch.cat((warped - current, warped_x - x, warped_y - y), 1)
        length = (along_x * along_x + along_y * along_y + FLAT).rsqrt()
        inside = (~outside(flow)).float()  # what points out of the picture has nothing to agree with
        weight = torch.cat((inside * BRIGHTNESS, (inside * GRADIENT).expand(-1, 2, -1, -1)), 1)
        return cls(along_x * length, along_y * length, over_time * length, weight)

    def weighted(self, step: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Give the normal equations' xx, xy, yy, xt and yt; what `step` leaves over counts by its root."""
        rest = torch.addcmul(torch.addcmul(self.t, self.x, step[:, :1]), self.y, step[:, 1:]).square_()
        rest[:, 1:] = rest[:, 1:].sum(1, keepdim=True)  # both slopes are one term
        weight = self.weight * rest.add_(LEAST).rsqrt_()
        x, y = weight * self.x, weight * self.y
        pairs = ((x, self.x), (x, self.y), (y, self.y), (x, self.t), (y, self.t))
        xx, xy, yy, xt, yt = ((a * b).sum(1, keepdim=True) for a, b in pairs)
        return xx, xy, yy, xt, yt


class _Bonds(NamedTuple):
    """How much each pixel is held to the one at its left, right, above and below; none to what is outside."""

    left: Tensor
    right: Tensor
    above: Tensor
    below: Tensor

    @classmethod
    def of(cls, flow: Tensor, smoothness: float) -> "_Bonds":
        """Give those of a flow: the less, the more it changes from pixel to pixel."""
        x = pad(flow[..., 1:] - flow[..., :-1], (0, 1))
        y = pad(flow[..., 1:, :] - flow[..., :-1, :], (0, 0, 0, 1))
        held = smoothness * ((x.square() + y.square()).sum(1, keepdim=True) + LEAST).rsqrt_()
        right, below = pad(held[..., :-1], (0, 1)), pad(held[..., :-1, :], (0, 0, 0, 1))
        return cls(pad(right[..., :-1], (1, 0)), right, pad(below[..., :-1, :], (0, 0, 1, 0)), below)

    def pull(self, values: Tensor, more: Tensor) -> Tensor:
        """Sum up the neighbours' values, each as much as it holds, and `more`."""
        wide = pad(values, (1, 1, 1, 1))
        pulled = torch.addcmul(more, self.left, wide[..., 1:-1, :-2])
        pulled.addcmul_(self.right, wide[..., 1:-1, 2:])
        pulled.addcmul_(self.above, wide[..., :-2, 1:-1])
        return pulled.addcmul_(self.below, wide[..., 2:, 1:-1])


def _swept(step: Tensor, flow: Tensor, rows: _Rows, smoothness: float, turns: tuple[Tensor, Tensor]) -> Tensor:
    """Solve for the step by over-relaxation, all red pixels of a chessboard at once and then all black ones."""
    xx, xy, yy, xt, yt = rows.weighted(step)
    bonds = _Bonds.of(flow + step, smoothness)
    held = bonds.left + bonds.right + bonds.above + bonds.below
    fixed = bonds.pull(flow, -held * flow - torch.cat((xt, yt), 1))
    a, c = xx + held, yy + held
    share = 1 / (a * c - xy * xy)
    own, other = torch.cat((c, a), 1) * share, -xy * share  # the inverse of each pixel's two equations
    for _ in range(SWEEPS):
        for turn in turns:
            force = bonds.pull(step, fixed)
            wanted = torch.addcmul(own * force, other, force.flip(1))
            step = torch.lerp(step, wanted, turn)
    return step
