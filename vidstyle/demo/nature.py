"""Sky, clouds, hills and trees."""

import math

import cv2
import numpy as np

from vidstyle.demo.painting import DETAIL, Canvas, Colour, Layer, Number, Point, cloudiness, times

_NEAR_TREE = 60  # units; lower trees are far away and show fewer clumps


def sky(width: int, height: int, top: Colour, bottom: Colour) -> Layer:
    """A gradient with a breath of brushwork in it."""
    high, wide = round(height * DETAIL), round(width * DETAIL)
    down = np.linspace(0, 1, high, dtype=np.float32)[:, None, None] ** 0.8
    picture = np.array(top, np.float32) * (1 - down) + np.array(bottom, np.float32) * down
    picture = picture + 0.018 * cloudiness(high, wide, cell=90, seed=3)[..., None]
    return Layer(np.dstack([picture, np.ones((high, wide), np.float32)]).astype(np.float32))


def clouds(width: int, height: int, seed: int, *, light: Colour, shade: Colour, count: int = 6) -> Layer:
    """Cumulus: heaps of soft puffs on flat bases, lit from the upper left."""
    canvas = Canvas(width, height)
    random = np.random.default_rng(seed)
    for number in range(count):
        x, base = (number + random.uniform(0.2, 0.8)) * width / count, random.uniform(0.25, 0.62) * height
        span = random.uniform(35, 80)
        puffs = [(random.uniform(-1, 1), random.uniform(0, 1)) for _ in range(26)]
        for across, up in sorted(puffs, key=lambda puff: puff[1]):
            rise = up * (1 - across * across) * span * 0.42
            radius = span * random.uniform(0.13, 0.24) * (1.1 - 0.6 * abs(across))
            lit = 0.3 + 0.7 * rise / (span * 0.42)
            low, high = np.array(shade), np.array(light)
            place = (x + across * span, base - rise)
            r, g, b = low + (high - low) * lit
            canvas.ellipse(place, (radius * 1.15, radius), (r, g, b), opacity=0.85, texture=0.02)
            r, g, b = low + (high - low) * min(1.0, lit + 0.35)
            canvas.ellipse(
                (place[0] - radius * 0.25, place[1] - radius * 0.3),
                (radius * 0.75, radius * 0.6),
                (r, g, b),
                opacity=0.5,
            )
    layer = canvas.dry()
    return Layer(np.asarray(cv2.GaussianBlur(layer.picture, (0, 0), 1.3), np.float32), layer.left, layer.top)


def ridge(canvas: Canvas, base: Number, rise: Number, colour: Colour, seed: int, *, cell: Number = 120) -> list[Point]:
    """A line of hills from edge to edge, with slopes in light and shade; returns its crest."""
    columns = np.arange(0, canvas.width + 4, 3.0)
    crest = cloudiness(1, len(columns), cell=cell / 3, octaves=5, seed=seed)[0]
    heights = base - rise * (0.5 + 0.5 * crest)
    line = [(canvas.left + float(x), float(y)) for x, y in zip(columns, heights, strict=True)]
    bottom = canvas.top + canvas.height
    canvas.fill([*line, (line[-1][0], bottom), (line[0][0], bottom)], colour, fall=0.10, texture=0.07)
    for (x, y), (_, after) in zip(line[::4], line[4::4], strict=False):
        slope = after - y
        tone = 1.12 if slope < 0 else 0.86
        lean = 14 + 3 * slope
        canvas.fill(
            [(x, y), (x + 14, after), (x + lean + 16, y + rise * 0.6), (x + lean, y + rise * 0.6)],
            times(colour, tone),
            opacity=0.14,
        )
    return line


def tree(canvas: Canvas, foot: Point, height: Number, seed: int, green: Colour = (0.33, 0.47, 0.22)) -> None:
    """A broad tree: trunk, boughs, and leaves in clumps from shadow to light."""
    random = np.random.default_rng(seed)
    x, y = foot
    bark = (0.33, 0.25, 0.19)
    canvas.fill(
        [
            (x - height * 0.045, y),
            (x - height * 0.02, y - height * 0.6),
            (x + height * 0.03, y - height * 0.6),
            (x + height * 0.05, y),
        ],
        bark,
        texture=0.2,
    )
    for side in (-1, 1):
        canvas.stroke([(x, y - height * 0.35), (x + side * height * 0.17, y - height * 0.6)], height * 0.03, bark)
    middle = y - height * 0.68
    leaves = 170 if height > _NEAR_TREE else 40
    for number in range(leaves):
        lit = number / (leaves - 1)
        angle, reach = random.uniform(0, 2 * math.pi), math.sqrt(random.uniform(0, 1))
        across = math.cos(angle) * reach * height * 0.32 - lit * height * 0.05
        up = math.sin(angle) * reach * height * 0.32 - lit * height * 0.07
        wobble = random.uniform(0.8, 1.2)
        shade = times(green, (0.55 + 0.85 * lit) * wobble**0.5)
        size = height * random.uniform(0.035, 0.075) * (1.25 - 0.6 * lit)
        canvas.ellipse(
            (x + across, middle + up), (size * 1.3, size), shade, turn=random.uniform(-0.6, 0.6), texture=0.12
        )
