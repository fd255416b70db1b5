"""The painted town: houses with their roofs, windows and doors, and the cobbled street."""

import numpy as np

from vidstyle.demo.painting import Canvas, Colour, Number, Picture, cloudiness, times

WALLS: tuple[Colour, ...] = (
    (0.91, 0.72, 0.47),
    (0.80, 0.45, 0.37),
    (0.88, 0.84, 0.73),
    (0.53, 0.66, 0.69),
    (0.84, 0.60, 0.58),
    (0.66, 0.71, 0.50),
    (0.93, 0.80, 0.58),
    (0.60, 0.55, 0.66),
)
ROOFS: tuple[Colour, ...] = ((0.62, 0.28, 0.21), (0.50, 0.25, 0.22), (0.36, 0.36, 0.42), (0.68, 0.36, 0.23))
TRIM: Colour = (0.95, 0.93, 0.87)
GLASS: Colour = (0.30, 0.41, 0.50)
_FLOWERY = 0.35  # the share of shuttered windows with flowers
_SHOP_WIDTH = 80
LAMPLIGHT: Colour = (1.0, 0.80, 0.42)


def window(
    canvas: Canvas, left: Number, top: Number, width: Number, height: Number, *, shutter: Colour | None, lit: bool
) -> None:
    """A window with its frame, panes, sill, and shutters where `shutter` is a colour."""
    canvas.box(left - 2, top - 2, width + 4, height + 4, TRIM)
    canvas.box(left, top, width, height, LAMPLIGHT if lit else GLASS, fall=0.22 if not lit else 0.1, glows=lit)
    if not lit:
        canvas.fill(
            [(left, top + height * 0.75), (left + width * 0.75, top), (left + width, top), (left, top + height)],
            (0.75, 0.84, 0.88),
            opacity=0.22,
        )
    canvas.box(left + width / 2 - 0.7, top, 1.4, height, TRIM)
    canvas.box(left, top + height * 0.4, width, 1.2, TRIM)
    canvas.box(left - 4, top + height + 2, width + 8, 2.4, times(TRIM, 0.9))
    canvas.box(left - 3, top + height + 4.4, width + 6, 1.8, (0.25, 0.2, 0.2), opacity=0.35)
    if shutter:
        for edge in (left - 2 - width * 0.5, left + width + 2):
            canvas.box(edge, top - 1, width * 0.5, height + 2, shutter, fall=0.08)
            for slat in np.arange(top + 1.5, top + height, 2.6):
                canvas.box(edge + 1, float(slat), width * 0.5 - 2, 0.9, times(shutter, 0.74))


def flowers(canvas: Canvas, left: Number, top: Number, width: Number, seed: int) -> None:
    """A box of geraniums under a window."""
    random = np.random.default_rng(seed)
    canvas.box(left, top, width, 4, (0.42, 0.29, 0.2))
    for _ in range(16):
        place = (left + random.uniform(0, width), top - random.uniform(-1.5, 4))
        petal = [(0.85, 0.22, 0.25), (0.93, 0.5, 0.55), (0.3, 0.47, 0.2), (0.36, 0.52, 0.24)][random.integers(4)]
        canvas.ellipse(place, (1.9, 1.6), petal)


def door(canvas: Canvas, left: Number, base: Number, colour: Colour) -> None:
    """A panelled door, up one step."""
    canvas.box(left - 3, base - 56, 28, 56, TRIM)
    canvas.box(left, base - 53, 22, 50, colour, fall=0.1)
    canvas.box(left + 2, base - 51, 18, 9, GLASS)
    for row in (base - 38, base - 21):
        for column in (left + 3, left + 12):
            canvas.box(column, row, 7, 13, times(colour, 0.8))
    canvas.ellipse((left + 19, base - 25), (1.2, 1.2), (0.9, 0.76, 0.4))
    canvas.box(left - 5, base - 3, 32, 3, (0.7, 0.68, 0.65))


def awning(canvas: Canvas, left: Number, base: Number, width: Number, colour: Colour) -> None:
    """A shop front: a wide pane under a striped awning."""
    canvas.box(left, base - 44, width, 40, times(colour, 0.55))
    canvas.box(left + 3, base - 41, width - 6, 30, GLASS, fall=0.2)
    for number in range(5):
        x = left + 7 + number * (width - 14) / 4
        fruit = [(0.86, 0.55, 0.2), (0.76, 0.25, 0.2), (0.85, 0.78, 0.35), (0.5, 0.62, 0.25)][number % 4]
        for bump in (-3.0, 0.0, 3.0):
            canvas.ellipse((x + bump, base - 14 - (2 if bump == 0 else 0)), (2.6, 2.6), fruit)
    canvas.box(left, base - 42, width, 10, (0.1, 0.1, 0.15), opacity=0.35)
    stripes = round(width / 9)
    for number in range(stripes):
        x0, x1 = (left - 3 + (width + 6) * (number + step) / stripes for step in (0, 1))
        cloth = colour if number % 2 == 0 else TRIM
        canvas.fill(
            [
                (x0 + 2, base - 52),
                (x1 + 2 if number < stripes - 1 else x1 - 2, base - 52),
                (x1, base - 36),
                (x0, base - 36),
            ],
            cloth,
            fall=0.1,
        )
        canvas.ellipse(((x0 + x1) / 2, base - 36), ((x1 - x0) / 2, 3), times(cloth, 0.9))


def roof(canvas: Canvas, left: Number, eaves: Number, width: Number, rise: Number, colour: Colour) -> None:
    """A tiled roof seen from the street, with a chimney."""
    canvas.box(left + width * 0.68, eaves - rise - 12, 13, rise, (0.60, 0.36, 0.30), texture=0.2)
    canvas.box(left + width * 0.68 - 2, eaves - rise - 14, 17, 4, (0.48, 0.32, 0.28))
    inset = min(rise * 0.45, width * 0.4)
    corners = [
        (left - 6, eaves),
        (left + inset, eaves - rise),
        (left + width - inset, eaves - rise),
        (left + width + 6, eaves),
    ]
    canvas.fill(corners, colour, fall=0.14, texture=0.12)
    rows = max(3, round(rise / 5))
    for row in range(1, rows):
        share = row / rows
        y = eaves - rise * share
        start, stop = left - 6 + (inset + 6) * share, left + width + 6 - (inset + 6) * share
        canvas.box(start, y - 0.5, stop - start, 1.1, times(colour, 0.72), opacity=0.8)
        for x in np.arange(start + (row % 2) * 3.5 + 2, stop - 2, 7):
            canvas.box(float(x), y, 0.9, rise / rows, times(colour, 0.75), opacity=0.6)
    canvas.box(left - 7, eaves - 1, width + 14, 3.5, times(TRIM, 0.86))


def house(
    canvas: Canvas, left: Number, base: Number, width: Number, storeys: int, seed: int, *, lit: Number = 0.0
) -> None:
    """A town house, `storeys` of 58 units over its base; `lit` is the share of windows with light in them."""
    random = np.random.default_rng(seed)
    wall, tiles = WALLS[seed % len(WALLS)], ROOFS[random.integers(len(ROOFS))]
    eaves = base - storeys * 58 - 4
    roof(canvas, left, eaves, width, random.uniform(34, 52), tiles)
    canvas.box(left, eaves, width, base - eaves, wall, fall=0.07, texture=0.09)
    canvas.box(left, eaves + 2.5, width, 5, (0.15, 0.1, 0.15), opacity=0.35)
    canvas.box(left, base - 9, width, 9, times(wall, 0.72), texture=0.15)
    for _ in range(18):  # bare bricks where the plaster has gone
        place = random.uniform(left + 3, left + width - 10), random.uniform(eaves + 10, base - 14)
        canvas.box(*place, 6, 2.6, times(wall, 0.84), opacity=0.8)
    shutter = [(0.28, 0.45, 0.42), (0.34, 0.38, 0.55), (0.55, 0.27, 0.24), None][random.integers(4)]
    columns = max(2, int(width // 40))
    for storey in range(1, storeys):
        for column in range(columns):
            x, y = left + (column + 0.5) * width / columns - 7.5, base - storey * 58 - 50
            window(canvas, x, y, 15, 27, shutter=shutter, lit=random.uniform() < lit)
            if shutter is None or random.uniform() < _FLOWERY:
                flowers(canvas, x - 3, y + 29, 21, seed * 31 + storey * 7 + column)
    canvas.box(left, base - 60, width, 2.5, times(wall, 0.86))
    if width > _SHOP_WIDTH and random.integers(2):
        awning(
            canvas, left + 10, base, width - 48, [(0.75, 0.25, 0.22), (0.24, 0.48, 0.42), (0.82, 0.6, 0.24)][seed % 3]
        )
    else:
        window(canvas, left + 16, base - 44, 18, 24, shutter=None, lit=random.uniform() < lit)
    door(canvas, left + width - 32, base, [(0.25, 0.38, 0.36), (0.45, 0.22, 0.2), (0.27, 0.28, 0.42)][(seed + 1) % 3])
    canvas.box(left + width - 2.5, eaves, 2.5, base - eaves, (0.2, 0.15, 0.2), opacity=0.4)


def cobbles(width: int, depth: int, seed: int = 5) -> Picture:
    """The street seen from straight above, (depth, width, 3), one pixel a unit: pavements, kerbs, cobbles, rails."""
    random = np.random.default_rng(seed)
    ground = np.full((depth, width, 3), (0.40, 0.37, 0.36), np.float32)
    for number, top in enumerate(range(0, depth, 11)):
        for left in range(-(number % 2) * 8, width, 16):
            tone = random.uniform(0.82, 1.12)
            ground[top : top + 10, max(0, left) : max(0, left + 15)] = times((0.55, 0.51, 0.49), tone)
    for start, stop in ((0, 46), (300, depth)):
        ground[start:stop] = (0.55, 0.53, 0.50)
        for top in range(start, stop, 23):
            for left in range(0, width, 42):
                tone = random.uniform(0.93, 1.07)
                ground[top : top + 22, left : left + 41] = times((0.72, 0.68, 0.63), tone)
    for edge in (46, 294):
        ground[edge : edge + 6] = (0.80, 0.78, 0.74)
        ground[edge + 6 : edge + 9] = (0.30, 0.28, 0.29)
    for rail in (190, 236):
        ground[rail - 4 : rail + 5] = (0.36, 0.34, 0.34)
        ground[rail - 1 : rail + 2] = (0.70, 0.72, 0.75)
    ground *= 1 + 0.10 * cloudiness(depth, width, cell=60, octaves=5, seed=seed)[..., None]
    return ground
