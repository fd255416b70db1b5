"""A few out of many."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def evenly(things: Sequence[T], count: int) -> list[T]:
    """Give at most `count` of `things`, evenly spaced, the first and the last among them."""
    if not things:
        return []
    return [things[index] for index in np.unique(np.linspace(0, len(things) - 1, count).round().astype(int))]
