"""OpenCV's dense inverse search (Kroeger, Timofte, Dai and Van Gool 2016), kept from its pitfalls."""

import math
from typing import Any

import cv2
import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from vidstyle.errors import VidstyleError

_PATCH = 8  # px
SMALLEST_SIDE = 2 * _PATCH  # below this a picture has nothing that a patch could hold on to


class InverseSearch:
    """Flow between two 8-bit pictures of equal size.

    Convention: what is at p in `current` was at p + flow(p) in `previous`; sides of at least `SMALLEST_SIDE` pixels.
    OpenCV's object keeps buffers: use one instance in one thread.

    Args:
        stride: pixels between neighbouring patches, 1 to 8; smaller is denser and slower.
        descent: iterations of gradient descent a patch.
        refinement: iterations of variational refinement; 0 leaves it out.
        finest: pyramid level to stop at, 0 being the pictures themselves; the flow is then enlarged to full size.
    """

    def __init__(self, *, stride: int, descent: int, refinement: int, finest: int) -> None:
        self._finest = finest
        self._dis: Any = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_MEDIUM)
        self._dis.setPatchSize(_PATCH)
        self._dis.setPatchStride(stride)
        self._dis.setGradientDescentIterations(descent)
        self._dis.setVariationalRefinementIterations(refinement)

    def __call__(self, current: NDArray[np.uint8], previous: NDArray[np.uint8]) -> Float[Tensor, "1 2 h w"]:
        """Return the flow from `current` to `previous`. Raises VidstyleError where OpenCV can't find any."""
        # Asked for a level that small pictures do not have, OpenCV (4.11, 5.0) silently changes its own settings for
        # good, so that the next call answers differently, or crashes.
        self._dis.setFinestScale(min(self._finest, coarsest_level(*current.shape)))
        try:
            flow = self._dis.calc(current, previous, None)
        except cv2.error as error:
            raise VidstyleError(f"OpenCV can't estimate the flow of {current.shape} pixels: {error.err}") from error
        return torch.from_numpy(flow).permute(2, 0, 1)[None].contiguous()


def coarsest_level(height: int, width: int) -> int:
    """Give the coarsest pyramid level that OpenCV itself goes up to."""
    reach = math.log2(max(height, width) / (4 * _PATCH)) + 0.5
    return max(0, min(int(reach), int(math.log2(max(1, min(height, width) // _PATCH)))))
