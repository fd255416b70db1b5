"""The demonstration's shot: a child and a tram in a painted street, a cut, and a balloon over the roofs at night.

It is meant as a fair test: a panning and zooming camera with parallax, figures that hide and uncover what is behind
them, fine texture, film grain, a hard cut, and smooth skies that show every flicker. The same pictures on every
machine, up to rounding.
"""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.demo import night, street
from vidstyle.demo.camera import HEIGHT, WIDTH, vignette

FRAME_RATE = Fraction(24)
FRAMES = street.FRAMES + night.FRAMES
SECONDS = FRAMES / FRAME_RATE
CUT = street.FRAMES  # the first frame of the second set-up

_GRAIN = 0.009


def paint() -> Iterator[Float[Tensor, "3 h w"]]:
    """Yield the shot's frames: RGB 0..1, 3 x 360 x 640, in order."""
    random = np.random.default_rng(2024)
    light = vignette()
    for setup, count in ((street.Street, street.FRAMES), (night.Night, night.FRAMES)):
        stage = setup()
        for number in range(count):
            grain = random.standard_normal((HEIGHT, WIDTH, 1), np.float32) * np.float32(_GRAIN)
            picture = np.clip(stage.frame(number) * light + grain, 0, 1)
            yield torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))
