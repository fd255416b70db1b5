"""A finished style as the teacher: a small network learns to draw what a large one draws."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import torch
from pydantic import PrivateAttr

from vidstyle.networks import Style, load_style
from vidstyle.training.section import Section
from vidstyle.training.teachers import Picture


class StyleTeacher(Section):
    """Draws as a style does, imported ones too: distilling a network (Hinton et al. 2015, for pictures)."""

    kind: Literal["style"]
    style: str
    _style: Style | None = PrivateAttr(default=None)

    def resolved(self, beside: Callable[[Path], Path]) -> "StyleTeacher":
        """Load the style: its name, or its folder seen from the recipe's own.

        Raises StyleError where there is none.
        """
        folder = beside(Path(self.style))
        found = load_style(str(folder) if (folder / "card.json").is_file() else self.style)
        teacher = self.model_copy()
        teacher._style = found
        return teacher

    def __call__(self, picture: Picture) -> Picture:
        """Draw `picture`, RGB in 0..255, (h, w, 3)."""
        assert self._style is not None  # `resolved` comes first
        images = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
        drawn = self._style.paint(images)[0]
        codes: Picture = (drawn * 255).round().byte().permute(1, 2, 0).contiguous().numpy()
        return codes

    def fingerprint(self) -> str:
        """Give the checksum of the weights."""
        assert self._style is not None  # `resolved` comes first
        return self._style.card.sha256
