"""The detail of a picture brought to another's energy, and the sums behind a Laplacian's variance."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.kernels.compiling import compiled, in_bands, plain

_F = np.float32
_STRIP = 32  # rows that are made at once: what lies between the steps stays in the cache


def restored(
    images: Float[Tensor, "n c h w"],
    likes: Float[Tensor, "n c h w"],
    finer: Float[Tensor, " 7"],
    around: Float[Tensor, " 9"],
    *,
    aim: float,
    bounds: tuple[float, float],
    flat: float,
) -> Float[Tensor, "n c h w"]:
    """Multiply the detail of `images` by sqrt((aim e(likes) + flat) / (e(images) + flat)), kept within `bounds`.

    Convention: detail is what weighing with `finer` along both axes takes away, e its squared length weighed with
    `around`; both kernels are symmetrical, and the border repeats the edge.
    """
    result = torch.empty_like(images, memory_format=torch.contiguous_format)
    taps, limits = (plain(finer), plain(around)), (_F(aim), _F(bounds[0]), _F(bounds[1]), _F(flat))
    for image, like, target in zip(plain(images), plain(likes), result.numpy(), strict=True):
        in_bands(_restored, image.shape[1], image, like, target, *taps, *limits)
    return result


def laplacian_sums(
    images: Float[Tensor, "n c h w"], weights: Float[Tensor, " c"]
) -> tuple[Float[Tensor, " n"], Float[Tensor, " n"]]:
    """Give the sum and the sum of squares of the Laplacian of the weighed channels, each clamped to 0 … 1 before.

    Convention: over all pixels but the border's.
    """
    sums = np.zeros((len(images), images.shape[2], 2))
    for image, rows in zip(plain(images), sums, strict=True):
        in_bands(_laplacian_sums, image.shape[1], image, plain(weights), rows)
    total, squares = torch.from_numpy(sums).sum(1).float().unbind(1)
    return total, squares


@compiled
def _restored(
    image: Any,
    like: Any,
    target: Any,
    finer: Any,
    around: Any,
    aim: Any,
    low: Any,
    high: Any,
    flat: Any,
    first: int,
    last: int,
) -> None:
    channels, height, width = image.shape
    detail, spare = np.empty((_STRIP + 8, channels, width), _F), np.empty((channels, width), _F)
    present, wanted = np.empty((_STRIP + 8, width), _F), np.empty((_STRIP + 8, width), _F)
    smooth, energy, factor = np.empty(width + 6, _F), np.empty(width + 8, _F), np.empty(width, _F)
    for start in range(first, last, _STRIP):
        stop, top = min(start + _STRIP, last), max(start - 4, 0)
        for y in range(top, min(stop + 4, height)):
            _detail_row(image, y, finer, around, smooth, energy, detail[y - top], present[y - top])
            _detail_row(like, y, finer, around, smooth, energy, spare, wanted[y - top])
        for y in range(start, stop):
            _factor_row(present, wanted, y, top, height, around, aim, low, high, flat, energy, factor)
            for channel in range(channels):
                for x in range(width):
                    target[channel, y, x] = image[channel, y, x] + detail[y - top, channel, x] * factor[x]


@compiled
def _detail_row(
    image: Any, y: int, finer: Any, around: Any, smooth: Any, energy: Any, detail: Any, average: Any
) -> None:
    channels, height, width = image.shape
    end = height - 1
    energy[:] = 0
    for channel in range(channels):
        plane = image[channel]
        a, b, c, d = plane[max(y - 3, 0)], plane[max(y - 2, 0)], plane[max(y - 1, 0)], plane[y]
        e, f, g = plane[min(y + 1, end)], plane[min(y + 2, end)], plane[min(y + 3, end)]
        for x in range(width):
            sides = finer[0] * (a[x] + g[x]) + finer[1] * (b[x] + f[x]) + finer[2] * (c[x] + e[x])
            smooth[x + 3] = sides + finer[3] * d[x]
        smooth[:3], smooth[width + 3 :] = smooth[3], smooth[width + 2]
        for x in range(width):
            value = d[x] - (
                finer[0] * (smooth[x] + smooth[x + 6])
                + finer[1] * (smooth[x + 1] + smooth[x + 5])
                + finer[2] * (smooth[x + 2] + smooth[x + 4])
                + finer[3] * smooth[x + 3]
            )
            detail[channel, x] = value
            energy[x + 4] += value * value
    energy[:4], energy[width + 4 :] = energy[4], energy[width + 3]
    for x in range(width):
        average[x] = (
            around[0] * (energy[x] + energy[x + 8])
            + around[1] * (energy[x + 1] + energy[x + 7])
            + around[2] * (energy[x + 2] + energy[x + 6])
            + around[3] * (energy[x + 3] + energy[x + 5])
            + around[4] * energy[x + 4]
        )


@compiled
def _factor_row(
    present: Any,
    wanted: Any,
    y: int,
    top: int,
    height: int,
    around: Any,
    aim: Any,
    low: Any,
    high: Any,
    flat: Any,
    spare: Any,
    factor: Any,
) -> None:
    """Average both energies over rows and say by how much detail grows."""
    factor[:], spare[:] = flat, flat
    for tap in range(9):
        row, weight = min(max(y - 4 + tap, 0), height - 1) - top, around[tap]
        for x in range(len(factor)):
            factor[x] += aim * weight * wanted[row, x]
            spare[x] += weight * present[row, x]
    for x in range(len(factor)):
        factor[x] = min(max(np.sqrt(factor[x] / spare[x]), low), high) - _F(1)


@compiled
def _laplacian_sums(image: Any, weights: Any, sums: Any, first: int, last: int) -> None:
    channels, height, width = image.shape
    mixed = np.empty((3, width), _F)
    for y in range(max(first, 1), min(last, height - 1)):
        mixed[:] = 0
        for channel in range(channels):
            for row in range(3):
                for x in range(width):
                    mixed[row, x] += weights[channel] * min(max(image[channel, y - 1 + row, x], _F(0)), _F(1))
        total, squares = _F(0), _F(0)
        for x in range(1, width - 1):
            value = mixed[0, x] + mixed[2, x] + mixed[1, x - 1] + mixed[1, x + 1] - _F(4) * mixed[1, x]
            total += value
            squares += value * value
        sums[y, 0], sums[y, 1] = total, squares
