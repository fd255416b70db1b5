"""Drawings of the past, so that a discriminator does not forget what it has seen through."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


class ImagePool:
    """Keeps up to `size` drawings and hands out, half of the time, an old one for a new one.

    Source: Shrivastava et al. 2017, section 2.3; CycleGAN (Zhu et al. 2017, section 4) keeps 50.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._kept: list[Tensor] = []

    def exchange(self, images: Float[Tensor, "n c h w"], rng: np.random.Generator) -> Float[Tensor, "n c h w"]:
        """Give as many drawings as come in; `images` carry no gradient."""
        given = []
        for image in images:
            if len(self._kept) < self.size:
                self._kept.append(image.clone())
                given.append(image)
            elif rng.random() < 0.5:  # noqa: PLR2004
                place = int(rng.integers(self.size))
                given.append(self._kept[place])
                self._kept[place] = image.clone()
            else:
                given.append(image)
        return torch.stack(given)

    def memory(self) -> dict[str, Any]:
        """Give what `recall` needs."""
        return {"kept": [image.cpu() for image in self._kept]}

    def recall(self, memory: dict[str, Any], device: torch.device) -> None:
        """Take back what `memory` gave."""
        self._kept = [image.to(device) for image in memory["kept"]]
