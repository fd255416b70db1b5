"""Painting in oil: a classical teacher that lays strokes along the forms."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from vidstyle.training.section import Section
from vidstyle.training.teachers import Picture, Plane, structure

_SECTORS = 8
_SPARSE = 1.6  # pixels between two samples of a stroke: finer ones look the same


class OilTeacher(Section):
    """An oil painting: strokes of one colour with crisp edges, that lie along the forms and grow round where none is.

    The anisotropic Kuwahara filter (Kyprianidis, Kang & Döllner 2009, with the polynomial weights of Kyprianidis et al.
    2010): around each pixel an ellipse along the local structure is divided into eight overlapping sectors; the mean
    colours of the sectors count the more the less a sector varies. Light is then spread and colour raised in CIE Lab.

    Convention: lengths are in pixels of the picture given, whatever its size.
    """

    kind: Literal["oil"] = "oil"
    radius: float = Field(default=7.0, ge=2, le=20, description="of a stroke where nothing has a direction, pixels")
    stretch: float = Field(default=1.0, gt=0, description="alpha: the smaller, the longer are strokes along edges")
    crispness: float = Field(default=8.0, gt=0, description="q: how much a calm sector counts more than a busy one")
    flow_sigma: float = Field(default=2.5, gt=0, description="sigma of the structure tensor's smoothing, pixels")
    passes: int = Field(default=2, ge=1, le=4, description="how often the filter is applied")
    chroma: float = Field(default=1.3, ge=0, description="factor on a and b")
    contrast: float = Field(default=0.7, gt=0, description="slope of L around the middle")

    def resolved(self, beside: Callable[[Path], Path]) -> "OilTeacher":  # noqa: ARG002  # as a style teacher's
        """Give itself: it needs no file."""
        return self

    def at(self, strength: float) -> "OilTeacher":
        """Give a teacher that paints less: with smaller strokes, and colour nearer to the picture's.

        Convention: `strength` in (0, 1]; at 1 it is this one.
        """
        return self.model_copy(
            update={
                "radius": 2 + (self.radius - 2) * strength,
                "chroma": 1 + (self.chroma - 1) * strength,
                "contrast": 1 + (self.contrast - 1) * strength,
            }
        )

    def fingerprint(self) -> str:
        """Give the settings."""
        return self.model_dump_json()

    def __call__(self, picture: Picture) -> Picture:
        """Draw `picture`, RGB in 0..255, (h, w, 3)."""
        painted = picture.astype(np.float32)
        for _ in range(self.passes):
            painted = self._strokes(painted)
        lab = cv2.cvtColor(painted / 255, cv2.COLOR_RGB2LAB)
        light = lab[..., 0] / 100
        lab[..., 0] = 100 * (0.5 + 0.5 * np.tanh(self.contrast * 2 * (light - 0.5)) / np.tanh(self.contrast))
        lab[..., 1:] = lab[..., 1:] * self.chroma
        return cast(Picture, np.rint(np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1) * 255).astype(np.uint8))

    def _strokes(self, picture: Plane) -> Plane:
        along, across = self._axes(picture)
        y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
        sums = np.zeros((_SECTORS, *picture.shape), np.float32)
        squares, weights = np.zeros_like(sums), np.zeros(_SECTORS)
        for u, v, shares in _samples(self.radius):
            sample = cv2.remap(
                picture, x + u * along[..., 0] + v * across[..., 0], y + u * along[..., 1] + v * across[..., 1],
                cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101,
            )  # fmt: skip
            squared = sample * sample
            for sector in np.flatnonzero(shares):  # in place: what is added up is larger than the caches
                cv2.scaleAdd(sample, shares[sector], sums[sector], dst=sums[sector])
                cv2.scaleAdd(squared, shares[sector], squares[sector], dst=squares[sector])
            weights += shares
        scale = weights.astype(np.float32)[:, None, None, None]
        means = sums / scale
        variance = np.maximum(squares / scale - means * means, 0).sum(-1, keepdims=True)
        calm = 1 / (1 + variance ** (self.crispness / 4))  # the deviation to the power of q / 2
        return cast(Plane, ((means * calm).sum(0) / calm.sum(0)).astype(np.float32))

    def _axes(self, picture: Plane) -> tuple[Plane, Plane]:
        """The half-axes of each pixel's ellipse as vectors (dx, dy), for a unit disc."""
        tangent, anisotropy = structure(picture, self.flow_sigma)
        longer = ((self.stretch + anisotropy) / self.stretch)[..., None]
        normal = np.dstack([-tangent[..., 1], tangent[..., 0]])
        return tangent * longer, normal / longer


def _samples(radius: float) -> Iterator[tuple[float, float, NDArray[np.float64]]]:
    """Places in a disc of this radius, and the share of each of its sectors there."""
    steps = np.linspace(-radius, radius, 2 * int(np.ceil(radius / _SPARSE)) + 1)
    for v in steps:
        for u in steps:
            distance = float(np.hypot(u, v) / radius)
            if distance <= 1 + 1e-9:
                yield float(u), float(v), _shares(u / radius, v / radius) * np.exp(-3.125 * distance**2)


def _shares(u: float, v: float) -> NDArray[np.float64]:
    """Polynomial weights of the sectors at a place of the unit disc, in sum 1 (Kyprianidis et al. 2010, section 4)."""
    angles = np.arange(_SECTORS) * 2 * np.pi / _SECTORS
    turned_u, turned_v = u * np.cos(angles) + v * np.sin(angles), -u * np.sin(angles) + v * np.cos(angles)
    zeta = 1 / 3  # of the radius, so that sectors overlap at the centre
    eta = (zeta + np.cos(np.pi / _SECTORS)) / np.sin(np.pi / _SECTORS) ** 2
    shares = np.maximum(turned_u + zeta - eta * turned_v**2, 0) ** 2
    return cast(NDArray[np.float64], shares / shares.sum())
