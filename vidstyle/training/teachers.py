"""Classical teachers: slow, hand-made looks that a generator learns to draw in one pass."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol, cast, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from vidstyle.training.palette import Palette

Picture = NDArray[np.uint8]
Plane = NDArray[np.float32]
FAINT = 0.05  # ink below this is no part of a line


@runtime_checkable
class Teacher(Protocol):
    """Draws a picture the way a generator is to learn it."""

    def __call__(self, picture: Picture) -> Picture:
        """Draw `picture`, RGB in 0..255, (h, w, 3)."""

    def fingerprint(self) -> str:
        """Give a text that changes whenever the drawings do."""


class InkTeacher(BaseModel):
    """A comic look: dark contours that follow the form, over flat colour shaded in soft steps.

    Lines are flow-based differences of Gaussians (Kang et al. 2007; tangents from the smoothed structure tensor,
    Kyprianidis & Döllner 2008) with the soft threshold of XDoG (Winnemöller et al. 2012). Flat colour is iterated
    bilateral filtering and soft luminance steps (Winnemöller et al. 2006) in CIE Lab.

    Convention: lengths are in pixels of the picture given, whatever its size: a pen has one width.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["ink"] = "ink"
    smoothing: int = Field(default=4, ge=0, le=20, description="bilateral passes before the colour is stepped")
    line_smoothing: int = Field(default=2, ge=0, le=20, description="bilateral passes before the lines are drawn")
    line_range: float = Field(default=5.5, gt=0, description="Lab distance that those passes smooth over")
    smoothing_range: float = Field(default=10.0, gt=0, description="Lab distance that a bilateral pass smooths over")
    pen: float = Field(default=1.1, gt=0, le=4, description="sigma of the inner Gaussian across the line, pixels")
    broad: float = Field(default=0.4, ge=0, description="weight of a pen twice as broad, which draws soft edges")
    flow_sigma: float = Field(default=2.6, gt=0, description="sigma of the structure tensor's smoothing, pixels")
    line_length: float = Field(default=4.0, gt=0, description="sigma of the smoothing along the line, pixels")
    line_threshold: float = Field(default=0.65, description="contrast in L (0..100) where ink begins")
    line_softness: float = Field(default=0.6, gt=0, description="contrast in L over which a line becomes black")
    line_support: float = Field(default=1.9, ge=0, description="contrast in L that a line must reach somewhere")
    line_extent: int = Field(default=24, ge=0, description="ink pixels that a line must have to be kept")
    steps: int = Field(default=6, ge=2, le=32, description="luminance steps from black to white")
    step_sharpness: float = Field(default=3.0, gt=0, description="slope of the tanh between two steps; 0+: no steps")
    lift: float = Field(default=0.68, gt=0, le=1, description="exponent on L/100: below 1 shadows are opened")
    chroma: float = Field(default=1.35, ge=0, description="factor on a and b")
    black: float = Field(default=4.0, ge=0, le=50, description="L of the ink")
    palette: Palette | None = Field(default=None, description="the colours to print with; none: the picture's own")

    def __call__(self, picture: Picture) -> Picture:
        """Draw `picture`, RGB in 0..255, (h, w, 3)."""
        lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).astype(np.float32)
        # Lifted first: contrast in shadows counts for the lines as the eye sees it.
        lab[..., 0] = 100 * np.clip(lab[..., 0] / 100, 0, 1) ** self.lift
        sketch = self._smooth(lab, self.line_smoothing, self.line_range)
        flat = self._shade(self._smooth(sketch, self.smoothing, self.smoothing_range))
        if self.palette is not None:
            flat = self.palette(flat)
        ink = self._ink(sketch)[..., None]
        paper = np.array([self.black, 0, 0], np.float32)
        lab = flat * (1 - ink) + paper * ink
        return cast(Picture, np.rint(np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1) * 255).astype(np.uint8))

    def resolved(self, beside: Callable[[Path], Path]) -> "InkTeacher":  # noqa: ARG002  # as a style teacher's
        """Give itself: it needs no file."""
        return self

    def at(self, strength: float) -> "InkTeacher":
        """Give a teacher that draws less: fewer lines, as black and thin as ever, over less smoothed, softer steps.

        Convention: `strength` in (0, 1]; at 1 it is this one. A line needs more contrast the less is drawn.
        """
        less = 1 - strength
        return self.model_copy(
            update={
                "smoothing_range": self.smoothing_range * strength,
                "line_range": self.line_range * (1 - less / 2),
                "line_threshold": self.line_threshold + less,
                "line_support": self.line_support + 4 * less,
                "step_sharpness": self.step_sharpness * strength,
                "lift": 1 + (self.lift - 1) * strength,
                "chroma": 1 + (self.chroma - 1) * strength,
            }
        )

    def fingerprint(self) -> str:
        """Give the settings."""
        return self.model_dump_json()

    @staticmethod
    def _smooth(lab: Plane, passes: int, reach: float) -> Plane:
        for _ in range(passes):
            lab = cv2.bilateralFilter(lab, 9, reach, 3.0).astype(np.float32)
        return lab

    def _shade(self, lab: Plane) -> Plane:
        step = 100 / self.steps
        light = lab[..., 0]

        # tanh between step centres: continuous, so that a slow fade crosses a step without a jump.
        edge = np.rint(light / step) * step
        slope = self.step_sharpness
        soft = edge + step / 2 * np.tanh(slope * (light - edge) / (step / 2)) / np.tanh(slope)
        return np.dstack([soft, lab[..., 1] * self.chroma, lab[..., 2] * self.chroma]).astype(np.float32)

    def _ink(self, lab: Plane) -> Plane:
        tangent = tangents(lab, self.flow_sigma)
        light = lab[..., 0]
        fine, broad = -_across(light, tangent, self.pen), -_across(light, tangent, 2 * self.pen)
        contrast = np.maximum(fine, self.broad * broad)
        contrast = _along(contrast, tangent, self.line_length)
        ink: Plane = np.clip(np.tanh((contrast - self.line_threshold) / self.line_softness), 0, 1)
        kept: Plane = ink * self._kept(ink, contrast)
        return kept

    def _kept(self, ink: Plane, contrast: Plane) -> Plane:
        marks = (ink > FAINT).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(marks, connectivity=8)
        peak = np.zeros(count, np.float32)
        np.maximum.at(peak, labels.astype(np.intp).ravel(), contrast.ravel())
        keep = (stats[:, cv2.CC_STAT_AREA] >= self.line_extent) & (peak >= self.line_support)
        keep[0] = False
        mask: Plane = keep[labels].astype(np.float32)
        return mask


def tangents(lab: Plane, sigma: float) -> Plane:
    """Unit vectors (dx, dy) along the edges: the minor eigenvectors of the smoothed structure tensor."""
    return structure(lab, sigma)[0]


def structure(picture: Plane, sigma: float) -> tuple[Plane, Plane]:
    """Unit vectors (dx, dy) along the edges, and from 0 to 1 how much one direction rules, by the structure tensor.

    The minor eigenvectors of the tensor, smoothed by `sigma` pixels, and the difference of its eigenvalues over their
    sum (Kyprianidis & Döllner 2008).
    """
    gx = cv2.Sobel(picture, cv2.CV_32F, 1, 0, scale=0.125)
    gy = cv2.Sobel(picture, cv2.CV_32F, 0, 1, scale=0.125)
    xx, xy, yy = ((first * second).sum(2) for first, second in ((gx, gx), (gx, gy), (gy, gy)))
    xx, xy, yy = (cv2.GaussianBlur(part, (0, 0), sigma) for part in (xx, xy, yy))
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    anisotropy = np.hypot(xx - yy, 2 * xy) / np.maximum(xx + yy, 1e-6)
    return np.dstack([np.cos(angle), np.sin(angle)]).astype(np.float32), anisotropy.astype(np.float32)


def _sample(plane: Plane, x: Plane, y: Plane) -> Plane:
    return cast(Plane, cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101))


def _grid(plane: Plane) -> tuple[Plane, Plane]:
    y, x = np.mgrid[: plane.shape[0], : plane.shape[1]].astype(np.float32)
    return x, y


def _across(light: Plane, tangent: Plane, sigma: float) -> Plane:
    """Difference of Gaussians along the gradient; negative on the dark side of an edge and on dark lines."""
    x, y = _grid(light)
    reach = int(np.ceil(1.6 * sigma * 2.5))
    offsets = np.arange(-reach, reach + 1, dtype=np.float32)
    narrow, wide = (np.exp(-(offsets**2) / (2 * s * s)) for s in (sigma, 1.6 * sigma))
    weights = narrow / narrow.sum() - wide / wide.sum()
    total = np.zeros_like(light)
    for offset, weight in zip(offsets, weights, strict=True):
        total += weight * _sample(light, x - offset * tangent[..., 1], y + offset * tangent[..., 0])
    return total


def _along(plane: Plane, tangent: Plane, sigma: float) -> Plane:
    """Gaussian smoothing along the curves that follow the tangents (Euler steps of one pixel)."""
    total, weights = plane.copy(), 1.0
    for direction in (1.0, -1.0):
        x, y = _grid(plane)
        heading = tangent * direction
        for step in range(1, int(np.ceil(2 * sigma)) + 1):
            x, y = x + heading[..., 0], y + heading[..., 1]
            turn = cv2.remap(tangent, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101).astype(np.float32)
            # A tangent has no sign: keep walking the way that the last step went.
            heading = turn * np.where((turn * heading).sum(2, keepdims=True) < 0, -1, 1).astype(np.float32)
            weight = float(np.exp(-(step**2) / (2 * sigma * sigma)))
            total += weight * _sample(plane, x, y)
            weights += weight
    # Both directions were weighted, the centre once.
    return cast(Plane, (total / weights).astype(np.float32))
