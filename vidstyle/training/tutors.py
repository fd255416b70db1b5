"""The teachers that a recipe can name; one of them is a finished style, which a small network learns to draw."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field, PrivateAttr

from vidstyle.frames import bitmap
from vidstyle.networks import Style, load_style
from vidstyle.training.oil import OilTeacher
from vidstyle.training.section import Section
from vidstyle.training.teachers import InkTeacher, Picture


class StyleTeacher(Section):
    """Draws as a style does, imported ones too: distilling a network (Hinton et al. 2015, for pictures)."""

    kind: Literal["style"]
    style: str
    _style: Style | None = PrivateAttr(default=None)
    _strength: float = PrivateAttr(default=1.0)

    def resolved(self, beside: Callable[[Path], Path]) -> "StyleTeacher":
        """Load the style: its name, or its folder seen from the recipe's own.

        Raises StyleError where there is none.
        """
        folder = beside(Path(self.style))
        found = load_style(str(folder) if (folder / "card.json").is_file() else self.style)
        teacher = self.model_copy()
        teacher._style = found
        return teacher

    def at(self, strength: float) -> "StyleTeacher":
        """Give a teacher that draws less: an adjustable style at that strength, another mixed with the picture."""
        teacher = self.model_copy()
        teacher._strength = strength
        return teacher

    def __call__(self, picture: Picture) -> Picture:
        """Draw `picture`, RGB in 0..255, (h, w, 3)."""
        assert self._style is not None  # `resolved` comes first
        images = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float() / 255
        drawn = self._style.paint(images, strength=self._strength)
        mixed = drawn if self._style.card.adjustable else torch.lerp(images, drawn, self._strength)
        return bitmap(mixed[0])

    def fingerprint(self) -> str:
        """Give the checksum of the weights, and the strength where it is not 1."""
        assert self._style is not None  # `resolved` comes first
        return self._style.card.sha256 + (f" {self._strength}" if self._strength != 1 else "")


Tutor = Annotated[InkTeacher | OilTeacher | StyleTeacher, Field(discriminator="kind")]
