"""Published networks beside the checkout, imported as a user would, to paint with."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from vidstyle.networks import load_style
from vidstyle.networks.checkpoints.importing import import_style


def published(path: Path) -> Callable[[Tensor], Tensor]:
    """Give the painter of the checkpoint at `path`. Convention: RGB 0 to 1 in and out, every picture by itself."""
    with tempfile.TemporaryDirectory() as models:
        style = load_style(import_style(path, models=Path(models)).folder)
    return lambda images: torch.cat([style.paint(image[None]) for image in images])
