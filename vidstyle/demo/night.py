"""The second set-up: the balloon got away, over the roofs at night."""

import math

import numpy as np

from vidstyle.demo import cast, nature, town
from vidstyle.demo.camera import Exposure, ease
from vidstyle.demo.painting import DETAIL, Canvas, Colour, Layer, Picture

FRAMES = 48


class Night:
    """The second set-up: the balloon got away."""

    def __init__(self) -> None:
        self.sky = self._sky()
        self.far = self._roofs(900, 300, (0.34, 0.37, 0.60), 2, 70)
        self.near = self._roofs(900, 300, (0.30, 0.30, 0.44), 5, 60)
        self.lamp = cast.lamp_post(lit=True)
        self.balloon = cast.balloon(52, tint=(0.95, 0.86, 0.90))

    def frame(self, number: int) -> Picture:
        """Frame `number`, counted from the set-up's first."""
        tilt, pan = 1.5 * number, -0.9 * number
        exposure = Exposure(1.10 - 0.08 * ease(number / (FRAMES - 1)))
        exposure.put(self.sky, -60 - 0.05 * pan, -40 + 0.10 * tilt)
        exposure.put(self.far, -64 - 0.4 * pan, 95 + 0.45 * tilt, 0.8)
        exposure.put(cast.cat(number / 7), 500 - 0.4 * pan, 125 + 0.45 * tilt, 0.8)
        exposure.put(self.near, -140 - pan, 150 + tilt)
        exposure.put(self.lamp, 60 - 1.3 * pan, 400 + 1.3 * tilt, 1.1)
        sway = math.sin(number / 13)
        knot = (400 + 22 * sway, 330 - 2.6 * number)
        exposure.put(cast.string(125, sway + 0.6), *knot)
        exposure.put(self.balloon, *knot)
        return exposure.picture

    @staticmethod
    def _sky() -> Layer:
        layer = nature.sky(780, 460, (0.05, 0.08, 0.22), (0.36, 0.36, 0.58))
        canvas = Canvas(780, 460)
        random = np.random.default_rng(8)
        for _ in range(150):
            size = random.uniform(0.5, 1.3)
            place = (random.uniform(0, 780), random.uniform(0, 330))
            canvas.ellipse(place, (size, size), (0.95, 0.95, 0.85), opacity=random.uniform(0.4, 1))
        moon = (560.0, 130.0)
        canvas.glow(moon, 150, (0.75, 0.78, 0.80), 0.5)
        canvas.ellipse(moon, (46, 46), (0.97, 0.95, 0.84), texture=0.05)
        for x, y, size in ((-14, -10, 11), (12, 8, 14), (-8, 20, 7), (20, -20, 6), (-26, 8, 5)):
            canvas.ellipse((moon[0] + x, moon[1] + y), (size, size * 0.9), (0.86, 0.84, 0.74), opacity=0.8)
        stars = canvas.dry().picture
        picture = layer.picture * (1 - stars[..., 3:]) + stars
        mist = nature.clouds(780, 200, 31, light=(0.55, 0.56, 0.72), shade=(0.30, 0.31, 0.50), count=5).picture * 0.55
        band = picture[round(150 * DETAIL) : round(150 * DETAIL) + mist.shape[0]]
        band[...] = band * (1 - mist[..., 3:]) + mist
        return Layer(picture)

    @staticmethod
    def _roofs(width: int, height: int, tint: Colour, seed: int, step: int) -> Layer:
        canvas = Canvas(width, height, tint=tint)
        random = np.random.default_rng(seed)
        x = -20.0
        number = seed
        while x < width:
            wide = step + random.uniform(15, 55)
            base = 250 + random.uniform(-22, 22)
            town.house(canvas, x, base, wide, 3, number, lit=0.55)
            x += wide
            number += 1
        return canvas.dry()
