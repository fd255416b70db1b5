"""Planes of luma and chroma ↔ RGB, to the bit what `vidstyle.media.pixels` does in torch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.kernels.compiling import compiled, in_bands, plain

_F = np.float32
_HALF = _F(0.5)

Codes = tuple[int, int]  # that of zero, and how many lie between zero and one


def to_rgb(
    planes: Sequence[Tensor], block: tuple[int, int], luma: Codes, chroma: Codes, weights: tuple[float, float]
) -> Float[Tensor, "n 3 h w"]:
    """Turn planes (n, h, w) of codes into RGB; `weights` are red's and blue's share of luma.

    Convention: every code of chroma is that of a whole `block`, rows and columns. Raises ValueError where planes do not
    belong together so.
    """
    n, height, width = planes[0].shape
    chroma_size = (n, -(-height // block[0]), -(-width // block[1]))
    if any(plane.shape != chroma_size for plane in planes[1:]):  # a loop would read beyond the end
        raise ValueError(f"planes of {[tuple(plane.shape) for plane in planes]} with chroma for {block} px")
    rgb = torch.empty(n, 3, height, width)
    red, blue = weights
    shares = [_F(each) for each in (*luma, *chroma, 2 * (1 - red), red, 2 * (1 - blue), blue, -(1 - red - blue))]
    for y, cb, cr, target in zip(*map(plain, planes), rgb.numpy(), strict=True):
        in_bands(_to_rgb, len(cb), y, cb, cr, target, *block, np.array(shares, _F))
    return rgb


def to_planes(
    rgb: Float[Tensor, "n 3 h w"],
    block: tuple[int, int],
    luma: Codes,
    chroma: Codes,
    weights: tuple[float, float],
    top: int,
) -> tuple[Tensor, ...]:
    """Turn RGB into planes (n, h, w) of codes from 0 to `top`, of chroma the mean of each `block`, rows and columns."""
    n, _, height, width = rgb.shape
    (tall, wide), kind = block, torch.uint8 if top < 1 << 8 else torch.uint16
    rows, columns = -(-height // tall), -(-width // wide)
    planes = [torch.empty(n, *size, dtype=kind) for size in ((height, width), (rows, columns), (rows, columns))]
    red, blue = weights
    shares = (*luma, *chroma, 1 - red - blue, red, blue, 2 * (1 - blue), 2 * (1 - red))
    for image, y, cb, cr in zip(plain(rgb), *(plane.numpy() for plane in planes), strict=True):
        in_bands(_to_planes, rows, image, y, cb, cr, tall, wide, np.array(shares, _F), _F(top))
    return tuple(planes)


@compiled
def _to_rgb(y: Any, cb: Any, cr: Any, rgb: Any, tall: int, wide: int, shares: Any, first: int, last: int) -> None:
    height, width = y.shape
    columns = cb.shape[1]
    low, span, middle, reach = shares[0], shares[1], shares[2], shares[3]
    red_span, red_share, blue_span, blue_share, rest = shares[4], shares[5], shares[6], shares[7], shares[8]
    reds, greens, blues = np.empty(columns * wide, _F), np.empty(columns * wide, _F), np.empty(columns * wide, _F)
    for row in range(first, last):
        blue_codes, red_codes = cb[row], cr[row]
        for column in range(columns):
            blue = (_F(blue_codes[column]) - middle) / reach * blue_span
            red = (_F(red_codes[column]) - middle) / reach * red_span
            green = (red * red_share + blue * blue_share) / rest
            for x in range(column * wide, column * wide + wide):
                reds[x], greens[x], blues[x] = red, green, blue
        for line in range(row * tall, min(row * tall + tall, height)):
            codes, to_red, to_green, to_blue = y[line], rgb[0, line], rgb[1, line], rgb[2, line]
            for x in range(width):
                bright = (_F(codes[x]) - low) / span
                to_red[x], to_green[x], to_blue[x] = reds[x] + bright, greens[x] + bright, blues[x] + bright


@compiled
def _to_planes(
    rgb: Any, y: Any, cb: Any, cr: Any, tall: int, wide: int, shares: Any, top: Any, first: int, last: int
) -> None:
    _, height, width = rgb.shape
    columns = cb.shape[1]
    low, span, middle, reach = shares[0], shares[1], shares[2], shares[3]
    green_share, red_share, blue_share = shares[4], shares[5], shares[6]
    blues, reds = np.empty((tall, columns * wide), _F), np.empty((tall, columns * wide), _F)
    for row in range(first, last):
        for down in range(tall):
            line = min(row * tall + down, height - 1)
            red, green, blue, codes = rgb[0, line], rgb[1, line], rgb[2, line], y[line]
            to_blue, to_red = blues[down], reds[down]
            for x in range(width):
                bright = green[x] * green_share + red[x] * red_share + blue[x] * blue_share
                codes[x] = _code(bright, low, span, top)
                to_blue[x], to_red[x] = blue[x] - bright, red[x] - bright
            for x in range(width, columns * wide):
                to_blue[x], to_red[x] = to_blue[width - 1], to_red[width - 1]
        _means(blues, cb[row], wide, shares[7], middle, reach, top)
        _means(reds, cr[row], wide, shares[8], middle, reach, top)


@compiled
def _means(differences: Any, codes: Any, wide: int, span: Any, low: Any, reach: Any, top: Any) -> None:
    tall = differences.shape[0]
    for column in range(len(codes)):
        total = _F(0)
        for down in range(tall):
            for x in range(column * wide, column * wide + wide):
                total += differences[down, x]
        codes[column] = _code(total / _F(tall * wide) / span, low, reach, top)


@compiled
def _code(value: Any, low: Any, span: Any, top: Any) -> Any:
    code = np.floor(value * span + (low + _HALF))
    code = code if code > _F(0) else _F(0)
    return np.int32(code if code < top else top)
