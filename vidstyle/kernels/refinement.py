"""Variational refinement of a flow, row by row: what motion/refinement.py has as formulas."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.kernels.compiling import Kernel, compiled, in_bands, plain
from vidstyle.kernels.lanes import COUNT, each, eight, next_to, put, root, shifted
from vidstyle.kernels.patches import slopes
from vidstyle.kernels.resampling import bilinear

BRIGHTNESS, GRADIENT, SMOOTHNESS = (
    2.5,
    5.0,
    14.0,
)  # what each term counts: the smoother, the calmer what is blended along it
SWEEPS = 3  # over all pixels, before the robust weights are found anew
OVERSHOOT = 1.8  # by which a sweep goes further than it should: over-relaxation
LEAST = 1e-6  # squares below that are penalized as such, larger ones by their root
FLAT = 1.0  # squared codes a px: what is flatter tells less than it seems to
_F, _U = np.float32, np.uint64
_ABOVE = 1  # rows of nothing over and under a plane; at its sides there are COUNT columns or more


def refined(
    current: Float[Tensor, "n 1 h w"],
    previous: Float[Tensor, "n 1 h w"],
    flow: Float[Tensor, "n 2 h w"],
    iterations: int,
    smoothness: float,
    beyond: float,
) -> Float[Tensor, "n 2 h w"]:
    """Move `flow` to where it agrees with the pictures and is smooth, as `vidstyle.motion.refinement.refined` does.

    Convention: what points further than `beyond` px out of the picture has nothing to agree with.
    """
    result = torch.empty_like(flow, memory_format=torch.contiguous_format)
    warped = bilinear(previous, flow, 1)
    pictures = zip(plain(current[:, 0]), plain(warped[:, 0]), plain(flow), result.numpy(), strict=True)
    for now, before, begin, target in pictures:
        problem = _Problem(now, before, begin, smoothness, beyond)
        for _ in range(iterations):
            problem.step()
        np.add(begin, problem.found, out=target)
    return result


class _Problem:
    """The equations of all pixels and how far they are solved.

    Convention: planes are widened by zeros, so that what is read beyond the border counts nothing.
    """

    def __init__(self, current: Any, warped: Any, flow: Any, smoothness: float, beyond: float) -> None:
        self._height, self._width = current.shape
        self._smoothness = _F(smoothness)
        span = COUNT + -(-self._width // COUNT) * COUNT + COUNT
        self._flow, self._step, self._next, self._bonds, self._fixed = (self._planes(2, span) for _ in range(5))
        self._inverse, self._rows = self._planes(3, span), self._planes(10, span)
        self._inner(self._flow)[:] = flow
        means = np.empty((2, self._height, self._width), _F)
        self._run(_changes, current, warped, means, self._rows)
        self._run(_normalized, flow, means, _F(beyond), self._rows)
        self._beside = np.zeros(span, _F)  # 1 where a pixel has another one at its right
        self._beside[COUNT : COUNT + self._width - 1] = 1
        turn = np.tile(np.array([OVERSHOOT, 0], _F), COUNT)
        self._turns = np.stack([np.roll(turn, number) for number in range(2 * SWEEPS)])

    @property
    def found(self) -> Any:
        """By how much the flow has to move, (2, h, w)."""
        return self._inner(self._step)

    def step(self) -> None:
        """Find the robust weights anew, and solve for them by over-relaxation on a chessboard."""
        self._run(_bound, self._smoothness, self._beside, self._flow, self._step, self._bonds)
        self._run(_weighed, self._flow, self._step, self._bonds, self._rows, self._fixed, self._inverse)
        self._run(_swept, self._turns, self._bonds, self._fixed, self._inverse, self._step, self._next)
        self._step, self._next = self._next, self._step

    def _run(self, kernel: Kernel, *arguments: Any) -> None:
        in_bands(kernel, self._height, *arguments, cost=self._width)

    def _planes(self, count: int, span: int) -> Any:
        return np.zeros((count, self._height + 2 * _ABOVE, span), _F)

    def _inner(self, planes: Any) -> Any:
        return planes[:, _ABOVE : _ABOVE + self._height, COUNT : COUNT + self._width]


@compiled
def _changes(current: Any, warped: Any, means: Any, rows: Any, first: int, last: int) -> None:
    """Give the mean slopes of both pictures, and by what brightness and its slopes change between them."""
    width = current.shape[1]
    x_now, y_now, x_then, y_then = np.empty(width, _F), np.empty(width, _F), np.empty(width, _F), np.empty(width, _F)
    for y in range(first, last):
        slopes(current, y, x_now, y_now)
        slopes(warped, y, x_then, y_then)
        now, then = current[y], warped[y]
        change, x_change, y_change = rows[6, y + _ABOVE], rows[7, y + _ABOVE], rows[8, y + _ABOVE]
        for x in range(width):
            change[x + COUNT] = then[x] - now[x]
        for x in range(width):
            x_change[x + COUNT] = x_then[x] - x_now[x]
        for x in range(width):
            y_change[x + COUNT] = y_then[x] - y_now[x]
        along_x, along_y = means[0, y], means[1, y]
        for x in range(width):
            along_x[x] = (x_now[x] + x_then[x]) / _F(2)
        for x in range(width):
            along_y[x] = (y_now[x] + y_then[x]) / _F(2)


@compiled
def _normalized(flow: Any, means: Any, beyond: Any, rows: Any, first: int, last: int) -> None:
    """Make of each term's slopes and change an equation of about length 1, and tell what points into the picture."""
    _, height, width = flow.shape
    xx, xy, yx, yy = np.empty(width, _F), np.empty(width, _F), np.empty(width, _F), np.empty(width, _F)
    length = np.empty(width, _F)
    right, bottom = _F(width - 1) + beyond, _F(height - 1) + beyond
    for y in range(first, last):
        slopes(means[0], y, xx, xy)
        slopes(means[1], y, yx, yy)
        at = y + _ABOVE
        _equation(means[0, y], means[1, y], length, rows[0, at], rows[3, at], rows[6, at])
        _equation(xx, xy, length, rows[1, at], rows[4, at], rows[7, at])
        _equation(xy, yy, length, rows[2, at], rows[5, at], rows[8, at])
        inside, to_x, to_y = rows[9, y + _ABOVE], flow[0, y], flow[1, y]
        for x in range(width):
            column, row = _F(x) + to_x[x], _F(y) + to_y[x]
            within = (column >= -beyond) & (column <= right) & (row >= -beyond) & (row <= bottom)
            inside[x + COUNT] = _F(1) if within else _F(0)


@compiled
def _equation(along_x: Any, along_y: Any, length: Any, x_row: Any, y_row: Any, change: Any) -> None:
    """Write one term's equations of a row, whose change stands there already."""
    for x in range(len(length)):
        length[x] = _F(1) / np.sqrt(along_x[x] * along_x[x] + along_y[x] * along_y[x] + _F(FLAT))
    for x in range(len(length)):
        x_row[x + COUNT] = along_x[x] * length[x]
    for x in range(len(length)):
        y_row[x + COUNT] = along_y[x] * length[x]
    for x in range(len(length)):
        change[x + COUNT] *= length[x]


@compiled
def _bound(smoothness: Any, beside: Any, flow: Any, step: Any, bonds: Any, first: int, last: int) -> None:
    """Give how much each pixel is held to the one at its right and the one below: the less, the more flow changes."""
    _, height, span = flow.shape
    u, v, du, dv = flow[0].reshape(-1), flow[1].reshape(-1), step[0].reshape(-1), step[1].reshape(-1)
    right, below = bonds[0].reshape(-1), bonds[1].reshape(-1)
    for y in range(first, last):
        under = _U(span) if y < height - 2 * _ABOVE - 1 else _U(0)  # the last row is like the one below it
        for x in range(COUNT, span - COUNT, COUNT):
            at, inner = _U((y + _ABOVE) * span + x), eight(beside, _U(x))
            to_x, to_y = eight(u, at) + eight(du, at), eight(v, at) + eight(dv, at)
            across_x = (eight(u, at + _U(1)) + eight(du, at + _U(1)) - to_x) * inner
            across_y = (eight(v, at + _U(1)) + eight(dv, at + _U(1)) - to_y) * inner
            down_x = eight(u, at + under) + eight(du, at + under) - to_x
            down_y = eight(v, at + under) + eight(dv, at + under) - to_y
            square = across_x * across_x + across_y * across_y + (down_x * down_x + down_y * down_y)
            bond = smoothness / root(_F(LEAST) + square)
            put(right, at, bond * inner)
            if under:
                put(below, at, bond)


@compiled
def _weighed(flow: Any, step: Any, bonds: Any, rows: Any, fixed: Any, inverse: Any, first: int, last: int) -> None:
    """Sum up each pixel's equations, of which what `step` leaves over counts by its root, and turn them round."""
    _, height, span = flow.shape
    flat, terms, plane = flow.reshape(-1), rows.reshape(-1), _U(height * span)
    right, below = bonds[0].reshape(-1), bonds[1].reshape(-1)
    force, own = fixed.reshape(-1), inverse.reshape(-1)
    for y in range(first, last):
        for x in range(COUNT, span - COUNT, COUNT):
            at = _U((y + _ABOVE) * span + x)
            xx, xy, yy, xt, yt = _equations(terms, step.reshape(-1), at, plane)
            left_bond, right_bond = eight(right, at - _U(1)), eight(right, at)
            above_bond, below_bond = eight(below, at - _U(span)), eight(below, at)
            held = left_bond + right_bond + (above_bond + below_bond)
            for axis, change in enumerate((xt, yt)):
                here = at + plane if axis else at
                pull = left_bond * eight(flat, here - _U(1)) + right_bond * eight(flat, here + _U(1))
                pull = pull + above_bond * eight(flat, here - _U(span)) + below_bond * eight(flat, here + _U(span))
                put(force, here, pull - held * eight(flat, here) - change)
            a, c = xx + held, yy + held
            area = a * c - xy * xy
            put(own, at, c / area)
            put(own, at + plane, a / area)
            put(own, at + plane + plane, xy / area)


@compiled
def _equations(terms: Any, step: Any, at: Any, plane: Any) -> Any:
    """Give the normal equations' xx, xy, yy, xt and yt of eight pixels."""
    dx, dy = eight(step, at), eight(step, at + plane)
    inside = eight(terms, at + _U(9) * plane)
    x, y, t = eight(terms, at), eight(terms, at + _U(3) * plane), eight(terms, at + _U(6) * plane)
    at += plane
    p, q, s = eight(terms, at), eight(terms, at + _U(3) * plane), eight(terms, at + _U(6) * plane)
    at += plane
    e, f, g = eight(terms, at), eight(terms, at + _U(3) * plane), eight(terms, at + _U(6) * plane)
    rest, x_rest, y_rest = t + x * dx + y * dy, s + p * dx + q * dy, g + e * dx + f * dy
    one = _F(BRIGHTNESS) * inside / root(_F(LEAST) + rest * rest)
    two = _F(GRADIENT) * inside / root(_F(LEAST) + x_rest * x_rest + y_rest * y_rest)
    xx, xy, yy = (
        one * x * x + two * (p * p + e * e),
        one * x * y + two * (p * q + e * f),
        one * y * y + two * (q * q + f * f),
    )
    return xx, xy, yy, one * x * t + two * (p * s + e * g), one * y * t + two * (q * s + f * g)


@compiled
def _swept(turns: Any, bonds: Any, fixed: Any, inverse: Any, step: Any, result: Any, first: int, last: int) -> None:
    """Sweep over some rows in all turns, each following its forerunner one row behind, while they are in the cache.

    Convention: what happens elsewhere comes nearer by one row a turn, so the rows around are swept along and forgotten.
    """
    _, height, span = step.shape
    reach = len(turns)
    low, high = max(first - reach, 0), min(last + reach, height - 2 * _ABOVE)
    near = np.zeros((2, high - low + 2 * _ABOVE, span), _F)
    _copied(step, low, near, 0, high - low)
    local, force, own = near.reshape(-1), fixed.reshape(-1), inverse.reshape(-1)
    right, below = bonds[0].reshape(-1), bonds[1].reshape(-1)
    planes = _U(height * span), _U(near.shape[1] * span), _U(span)
    for front in range(low, high + reach - 1):
        for turn in range(reach):
            y = front - turn
            if low <= y < high:
                at, place = (y + _ABOVE) * span + COUNT, (y - low + _ABOVE) * span + COUNT
                go = eight(turns[turn], _U(y % 2))
                _solved(_U(at), _U(place), go, planes, right, below, force, own, local)
    _copied(near, first - low, result, first, last - first)


@compiled
def _copied(source: Any, begin: int, target: Any, first: int, count: int) -> None:
    for plane in range(2):
        for y in range(_ABOVE, count + _ABOVE):
            pixels, row = source[plane, begin + y], target[plane, first + y]
            for x in range(len(row)):
                row[x] = pixels[x]


@compiled
def _solved(at: Any, place: Any, go: Any, planes: Any, right: Any, below: Any, force: Any, own: Any, step: Any) -> None:
    """Bring the pixels of a row by `go` towards what solves their equations, while their neighbours stay.

    Convention: they begin at `at` in the equations and at `place` among the steps.
    """
    plane, step_plane, span = planes
    x_before, y_before, bond_before = each(_F(0)), each(_F(0)), each(_F(0))
    dx, dy = eight(step, place), eight(step, place + step_plane)
    for _ in range(COUNT, span - _U(COUNT), COUNT):
        second, after = place + step_plane, place + _U(COUNT)
        dx_after, dy_after = eight(step, after), eight(step, after + step_plane)
        bond = eight(right, at)
        left_bond, above_bond, below_bond = shifted(bond_before, bond), eight(below, at - span), eight(below, at)
        to_x = eight(force, at) + left_bond * shifted(x_before, dx) + bond * next_to(dx, dx_after)
        to_x = to_x + above_bond * eight(step, place - span) + below_bond * eight(step, place + span)
        to_y = eight(force, at + plane) + left_bond * shifted(y_before, dy) + bond * next_to(dy, dy_after)
        to_y = to_y + above_bond * eight(step, second - span) + below_bond * eight(step, second + span)
        cross = eight(own, at + plane + plane)
        put(step, place, dx + go * (eight(own, at) * to_x - cross * to_y - dx))
        put(step, second, dy + go * (eight(own, at + plane) * to_y - cross * to_x - dy))
        x_before, y_before, bond_before, dx, dy = dx, dy, bond, dx_after, dy_after
        at, place = at + _U(COUNT), after
