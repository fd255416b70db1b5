"""A small paint box: antialiased shapes with light and texture, on canvases that a camera can glide over."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypedDict, Unpack

import cv2
import numpy as np
from numpy.typing import NDArray

Picture: TypeAlias = NDArray[np.float32]
Number: TypeAlias = float | int  # said in full, because the runtime type check takes a float for a float alone
Point: TypeAlias = tuple[Number, Number]
Colour: TypeAlias = tuple[Number, Number, Number]

DETAIL = 1.25  # stored pixels per unit: a little finer than the frame, so that a slow zoom stays crisp
_OVERSAMPLING = 2
_SCALE = DETAIL * _OVERSAMPLING
_SUBPIXEL_BITS = 6


def times(colour: Colour, factor: Number) -> Colour:
    """A lighter or darker shade."""
    red, green, blue = colour
    return (red * factor, green * factor, blue * factor)


@dataclass(frozen=True, slots=True)
class Layer:
    """A painted sheet.

    Convention: `picture` is (h, w, 4), RGB multiplied by alpha, 0..1, DETAIL pixels a unit; one unit is one pixel of
    the frame at zoom 1. `left`, `top` is the place of its upper left corner, in units.
    """

    picture: Picture
    left: Number = 0.0
    top: Number = 0.0


def cloudiness(height: int, width: int, *, cell: Number, octaves: int = 4, seed: int = 0) -> Picture:
    """Smooth noise of several octaves (value noise), about -1..1; `cell` is its largest feature in pixels."""
    random = np.random.default_rng(seed)
    noise = np.zeros((height, width), np.float32)
    weight, total = 1.0, 0.0
    for _ in range(octaves):
        rows, columns = math.ceil(height / cell) + 3, math.ceil(width / cell) + 3
        grid = random.uniform(-1, 1, (rows, columns)).astype(np.float32)
        matrix = np.array([[1 / cell, 0, 1], [0, 1 / cell, 1]], np.float32)
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        noise += weight * np.asarray(cv2.warpAffine(grid, matrix, (width, height), flags=flags), np.float32)
        total += weight * weight
        weight, cell = weight * 0.55, max(1.0, cell / 2)
    return (noise / np.float32(math.sqrt(total))).astype(np.float32)


_SHEET = 1024
_PAPER = np.tile(cloudiness(_SHEET, _SHEET, cell=28, octaves=5, seed=7), (2, 2))


def _paper(rows: slice, columns: slice) -> Picture:
    """The paper's grain under a part of a canvas; sheets of it lie side by side."""
    high, wide = rows.stop - rows.start, columns.stop - columns.start
    y, x = rows.start % _SHEET, columns.start % _SHEET
    if max(high, wide) <= _SHEET:
        return _PAPER[y : y + high, x : x + wide]
    return np.tile(_PAPER, (high // _SHEET + 1, wide // _SHEET + 1))[y : y + high, x : x + wide]


class Brush(TypedDict, total=False):
    """How a shape is painted: the options of `Canvas.fill`."""

    texture: Number
    fall: Number
    opacity: Number
    glows: bool


class Canvas:
    """A sheet under the brush. Places are in units, y downwards; colours are display RGB 0..1."""

    def __init__(self, width: Number, height: Number, *, left: Number = 0, top: Number = 0, tint: Colour = (1, 1, 1)):
        self.left, self.top, self.width, self.height = left, top, width, height
        self.tint = np.array(tint, np.float32)
        shape = (round(height * DETAIL) * _OVERSAMPLING, round(width * DETAIL) * _OVERSAMPLING)
        self.rgb: Picture = np.zeros((*shape, 3), np.float32)
        self.alpha: Picture = np.zeros(shape, np.float32)

    def fill(
        self,
        outline: Sequence[Point],
        colour: Colour,
        *,
        texture: Number = 0.05,
        fall: Number = 0.0,
        opacity: Number = 1.0,
        glows: bool = False,
    ) -> None:
        """Paint the inside of a polygon.

        Args:
            outline: its corners.
            colour: the paint.
            texture: how much the paper shows through, as a share of the colour.
            fall: light from above: the top is this share lighter, the bottom this share darker.
            opacity: 0 (nothing) to 1 (hides what is below).
            glows: the colour is its own light, untouched by the canvas's tint.
        """
        corners = (np.array(outline, np.float64) - (self.left, self.top)) * _SCALE
        high, wide = self.alpha.shape
        x0, y0 = np.clip(np.floor(corners.min(0)).astype(int) - 1, 0, (wide, high))
        x1, y1 = np.clip(np.ceil(corners.max(0)).astype(int) + 2, 0, (wide, high))
        if x1 <= x0 or y1 <= y0:
            return
        # OpenCV counts from the middle of the first pixel.
        fixed = np.round((corners - (x0, y0) - 0.5) * (1 << _SUBPIXEL_BITS)).astype(np.int32)
        stencil = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.fillPoly(stencil, [fixed], 255, lineType=cv2.LINE_AA, shift=_SUBPIXEL_BITS)
        coverage = stencil.astype(np.float32) * np.float32(opacity / 255)
        tone = 1 + np.float32(texture) * _paper(slice(y0, y1), slice(x0, x1))
        if fall:
            tone += fall * np.linspace(1, -1, y1 - y0, dtype=np.float32)[:, None]
        paint = np.array(colour, np.float32) * (1 if glows else self.tint)
        self._cover(slice(y0, y1), slice(x0, x1), coverage, paint * tone[..., None])

    def ellipse(self, centre: Point, radii: Point, colour: Colour, *, turn: Number = 0, **brush: Unpack[Brush]) -> None:
        """Paint an ellipse, turned by `turn` radians clockwise; `brush` as for `fill`."""
        angles = np.linspace(0, 2 * math.pi, 40, endpoint=False)
        x, y = radii[0] * np.cos(angles), radii[1] * np.sin(angles)
        cos, sin = math.cos(turn), math.sin(turn)
        places = np.stack([centre[0] + cos * x - sin * y, centre[1] + sin * x + cos * y], 1)
        self.fill([(float(px), float(py)) for px, py in places], colour, **brush)

    def box(
        self, left: Number, top: Number, width: Number, height: Number, colour: Colour, **brush: Unpack[Brush]
    ) -> None:
        """Paint an upright rectangle; `brush` as for `fill`."""
        right, bottom = left + width, top + height
        self.fill([(left, top), (right, top), (right, bottom), (left, bottom)], colour, **brush)

    def stroke(self, path: Sequence[Point], thickness: Number, colour: Colour, **brush: Unpack[Brush]) -> None:
        """Paint a line through `path` with round joints; `brush` as for `fill`."""
        for (x0, y0), (x1, y1) in itertools.pairwise(path):
            length = math.hypot(x1 - x0, y1 - y0) or 1.0
            nx, ny = (y0 - y1) / length * thickness / 2, (x1 - x0) / length * thickness / 2
            outline = [(x0 + nx, y0 + ny), (x1 + nx, y1 + ny), (x1 - nx, y1 - ny), (x0 - nx, y0 - ny)]
            self.fill(outline, colour, **brush)
        for place in path:
            if thickness > 1.5:  # noqa: PLR2004 - thinner joints can't be seen
                self.ellipse(place, (thickness / 2, thickness / 2), colour, **brush)

    def glow(self, centre: Point, radius: Number, colour: Colour, strength: Number = 1.0) -> None:
        """Lay a soft round light (or, with a dark colour, a soft shadow) over what is there."""
        high, wide = self.alpha.shape
        x, y = (centre[0] - self.left) * _SCALE, (centre[1] - self.top) * _SCALE
        reach = radius * _SCALE
        rows = slice(max(0, int(y - reach)), max(0, min(high, int(y + reach) + 1)))
        columns = slice(max(0, int(x - reach)), max(0, min(wide, int(x + reach) + 1)))
        down = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - np.float32(y)
        across = np.arange(columns.start, columns.stop, dtype=np.float32)[None] - np.float32(x)
        falloff = np.clip(1 - np.sqrt(down**2 + across**2) / np.float32(reach), 0, 1) ** 2
        self._cover(rows, columns, falloff * np.float32(strength), np.array(colour, np.float32))

    def _cover(self, rows: slice, columns: slice, coverage: Picture, paint: Picture) -> None:
        rest = 1 - coverage
        self.rgb[rows, columns] = self.rgb[rows, columns] * rest[..., None] + paint * coverage[..., None]
        self.alpha[rows, columns] = self.alpha[rows, columns] * rest + coverage

    def dry(self) -> Layer:
        """The finished sheet."""
        sheet = np.dstack([self.rgb, self.alpha])
        size = (sheet.shape[1] // _OVERSAMPLING, sheet.shape[0] // _OVERSAMPLING)
        return Layer(np.asarray(cv2.resize(sheet, size, interpolation=cv2.INTER_AREA), np.float32), self.left, self.top)
