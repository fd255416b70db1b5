"""What lanes calculate, beside NumPy."""

from typing import Any

import numpy as np
import pytest

from vidstyle.kernels.compiling import compiled
from vidstyle.kernels.lanes import each, eight, four, larger, next_to, put, root, shifted, total

VALUES = np.random.default_rng(3).random(24, np.float32) + np.float32(0.5)
A, B = VALUES[2:10], VALUES[11:19]
F, U = np.float32, np.uint64


@compiled
def _written(values: Any, which: int, target: Any) -> None:
    a, b = eight(values, U(2)), eight(values, U(11))
    if which == 0:
        put(target, U(1), a + b * a - b / a)
    elif which == 1:
        put(target, U(1), F(2) * a + each(F(0.25)))
    elif which == 2:
        put(target, U(1), root(larger(a, b)))
    elif which == 3:
        put(target, U(1), shifted(a, b))
    else:
        put(target, U(1), next_to(a, b))


@compiled
def _summed(values: Any) -> Any:
    return total(eight(values, U(2))), total(F(3) * four(values, U(5)))


@pytest.mark.parametrize(
    ("which", "wanted"),
    [
        (0, A + B * A - B / A),
        (1, 2 * A + F(0.25)),
        (2, np.sqrt(np.maximum(A, B))),
        (3, np.concatenate((A[-1:], B[:-1]))),
        (4, np.concatenate((A[1:], B[:1]))),
    ],
)
def test_eight_at_once_are_what_each_is_by_itself_to_the_bit(which: int, wanted: Any) -> None:
    target = np.zeros(10, np.float32)
    _written(VALUES, which, target)
    assert np.array_equal(target[1:9], wanted)
    assert not target[[0, 9]].any()


def test_sums_are_made_in_one_order() -> None:
    halves = A[:4] + A[4:]
    quarters = halves[:2] + halves[2:]
    whole, part = _summed(VALUES)
    assert F(whole) == quarters[0] + quarters[1]
    assert F(part) == pytest.approx(3 * VALUES[5:9].sum())
