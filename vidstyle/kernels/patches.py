"""The patches of dense inverse search, one after the other: what motion/patches.py has as formulas."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.kernels.compiling import compiled, in_bands, plain
from vidstyle.kernels.lanes import each, eight, larger, put, root, total

SIDE = 8  # px of a patch; and as many lanes
DAMPING = 1.0  # squared codes a px, added to what a patch's gradients sum up to: what is flat stays where it is
ROUNDS = 2  # of descent; before each a patch may take over what a neighbour found
NEAR = 0.1  # px, along both axes together: neighbours that found as much as that have nothing to tell
STILL = 1e-3  # squared px of a step, after which a patch stays where it is
_F, _U = np.float32, np.uint64
_PIXELS = _F(SIDE * SIDE)
_SEARCH = 200  # ns that a patch takes, about
_MARGIN = (SIDE, SIDE + 1)  # px by which a picture is widened, so that what lies outside it needs no question


def search_patches(
    current: Float[Tensor, "n 1 h w"],
    previous: Float[Tensor, "n 1 h w"],
    flow: Float[Tensor, "n 2 h w"],
    *,
    stride: int,
    descent: int,
) -> Float[Tensor, "n 2 h w"]:
    """Follow each patch of `current` into `previous`, as `vidstyle.motion.patches.search_patches` does it."""
    result = torch.empty_like(flow, memory_format=torch.contiguous_format)
    pictures = zip(plain(current[:, 0]), plain(previous[:, 0]), plain(flow), result.numpy(), strict=True)
    for now, before, begin, target in pictures:
        patches = _Patches(now, before, stride)
        found = patches.beginning(begin)
        for _ in range(ROUNDS):
            found = patches.descended(found, descent // ROUNDS)
        patches.spread(found, target)
    return result


class _Patches:
    """Patches of one picture, that look for themselves in another.

    Convention: displacements are (2, rows, columns) of patches, in px. Both pictures are widened by their edges: the
    one, until patches cover it, the other, so that what lies outside it needs no question.
    """

    def __init__(self, current: Any, previous: Any, stride: int) -> None:
        self._rows, self._columns = (-(-(side - SIDE) // stride) + 1 for side in current.shape)
        height, width = ((count - 1) * stride + SIDE for count in (self._rows, self._columns))
        own, seen = (np.empty(size, _F) for size in ((height, width), [side + sum(_MARGIN) for side in previous.shape]))
        in_bands(_widened, len(own), current, 0, own, cost=width)
        in_bands(_widened, len(seen), previous, _MARGIN[0], seen, cost=width)
        self._pictures = (seen, own, np.empty_like(own), np.empty_like(own))
        in_bands(_slopes, height, *self._pictures[1:], cost=width)
        self._stride = stride
        self._known = np.empty((self._rows, self._columns, 5), _F)
        in_bands(_prepared, self._rows, *self._pictures[2:], stride, self._known, cost=width)

    def beginning(self, flow: Any) -> Any:
        """Give where the middle of each patch points to, or the border where that lies beyond it."""
        rows, columns = (
            np.minimum(np.arange(count) * self._stride + SIDE // 2, side - 1)
            for count, side in zip((self._rows, self._columns), flow.shape[1:], strict=True)
        )
        return flow[:, rows[:, None], columns]

    def descended(self, found: Any, steps: int) -> Any:
        """Take over what a neighbour found where that fits better, go downhill, and keep what fitted best."""
        result = np.empty_like(found)
        told = (self._known, self._stride, steps, found, result)
        in_bands(_descended, self._rows, *self._pictures, *told, cost=self._columns * _SEARCH)
        return result

    def spread(self, found: Any, target: Any) -> None:
        """Write for each pixel the mean of its patches, weighted by how well they fit."""
        seen, current = self._pictures[:2]
        sums = np.zeros((3, *current.shape), _F)
        in_bands(_summed, len(current), seen, current, self._stride, found, sums, cost=current.shape[1])
        _, height, width = target.shape
        np.divide(sums[1:, :height, :width], sums[0, :height, :width], out=target)


@compiled
def _widened(plane: Any, margin: int, target: Any, first: int, last: int) -> None:
    """Lay a picture `margin` px from the upper left corner of a larger one, and repeat its edges."""
    height, width = plane.shape
    for y in range(first, last):
        pixels, row = plane[min(max(y - margin, 0), height - 1)], target[y]
        row[:margin], row[margin + width :] = pixels[0], pixels[width - 1]
        for x in range(width):
            row[margin + x] = pixels[x]


@compiled
def slopes(plane: Any, y: int, along_x: Any, along_y: Any) -> None:
    """Write the central differences of a row; the border repeats the edge."""
    height, width = plane.shape
    above, here, below = plane[max(y - 1, 0)], plane[y], plane[min(y + 1, height - 1)]
    for x in range(width):
        along_y[x] = (below[x] - above[x]) / _F(2)
    for x in range(1, width - 1):
        along_x[x] = (here[x + 1] - here[x - 1]) / _F(2)
    along_x[0], along_x[width - 1] = (here[1] - here[0]) / _F(2), (here[width - 1] - here[width - 2]) / _F(2)


@compiled
def _slopes(plane: Any, along_x: Any, along_y: Any, first: int, last: int) -> None:
    for y in range(first, last):
        slopes(plane, y, along_x[y], along_y[y])


@compiled
def _prepared(along_x: Any, along_y: Any, stride: int, known: Any, first: int, last: int) -> None:
    """Give for each patch 64 times the mean slopes, and the inverse of what the others sum up to: yy, xy and xx."""
    width, slopes_x, slopes_y = along_x.shape[1], along_x.reshape(-1), along_y.reshape(-1)
    for row in range(first, last):
        for column in range(known.shape[1]):
            at, sum_x = _U(row * stride * width + column * stride), each(_F(0))
            sum_y, sum_xx, sum_xy, sum_yy = sum_x, sum_x, sum_x, sum_x
            for _ in range(SIDE):
                x, y = eight(slopes_x, at), eight(slopes_y, at)
                sum_x, sum_y = sum_x + x, sum_y + y
                sum_xx, sum_xy, sum_yy = sum_xx + x * x, sum_xy + x * y, sum_yy + y * y
                at += _U(width)
            x, y = total(sum_x), total(sum_y)
            xx = total(sum_xx) - x * x / _PIXELS + _F(DAMPING)
            yy = total(sum_yy) - y * y / _PIXELS + _F(DAMPING)
            xy = total(sum_xy) - x * y / _PIXELS
            area, patch = xx * yy - xy * xy, known[row, column]
            patch[0], patch[1], patch[2], patch[3], patch[4] = x, y, yy / area, xy / area, xx / area


@compiled
def _corner(size: Any, x: Any, y: Any) -> Any:
    """Give which pixel of the widened picture a patch begins at, and how much each of four neighbours counts."""
    height, width = size
    right, bottom = _F(width - SIDE - 1), _F(height - SIDE - 1)
    x, y = x + _F(SIDE), y + _F(SIDE)
    x, y = (x if x > _F(0) else _F(0)), (y if y > _F(0) else _F(0))  # min and max would let NaN through
    x, y = (x if x < right else right), (y if y < bottom else bottom)
    column, row = int(x), int(y)
    u, v = x - _F(column), y - _F(row)
    upper, lower = _F(1) - v, v
    at = _U(row * width + column)
    return at, upper * (_F(1) - u), upper * u, lower * (_F(1) - u), lower * u


@compiled
def _misfit(pictures: Any, patch: Any, x: Any, y: Any) -> Any:
    """Give the mean squared difference at a place, less what brightness alone explains; slopes cost more."""
    size, pixels, row, own, _, _ = pictures
    at, a, b, c, d = _corner(size, x, y)
    span, apart, squares = _U(size[1]), each(_F(0)), each(_F(0))
    upper, beside = eight(pixels, at), eight(pixels, at + _U(1))
    for _ in range(SIDE):
        at += span
        lower, under = eight(pixels, at), eight(pixels, at + _U(1))
        apart_here = a * upper + b * beside + c * lower + d * under - eight(own, patch)
        apart, squares = apart + apart_here, squares + apart_here * apart_here
        upper, beside = lower, under
        patch += row
    mean = total(apart) / _PIXELS
    return total(squares) / _PIXELS - mean * mean


@compiled
def _differences(pictures: Any, patch: Any, x: Any, y: Any) -> Any:
    """Give the mean difference at a place, the misfit, and the differences weighed by both slopes."""
    size, pixels, row, own, slopes_x, slopes_y = pictures
    at, a, b, c, d = _corner(size, x, y)
    span, apart, squares, sum_x, sum_y = _U(size[1]), each(_F(0)), each(_F(0)), each(_F(0)), each(_F(0))
    upper, beside = eight(pixels, at), eight(pixels, at + _U(1))
    for _ in range(SIDE):
        at += span
        lower, under = eight(pixels, at), eight(pixels, at + _U(1))
        apart_here = a * upper + b * beside + c * lower + d * under - eight(own, patch)
        apart, squares = apart + apart_here, squares + apart_here * apart_here
        sum_x, sum_y = sum_x + apart_here * eight(slopes_x, patch), sum_y + apart_here * eight(slopes_y, patch)
        upper, beside = lower, under
        patch += row
    mean = total(apart) / _PIXELS
    return mean, total(squares) / _PIXELS - mean * mean, total(sum_x), total(sum_y)


@compiled
def _best_around(pictures: Any, patch: Any, stride: int, found: Any, row: int, column: int) -> Any:
    """Give the displacement, of a patch's own and its four neighbours', that fits best, and the misfit where asked for.

    Convention: where no neighbour found anything else, nobody has to ask how well its own fits; that is infinite then.
    """
    _, rows, columns = found.shape
    x, y = _F(column * stride), _F(row * stride)
    own_u, own_v = found[0, row, column], found[1, row, column]
    u, v, least = own_u, own_v, _F(np.inf)
    for side in range(4):
        down, right = (side == 1) - (side == 0), (side == 3) - (side == 2)  # noqa: PLR2004
        other = min(max(row + down, 0), rows - 1), min(max(column + right, 0), columns - 1)
        other_u, other_v = found[0, other[0], other[1]], found[1, other[0], other[1]]
        if abs(other_u - own_u) + abs(other_v - own_v) >= _F(NEAR):
            if least == _F(np.inf):
                least = _misfit(pictures, patch, x + own_u, y + own_v)
            misfit = _misfit(pictures, patch, x + other_u, y + other_v)
            if misfit < least:
                u, v, least = other_u, other_v, misfit
    return least, u, v


@compiled
def _descended(
    seen: Any,
    current: Any,
    along_x: Any,
    along_y: Any,
    known: Any,
    stride: int,
    steps: int,
    found: Any,
    result: Any,
    first: int,
    last: int,
) -> None:
    width, reach = current.shape[1], _F(SIDE)
    own = _U(width), current.reshape(-1), along_x.reshape(-1), along_y.reshape(-1)
    pictures = seen.shape, seen.reshape(-1), *own
    for row in range(first, last):
        for column in range(found.shape[2]):
            patch, x, y = _U(row * stride * width + column * stride), _F(column * stride), _F(row * stride)
            least, u, v = _best_around(pictures, patch, stride, found, row, column)
            best_u, best_v = u, v
            left, right, top, bottom = u - reach, u + reach, v - reach, v + reach
            for _ in range(steps):
                mean, misfit, sum_x, sum_y = _differences(pictures, patch, x + u, y + v)
                if misfit < least:
                    best_u, best_v, least = u, v, misfit
                sum_x, sum_y = sum_x - known[row, column, 0] * mean, sum_y - known[row, column, 1] * mean
                yy, xy, xx = known[row, column, 2], known[row, column, 3], known[row, column, 4]
                step_u, step_v = yy * sum_x - xy * sum_y, xx * sum_y - xy * sum_x
                if step_u * step_u + step_v * step_v < _F(STILL):
                    break
                u, v = min(max(u - step_u, left), right), min(max(v - step_v, top), bottom)
            else:
                if _misfit(pictures, patch, x + u, y + v) < least:
                    best_u, best_v = u, v
            result[0, row, column], result[1, row, column] = best_u, best_v


@compiled
def _summed(seen: Any, current: Any, stride: int, found: Any, sums: Any, first: int, last: int) -> None:
    """Add up for each pixel the weights of its patches, and their displacements as much as they weigh."""
    _, rows, columns = found.shape
    height, width = current.shape
    size, span = seen.shape, _U(seen.shape[1])
    pixels, own, flat = seen.reshape(-1), current.reshape(-1), sums.reshape(-1)
    plane, one = _U(height * width), each(_F(1))
    for row in range(max(0, -(-(first - SIDE + 1) // stride)), min(rows, -(-last // stride))):
        top, bottom = max(first, row * stride), min(last, row * stride + SIDE)
        for column in range(columns):
            u, v = found[0, row, column], found[1, row, column]
            at, a, b, c, d = _corner(size, _F(column * stride) + u, _F(row * stride) + v)
            at += _U(top - row * stride) * span
            place = _U(top * width + column * stride)
            for _ in range(top, bottom):
                here = a * eight(pixels, at) + b * eight(pixels, at + _U(1))
                at += span
                apart = here + c * eight(pixels, at) + d * eight(pixels, at + _U(1)) - eight(own, place)
                weight = _F(1) / root(larger(apart * apart, one))
                put(flat, place, eight(flat, place) + weight)
                put(flat, place + plane, eight(flat, place + plane) + u * weight)
                put(flat, place + plane + plane, eight(flat, place + plane + plane) + v * weight)
                place += _U(width)
