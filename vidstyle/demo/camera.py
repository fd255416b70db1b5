"""The camera: layers seen from far to near, and how a pan and a zoom go."""

import math

import cv2
import numpy as np

from vidstyle.demo.painting import DETAIL, Layer, Number, Picture

WIDTH, HEIGHT = 640, 360


class Exposure:
    """One exposure: layers are put into the frame from back to front, seen by a camera that can zoom."""

    def __init__(self, zoom: Number = 1.0, centre: tuple[Number, Number] = (WIDTH / 2, HEIGHT / 2)) -> None:
        self.picture: Picture = np.zeros((HEIGHT, WIDTH, 3), np.float32)
        self.zoom, self.centre = zoom, centre

    def put(self, layer: Layer, x: Number = 0, y: Number = 0, scale: Number = 1.0) -> None:
        """Lay `layer` over the frame, its origin at (x, y) of the frame at zoom 1."""
        size = self.zoom * scale / DETAIL
        across = self.centre[0] + self.zoom * (x + layer.left * scale - self.centre[0])
        down = self.centre[1] + self.zoom * (y + layer.top * scale - self.centre[1])
        high, wide = layer.picture.shape[:2]
        x0, y0 = max(0, math.floor(across) - 1), max(0, math.floor(down) - 1)
        x1, y1 = min(WIDTH, math.ceil(across + wide * size) + 1), min(HEIGHT, math.ceil(down + high * size) + 1)
        if x1 <= x0 or y1 <= y0:
            return
        matrix = np.array([[size, 0, across - x0], [0, size, down - y0]], np.float64)
        seen = cv2.warpAffine(layer.picture, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_CUBIC)
        place = self.picture[y0:y1, x0:x1]
        place *= cv2.cvtColor(1 - seen[..., 3], cv2.COLOR_GRAY2BGR)
        place += seen[..., :3]


def ease(share: Number) -> Number:
    """Start and stop softly: 0..1 → 0..1."""
    return share * share * (3 - 2 * share)


def vignette() -> Picture:
    """What the lens takes away towards the corners, as a factor (h, w, 1)."""
    down, across = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j].astype(np.float32)
    lost = 0.16 * np.clip((down**2 + across**2) / 2, 0, 1) ** 1.3 + 0.03 * across
    return np.asarray(1.04 - lost[..., None], np.float32)
