"""Textures drawn by code: looks that no museum has, so that a style encoder can't learn its pictures by heart."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from vidstyle.training.teachers import Picture

Plane = NDArray[np.float32]


def draw_textures(count: int, *, side: int, seed: int) -> list[Picture]:
    """Draw so many square textures, each a random kind in a random palette; they follow from the seed alone."""
    kinds: tuple[Callable[[int, np.random.Generator], Plane], ...] = (_clouds, _hatching, _dots, _strokes, _cells)
    pictures = []
    for number in range(count):
        rng = np.random.default_rng([seed, number, 6])
        plane = kinds[number % len(kinds)](side, rng)
        pictures.append(_coloured(plane, rng))
    return pictures


def _clouds(side: int, rng: np.random.Generator) -> Plane:
    """Noise of several sizes, the larger the stronger."""
    total = np.zeros((side, side), np.float32)
    for cells in (3, 6, 12, 24, 48):
        coarse = rng.standard_normal((cells, cells)).astype(np.float32) / cells**0.5
        total += cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    return _stretched(total)


def _hatching(side: int, rng: np.random.Generator) -> Plane:
    """Lines that follow a smooth field."""
    bend = _clouds(side, rng) * rng.uniform(0, 40)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    angle, period = rng.uniform(0, np.pi), rng.uniform(4, 24)
    phase = (x * np.cos(angle) + y * np.sin(angle) + bend) / period * 2 * np.pi
    return _stretched(np.tanh(np.sin(phase) * rng.uniform(0.5, 6)))


def _dots(side: int, rng: np.random.Generator) -> Plane:
    """Discs of one size in a regular grid, as in print, or scattered."""
    plane = np.zeros((side, side), np.float32)
    for _ in range(int(rng.integers(60, 700))):
        middle = tuple(int(place) for place in rng.integers(side, size=2))
        cv2.circle(plane, middle, int(rng.integers(2, 11)), float(rng.uniform(0.3, 1)), -1, cv2.LINE_AA)
    return plane


def _strokes(side: int, rng: np.random.Generator) -> Plane:
    """Short brush strokes, one over the other."""
    field = _clouds(side, rng) * 2 * np.pi
    plane = _clouds(side, rng)
    thickness, length = int(rng.integers(2, 9)), rng.uniform(8, 40)
    for _ in range(int(rng.integers(400, 1500))):
        x, y = (int(place) for place in rng.integers(side, size=2))
        way = np.array([np.cos(field[y, x]), np.sin(field[y, x])]) * length / 2
        first, last = ((int(x + sign * way[0]), int(y + sign * way[1])) for sign in (-1, 1))
        shade = float(np.clip(plane[y, x] + rng.normal(0, 0.15), 0, 1))
        cv2.line(plane, first, last, shade, thickness, cv2.LINE_AA)
    return plane


def _cells(side: int, rng: np.random.Generator) -> Plane:
    """Flat patches around random points, as of a mosaic or stained glass, some with outlines."""
    seeds = rng.uniform(0, side, (int(rng.integers(20, 200)), 2)).astype(np.float32)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    distances = (x[..., None] - seeds[:, 0]) ** 2 + (y[..., None] - seeds[:, 1]) ** 2
    nearest = np.partition(distances, 1, axis=-1)[..., :2] ** 0.5
    plane = rng.uniform(0.15, 1, len(seeds))[distances.argmin(-1)].astype(np.float32)
    outlined = nearest[..., 1] - nearest[..., 0] < rng.uniform(0, 4)
    return np.where(outlined, np.float32(0), plane).astype(np.float32)


def _stretched(plane: NDArray[np.floating]) -> Plane:
    low, high = float(plane.min()), float(plane.max())
    return ((plane - low) / max(high - low, 1e-6)).astype(np.float32)


def _coloured(plane: NDArray[np.floating], rng: np.random.Generator) -> Picture:
    """Run a palette of three to six colours along the values."""
    stops = rng.uniform(0, 255, (int(rng.integers(3, 7)), 3))
    places = np.linspace(0, 1, len(stops))
    channels = [np.interp(plane, places, stops[:, channel]) for channel in range(3)]
    codes: Picture = np.rint(np.stack(channels, -1)).astype(np.uint8)
    return codes
