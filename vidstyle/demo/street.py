"""The first set-up: a child with a balloon walks along a street by day, and a tram passes behind."""

import math

import cv2
import numpy as np

from vidstyle.demo import cast, nature, town
from vidstyle.demo.camera import HEIGHT, WIDTH, Exposure, ease
from vidstyle.demo.painting import Canvas, Layer, Number, Picture

FRAMES = 72
_HORIZON = 165.0
_HOUSE_BASE = 250.0
_LENS = 700.0  # depth of the ground, in units, per unit of relative distance; houses stand at distance 1
_PLOTS = ((96, 2), (84, 3), (112, 2), (160, 0), (90, 2), (98, 3), (86, 2), (74, 0), (104, 2), (88, 3))  # width, storeys


class Street:
    """The first set-up, by day."""

    def __init__(self) -> None:
        self.sky = nature.sky(760, 300, (0.36, 0.58, 0.82), (0.97, 0.90, 0.76))
        self.clouds = nature.clouds(980, 190, 12, light=(1.0, 0.98, 0.94), shade=(0.72, 0.72, 0.82))
        self.hills = self._hills()
        self.houses = self._houses()
        self.ground = _bake(town.cobbles(1400, 420))
        self.tram = cast.tram()
        self.lamp = cast.lamp_post()
        self.balloon = cast.balloon(19)
        shadow = Canvas(140, 30, left=-70, top=-15)
        shadow.glow((0, 0), 70, (0.05, 0.05, 0.10), 0.8)
        self.shadow = shadow.dry()

    def frame(self, number: int) -> Picture:
        """Frame `number`, counted from the set-up's first."""
        pan, zoom = 1.6 * number, 1.0 + 0.10 * ease(number / (FRAMES - 1))
        exposure = Exposure(zoom, (330, 215))
        exposure.put(self.sky, -40 - 0.04 * pan, -30)
        exposure.put(self.clouds, -30 - 0.10 * pan - 0.25 * number, -18)
        exposure.put(self.hills, -60 - 0.35 * pan)
        exposure.put(self.houses, -60 - pan)
        self._lay_ground(exposure, pan)
        self._pass_tram(exposure, 668 - 13.5 * number)
        self._walk(exposure, number, 150 + 0.9 * number)
        exposure.put(self.lamp, 700 - 2.25 * pan, 352, 1.25)
        return exposure.picture

    def _pass_tram(self, exposure: Exposure, x: Number) -> None:
        for place in (70, 230):
            exposure.put(Layer(_squashed(self.shadow.picture), self.shadow.left, -6), x + place, 290, 1.6)
        exposure.put(self.tram, x, 288)

    def _walk(self, exposure: Exposure, number: int, x: Number) -> None:
        sway = 8 * math.sin(number / 11) - 4
        knot = (sway, -146 + 3 * math.sin(number / 7))
        exposure.put(Layer(_squashed(self.shadow.picture), self.shadow.left, -6), x, 330, 0.6)
        exposure.put(cast.walker(number / 22, knot), x, 330)
        exposure.put(self.balloon, x + knot[0], 330 + knot[1])

    def _lay_ground(self, exposure: Exposure, pan: Number) -> None:
        first = math.floor(exposure.centre[1] + (_HOUSE_BASE - exposure.centre[1]) * exposure.zoom)
        rows, columns = np.mgrid[first:HEIGHT, 0:WIDTH].astype(np.float32)
        x = exposure.centre[0] + (columns - exposure.centre[0]) / exposure.zoom
        y = exposure.centre[1] + (rows - exposure.centre[1]) / exposure.zoom
        nearness = (y - _HORIZON) / np.float32(_HOUSE_BASE - _HORIZON)
        along = WIDTH / 2 + 140 + pan + (x - WIDTH / 2) / nearness
        seen = cv2.remap(self.ground, along, (y - _HOUSE_BASE) * 2, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        share = cv2.cvtColor(np.clip(y - _HOUSE_BASE + 0.5, 0, 1), cv2.COLOR_GRAY2BGR)
        place = exposure.picture[first:]
        place += share * (seen - place)

    @staticmethod
    def _hills() -> Layer:
        canvas = Canvas(900, 270)
        nature.ridge(canvas, 150, 110, (0.58, 0.66, 0.78), 21, cell=230)
        nature.ridge(canvas, 175, 80, (0.46, 0.60, 0.52), 33, cell=160)
        for number, (x, y) in enumerate(nature.ridge(canvas, 210, 60, (0.45, 0.58, 0.30), 47)[4::9]):
            nature.tree(canvas, (x, y + 12 + number * 7 % 17), 17 + number * 5 % 11, number)
        return canvas.dry()

    @staticmethod
    def _houses() -> Layer:
        canvas = Canvas(960, 262)
        x = -6.0
        for number, (width, storeys) in enumerate(_PLOTS):
            if storeys:
                town.house(canvas, x, _HOUSE_BASE, width, storeys, number * 3 + 1)
            else:
                canvas.box(x, _HOUSE_BASE - 30, width, 30, (0.62, 0.56, 0.50), texture=0.2)
                canvas.box(x, _HOUSE_BASE - 33, width, 4, (0.74, 0.70, 0.66))
                nature.tree(canvas, (x + 36, _HOUSE_BASE - 8), 140, number)
            x += width
        canvas.box(0, _HOUSE_BASE - 2, 960, 12, (0.35, 0.32, 0.32), opacity=0.6)
        return canvas.dry()


def _squashed(picture: Picture) -> Picture:
    return picture[::2]


def _bake(plan: Picture) -> Picture:
    """Tilt the plan of the ground into the camera's rows, two a unit, each the mean of all the depth that it covers.

    A mapping that samples single points instead would shimmer, because a far row covers many cobbles.
    """
    edges = _HOUSE_BASE + np.arange(0, 2 * (HEIGHT - _HOUSE_BASE) + 1) / 2
    depth = _LENS * (1 - (_HOUSE_BASE - _HORIZON) / (edges - _HORIZON))
    summed = np.concatenate([np.zeros((1, *plan.shape[1:])), np.cumsum(plan, 0, dtype=np.float64)])
    reach = np.interp(depth, np.arange(len(summed)), np.arange(len(summed)))
    low = np.floor(reach).astype(int).clip(0, len(plan) - 1)
    totals = summed[low] + (reach - low)[:, None, None] * plan[low]
    rows = np.diff(totals, axis=0) / np.diff(reach)[:, None, None]
    return np.asarray(rows, np.float32)
