"""Few colours, as a printer mixes them: what a picture is drawn with is drawn towards them, softly."""

from functools import cache
from typing import Annotated, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from vidstyle.training.section import Section

Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
_SCALE = np.array([0.5, 1, 1], np.float32)
_BANDS = 65_536  # pixels at a time: distances to all colours are kept for so many


class Palette(Section):
    """Moves each colour towards those of a palette that are like it, in CIE Lab.

    Convention: each colour of the palette counts by a Gaussian of its distance, so that a slow change of the picture
    stays one: a hard choice would flicker. Light counts half in the distance: what has a colour keeps it in shadow.
    """

    colours: tuple[Colour, ...] = Field(min_length=2, description="as #rrggbb")
    softness: float = Field(default=7.0, gt=0, le=50, description="sigma of the distance to a colour, Lab units")
    light: float = Field(default=0.5, ge=0, le=1, description="how far the lightness goes to the palette's, too")

    def __call__(self, lab: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give `lab`, (h, w, 3), in these colours."""
        flat = lab.reshape(-1, 3)
        parts = [self._moved(flat[start : start + _BANDS]) for start in range(0, len(flat), _BANDS)]
        return cast(NDArray[np.float32], np.concatenate(parts).reshape(lab.shape))

    def _moved(self, colours: NDArray[np.float32]) -> NDArray[np.float32]:
        palette = _lab(self.colours)
        apart = ((colours[:, None] - palette) * _SCALE) ** 2
        nearness = -apart.sum(-1) / (2 * self.softness**2)
        weights = np.exp(nearness - nearness.max(1, keepdims=True))
        mixed = weights @ palette / weights.sum(1, keepdims=True)
        mixed[:, 0] = colours[:, 0] + self.light * (mixed[:, 0] - colours[:, 0])
        return cast(NDArray[np.float32], mixed.astype(np.float32))


@cache
def _lab(colours: tuple[str, ...]) -> NDArray[np.float32]:
    codes = np.array([[int(each[i : i + 2], 16) for i in (1, 3, 5)] for each in colours], np.float32)
    return cast(NDArray[np.float32], cv2.cvtColor(codes[None] / 255, cv2.COLOR_RGB2LAB)[0].astype(np.float32))
