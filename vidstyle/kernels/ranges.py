"""How a picture lies to the range of values that another one has around each pixel."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.kernels.compiling import compiled, in_bands, plain

_F = np.float32


def clamped(
    images: Float[Tensor, "n c h w"], others: Float[Tensor, "n c h w"], tolerance: float
) -> Float[Tensor, "n c h w"]:
    """Clamp `images` to the range of `others` within 3 px along both axes, widened by `tolerance`."""
    result = torch.empty_like(images, memory_format=torch.contiguous_format)
    for image, other, target in zip(plain(images), plain(others), result.numpy(), strict=True):
        in_bands(_clamped, image.shape[1], image, other, target, _F(tolerance))
    return result


def differences(
    images: Float[Tensor, "n c h w"], others: Float[Tensor, "n c h w"], share: float
) -> tuple[Float[Tensor, "n 1 h w"], Float[Tensor, "n 1 h w"]]:
    """Give |images - others|², and `share` of that more than the squared way to the range of `others` within 1 px."""
    lengths, ways = torch.empty_like(images[:, :1]), torch.empty_like(images[:, :1])
    made = zip(plain(images), plain(others), lengths[:, 0].numpy(), ways[:, 0].numpy(), strict=True)
    for image, other, length, way in made:
        in_bands(_differences, image.shape[1], image, other, length, way, _F(share))
    return lengths, ways


def confirmed(
    visibility: Float[Tensor, "n 1 h w"],
    differences: Float[Tensor, "n 1 h w"],
    flow: Float[Tensor, "n 2 h w"],
    limit: float,
    margin: float,
) -> Float[Tensor, "n 1 h w"]:
    """Give 1 where differences are below `limit` and the flow leads into the picture or `margin` px beyond it.

    Convention: elsewhere the visibility as it was.
    """
    result = torch.empty_like(visibility)
    made = zip(plain(visibility), plain(differences), plain(flow), result[:, 0].numpy(), strict=True)
    for before, difference, vectors, after in made:
        in_bands(_confirmed, after.shape[0], before[0], difference[0], vectors, after, _F(limit), _F(margin))
    return result


@compiled
def _range_down(plane: Any, y: int, reach: int, low: Any, high: Any) -> None:
    """Find the range above and below each pixel of a row; both are widened by their ends, by `reach` px."""
    height, width = plane.shape
    lowest, highest = low[reach : reach + width], high[reach : reach + width]
    pixels = plane[y]
    for x in range(width):  # not by a slice, whose message of errors would take seconds to compile
        lowest[x], highest[x] = pixels[x], pixels[x]
    for row in range(max(y - reach, 0), min(y + reach + 1, height)):
        pixels = plane[row]
        for x in range(width):
            lowest[x] = min(lowest[x], pixels[x])
            highest[x] = max(highest[x], pixels[x])
    low[:reach], low[reach + width :] = lowest[0], lowest[width - 1]
    high[:reach], high[reach + width :] = highest[0], highest[width - 1]


@compiled
def _clamped(image: Any, other: Any, target: Any, tolerance: Any, first: int, last: int) -> None:
    channels, _, width = image.shape
    a, b = np.empty(width + 6, _F), np.empty(width + 6, _F)
    for channel in range(channels):
        for y in range(first, last):
            _range_down(other[channel], y, 3, a, b)
            pixels, kept = image[channel, y], target[channel, y]
            for x in range(width):
                low = min(a[x], a[x + 1], a[x + 2], a[x + 3], a[x + 4], a[x + 5], a[x + 6])
                high = max(b[x], b[x + 1], b[x + 2], b[x + 3], b[x + 4], b[x + 5], b[x + 6])
                kept[x] = min(max(pixels[x], low - tolerance), high + tolerance)


@compiled
def _differences(image: Any, other: Any, lengths: Any, ways: Any, share: Any, first: int, last: int) -> None:
    channels, _, width = image.shape
    a, b = np.empty(width + 2, _F), np.empty(width + 2, _F)
    for y in range(first, last):
        length, way = lengths[y], ways[y]
        length[:], way[:] = 0, 0
        for channel in range(channels):
            _range_down(other[channel], y, 1, a, b)
            now, before = image[channel, y], other[channel, y]
            for x in range(width):
                low, high = min(a[x], a[x + 1], a[x + 2]), max(b[x], b[x + 1], b[x + 2])
                beyond, apart = max(low - now[x], _F(0)) + max(now[x] - high, _F(0)), now[x] - before[x]
                length[x] += apart * apart
                way[x] += beyond * beyond
        for x in range(width):
            way[x] += share * length[x]


@compiled
def _confirmed(
    visibility: Any, differences: Any, flow: Any, target: Any, limit: Any, margin: Any, first: int, last: int
) -> None:
    height, width = visibility.shape
    right, bottom = _F(width - 1) + margin, _F(height - 1) + margin
    for y in range(first, last):
        to_x, to_y, before, difference, after = flow[0, y], flow[1, y], visibility[y], differences[y], target[y]
        for x in range(width):
            column, row = _F(x) + to_x[x], _F(y) + to_y[x]
            inside = (column >= -margin) & (column <= right) & (row >= -margin) & (row <= bottom)
            after[x] = _F(1) if inside & (difference[x] < limit) else before[x]
