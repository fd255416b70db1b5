"""Which flow vectors can be trusted: seen from both sides, inside the picture, away from motion boundaries."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from vidstyle.motion.neighbourhood import squared
from vidstyle.motion.warp import warp

BEYOND = 1 / 256  # px that a border pixel may lie outside: noise in a still picture


def consistency(
    to_previous: Float[Tensor, "n 2 h w"], to_current: Float[Tensor, "n 2 h w"], *, boundaries: bool = True
) -> Float[Tensor, "n 1 h w"]:
    """Mark 1 where both flows agree and the motion is smooth, 0 where the pixel was hidden, outside, or at an edge.

    Convention: both flows in pixels of their own grid, at the size at which they were estimated: the thresholds are
    in those pixels and do not scale. `to_current` lives on the previous frame and points to the current one.

    Source: Sundaram, Brox and Keutzer 2010, equations 5 and 6; Ruder, Dosovitskiy and Brox 2016, equations 4 and 5.
    """
    back = warp(to_current, to_previous, "bilinear")
    gap = squared(to_previous + back)
    length = squared(to_previous)
    hidden = gap > 0.01 * (length + squared(back)) + 0.5
    if boundaries:
        hidden |= _gradient_energy(to_previous) > 0.01 * length + 0.002
    return (~(hidden | outside(to_previous))).float()


def strain(flow: Float[Tensor, "n 2 h w"]) -> Float[Tensor, "n 1 h w"]:
    """Give by how much a flow bends what it moves: the Frobenius norm of its gradient, 0 for a shift."""
    return _gradient_energy(flow).sqrt_()


def _gradient_energy(flow: Tensor) -> Tensor:
    # Central differences; the border row and column repeat their neighbour's.
    energy = torch.zeros_like(flow[:, :1])
    for dim in (2, 3):
        if flow.shape[dim] > 2:  # noqa: PLR2004
            size = flow.shape[dim] - 2
            slope = (flow.narrow(dim, 2, size) - flow.narrow(dim, 0, size)) / 2
            energy.narrow(dim, 1, size).add_(squared(slope))
    return energy


def outside(to_previous: Float[Tensor, "n 2 h w"]) -> Bool[Tensor, "n 1 h w"]:
    """Tell which pixels point out of the picture."""
    height, width = to_previous.shape[-2:]
    dx, dy = to_previous[:, :1], to_previous[:, 1:]
    x = torch.arange(width, dtype=dx.dtype, device=dx.device)
    y = torch.arange(height, dtype=dy.dtype, device=dy.device)[:, None]
    beyond: Tensor = dx < -BEYOND - x
    for further in (dx > width - 1 + BEYOND - x, dy < -BEYOND - y, dy > height - 1 + BEYOND - y):
        beyond.logical_or_(further)
    return beyond
