"""Fetches pictures along a flow: nearest, bilinear, bicubic, and bicubic between pixels that Lanczos put half-way."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.kernels.compiling import Kernel, compiled, in_bands, plain
from vidstyle.kernels.lanes import four, total

_F, _I, _U = np.float32, np.int32, np.uint64  # of places that are unsigned nobody asks whether they are negative
_PAD = 4  # px by which pictures are widened with their edge: as far as sixteen taps reach from a place that is clamped
_KEYS = _F(-0.75)
_STRIP = 32  # rows that are made at once

Resample = Callable[[Tensor, Tensor, int], Tensor]


def nearest(
    images: Float[Tensor, "n c h w"], flow: Float[Tensor, "n 2 h w"], every: int
) -> Float[Tensor, "n c rows w"]:
    """Take the pixel that the flow points to most nearly, from half-way the even one."""
    return _fetched(_nearest, plain(images), flow, every)


def bilinear(
    images: Float[Tensor, "n c h w"], flow: Float[Tensor, "n 2 h w"], every: int
) -> Float[Tensor, "n c rows w"]:
    """Interpolate linearly between four pixels."""
    return _fetched(_bilinear, plain(images), flow, every)


def bicubic(
    images: Float[Tensor, "n c h w"], flow: Float[Tensor, "n 2 h w"], every: int
) -> Float[Tensor, "n c rows w"]:
    """Interpolate between sixteen pixels by Keys' kernel with a = -0.75."""
    sides = ((0, 0), (0, 0), (_PAD, _PAD), (_PAD, _PAD))
    return _fetched(_bicubic, np.pad(plain(images), sides, mode="edge"), flow, every)


def lanczos(
    images: Float[Tensor, "n c h w"], flow: Float[Tensor, "n 2 h w"], every: int, halfway: Float[Tensor, " 8"]
) -> Float[Tensor, "n c rows w"]:
    """Put a pixel between every two, which `halfway` weighs out of eight, and interpolate bicubically between those."""
    return _fetched(_lanczos, plain(images), flow, every, plain(halfway))


def _fetched(kernel: Kernel, sources: Any, flow: Tensor, every: int, *more: Any) -> Tensor:
    height, width = flow.shape[2:]
    result = torch.empty(len(sources), sources.shape[1], -(-height // every), width)
    for source, vectors, target in zip(sources, plain(flow), result.numpy(), strict=True):
        in_bands(kernel, target.shape[1], source, vectors, target, every, *more)
    return result


@compiled
def _inside(place: Any, last: Any) -> Any:
    # Written out, since min and max let NaN through, which would become any address.
    place = place if place > _F(0) else _F(0)
    return place if place < last else last


@compiled
def _nearest(source: Any, flow: Any, target: Any, every: int, first: int, last: int) -> None:
    channels, height, width = source.shape
    at = np.empty(width, _I)
    for row in range(first, last):
        y = row * every
        for x in range(width):
            column = _inside(_F(x) + flow[0, y, x], _F(width - 1))
            at[x] = _I(np.rint(_inside(_F(y) + flow[1, y, x], _F(height - 1)))) * _I(width) + _I(np.rint(column))
        for channel in range(channels):
            plane = source[channel].reshape(-1)
            for x in range(width):
                target[channel, row, x] = plane[_U(at[x])]


@compiled
def _bilinear(source: Any, flow: Any, target: Any, every: int, first: int, last: int) -> None:
    channels, height, width = source.shape
    at, right, below = np.empty(width, _I), np.empty(width, _I), np.empty(width, _I)  # steps: 0 at the last pixel
    across, down = np.empty(width, _F), np.empty(width, _F)
    for row in range(first, last):
        y = row * every
        for x in range(width):
            place = _inside(_F(x) + flow[0, y, x], _F(width - 1))
            pixel = _I(place)
            across[x] = place - _F(pixel)
            at[x] = pixel
            right[x] = min(pixel + _I(1), _I(width - 1)) - pixel
        for x in range(width):
            place = _inside(_F(y) + flow[1, y, x], _F(height - 1))
            pixel = _I(place)
            down[x] = place - _F(pixel)
            at[x] += pixel * _I(width)
            below[x] = (min(pixel + _I(1), _I(height - 1)) - pixel) * _I(width)
        for channel in range(channels):
            plane = source[channel].reshape(-1)
            for x in range(width):
                here, beside, under = _U(at[x]), _U(right[x]), _U(at[x] + below[x])
                above = plane[here] + across[x] * (plane[here + beside] - plane[here])
                lower = plane[under] + across[x] * (plane[under + beside] - plane[under])
                target[channel, row, x] = above + down[x] * (lower - above)


@compiled
def _first_taps(base: float, step: float, along: Any, scale: Any, side: int, at: Any, rest: Any) -> None:
    """Find the first of four taps in a widened picture with `side` px, and how far beyond the second the place lies."""
    furthest = _F(side - 1 + _PAD // 2)
    for x in range(len(along)):
        place = (_F(base) + _F(step) * _F(x) + along[x]) * scale
        place = place if place > _F(1 - _PAD) else _F(1 - _PAD)  # as in `_inside`
        rest[x] = place if place < furthest else furthest
    for x in range(len(along)):
        at[x] = _I(rest[x] + _F(_PAD)) - _I(1)
    for x in range(len(along)):
        rest[x] -= _F(at[x] + _I(1 - _PAD))


@compiled
def _keys(rest: Any, weights: Any) -> None:
    """Weigh four taps. Source: Keys 1981, Cubic convolution interpolation, equation 15 with a free."""
    for x in range(len(rest)):
        t, u = rest[x], _F(1) - rest[x]
        weights[x, 0] = _KEYS * t * u * u
        weights[x, 3] = _KEYS * t * t * u
    for x in range(len(rest)):
        t, u = rest[x], _F(1) - rest[x]
        weights[x, 1] = ((_KEYS + _F(2)) * t - (_KEYS + _F(3))) * t * t + _F(1)
        weights[x, 2] = ((_KEYS + _F(2)) * u - (_KEYS + _F(3))) * u * u + _F(1)


@compiled
def _bicubic(source: Any, flow: Any, target: Any, every: int, first: int, last: int) -> None:
    channels, height, width = source.shape  # widened
    size = flow.shape[2]
    at, down, rest = np.empty(size, _I), np.empty(size, _I), np.empty(size, _F)
    across, along = np.empty((size, 4), _F), np.empty((size, 4), _F)
    for row in range(first, last):
        y = row * every
        _first_taps(y, 0, flow[1, y], _F(1), height - 2 * _PAD, down, rest)
        _keys(rest, along)
        _first_taps(0, 1, flow[0, y], _F(1), width - 2 * _PAD, at, rest)
        _keys(rest, across)
        for x in range(size):
            at[x] += down[x] * _I(width)
        _sixteen(source.reshape(channels, -1), _U(width), at, across, along, target, row)


@compiled
def _sixteen(sources: Any, span: Any, at: Any, across: Any, along: Any, target: Any, row: int) -> None:
    """Weigh four by four pixels of each channel, the first of which is `at`, for each pixel of a row."""
    channels, size = sources.shape
    pixels, taps = sources.reshape(-1), across.reshape(-1)
    for x in range(len(at)):
        weights = four(taps, _U(4 * x))
        a, b, c, d = along[x, 0] * weights, along[x, 1] * weights, along[x, 2] * weights, along[x, 3] * weights
        p = _U(at[x])
        for channel in range(channels):
            upper = a * four(pixels, p) + b * four(pixels, p + span)
            lower = c * four(pixels, p + span + span) + d * four(pixels, p + span + span + span)
            target[channel, row, x] = total(upper + lower)
            p += _U(size)


@compiled
def _lanczos(source: Any, flow: Any, target: Any, every: int, taps: Any, first: int, last: int) -> None:
    """Make the finer picture strip by strip, so that it never has to leave the cache."""
    channels, height, width = source.shape
    at, down, rest = np.empty(width, _I), np.empty(width, _I), np.empty(width, _F)
    across, along, base = np.empty((width, 4), _F), np.empty((width, 4), _F), np.empty(width + 7, _F)
    span, fine = 2 * width - 1 + 2 * _PAD, np.empty((channels, 0), _F)
    start = first
    while start < last:
        stop = min(start + _STRIP, last)
        low, high = _reach(flow, every, start, stop, height)
        while stop < last and high - low > 3 * every * (stop - start):  # else wild motion would cost by its square
            stop = min(2 * stop - start, last)
            low, high = _reach(flow, every, start, stop, height)
        if fine.shape[1] < (high - low) * span:
            fine = np.empty((channels, (high - low) * span), _F)
        for channel in range(channels):
            for row in range(low, high):
                _finer_row(source[channel], row, taps, base, fine[channel, (row - low) * span : (row - low + 1) * span])
        for row in range(start, stop):
            y = row * every
            _first_taps(y, 0, flow[1, y], _F(2), 2 * height - 1, down, rest)
            _keys(rest, along)
            _first_taps(0, 1, flow[0, y], _F(2), 2 * width - 1, at, rest)
            _keys(rest, across)
            for x in range(width):
                at[x] += (down[x] - _I(low)) * _I(span)
            _sixteen(fine, _U(span), at, across, along, target, row)
        start = stop


@compiled
def _reach(flow: Any, every: int, start: int, stop: int, height: int) -> Any:
    """Tell from which row of the widened finer picture to which the taps of some rows reach."""
    low, high = _F(2 * height), _F(-_PAD)
    for row in range(start, stop):
        y, edge = row * every, _F(2 * height - 2 + _PAD // 2)
        for x in range(flow.shape[2]):
            place = (_F(y) + flow[1, y, x]) * _F(2)
            place = place if place > _F(1 - _PAD) else _F(1 - _PAD)
            place = place if place < edge else edge
            low, high = min(low, place), max(high, place)
    return int(low + _F(_PAD)) - 1, int(high + _F(_PAD)) + 3


@compiled
def _finer_row(plane: Any, row: int, taps: Any, base: Any, target: Any) -> None:
    """Make one row of the finer picture, widened by its edge."""
    height, width = plane.shape
    row = min(max(row - _PAD, 0), 2 * height - 2)
    y, end = row // 2, height - 1
    if row % 2:
        a, b, c, d = plane[max(y - 3, 0)], plane[max(y - 2, 0)], plane[max(y - 1, 0)], plane[y]
        e, f, g, h = plane[y + 1], plane[min(y + 2, end)], plane[min(y + 3, end)], plane[min(y + 4, end)]
        for x in range(width):
            base[x + 3] = (
                taps[0] * (a[x] + h[x]) + taps[1] * (b[x] + g[x]) + taps[2] * (c[x] + f[x]) + taps[3] * (d[x] + e[x])
            )
    else:
        pixels = plane[y]
        for x in range(width):
            base[x + 3] = pixels[x]
    base[:3], base[3 + width :] = base[3], base[2 + width]
    for x in range(width - 1):
        target[2 * x + _PAD] = base[x + 3]
        target[2 * x + _PAD + 1] = (
            taps[0] * (base[x] + base[x + 7])
            + taps[1] * (base[x + 1] + base[x + 6])
            + taps[2] * (base[x + 2] + base[x + 5])
            + taps[3] * (base[x + 3] + base[x + 4])
        )
    target[:_PAD], target[2 * width - 2 + _PAD :] = base[3], base[2 + width]
