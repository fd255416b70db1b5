"""Both ways between small 8-bit luma planes: what an estimator of OpenCV's needs around it."""

from collections.abc import Callable

import cv2
import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from vidstyle.motion.flow import Flow
from vidstyle.motion.luma import luma
from vidstyle.motion.search import SMALLEST_SIDE
from vidstyle.motion.sizes import reduced
from vidstyle.motion.visibility import consistency

Search = Callable[[NDArray[np.uint8], NDArray[np.uint8]], Float[Tensor, "1 2 h w"]]


def search_both_ways(
    search: Search,
    current: Float[Tensor, "n c h w"],
    previous: Float[Tensor, "n c h w"],
    *,
    scale: float,
    boundaries: bool,
) -> Flow:
    """Run `search` from each frame to its previous one and back, and trust what agrees.

    Convention: pictures are reduced by area averaging to `scale` of their size, and the flow comes at that size, on
    the frames' device. Frames below 16 px on a side have no known motion. `search(now, before)` points from `now` to
    `before`.
    """
    height, width = current.shape[-2:]
    if min(height, width) < SMALLEST_SIDE:
        return Flow.unknown(len(current), height, width, current.device)
    size = reduced(height, width, scale, SMALLEST_SIDE)
    planes = zip(_planes(current, size), _planes(previous, size), strict=True)
    pairs = [(search(now, before), search(before, now)) for now, before in planes]
    to_previous, to_current = (torch.cat(flows) for flows in zip(*pairs, strict=True))
    return Flow(to_previous, consistency(to_previous, to_current, boundaries=boundaries)).to(current.device)


def _planes(images: Float[Tensor, "n c h w"], size: tuple[int, int]) -> list[NDArray[np.uint8]]:
    planes = luma(images)[:, 0].detach().cpu().numpy()
    return [_eight_bits(cv2.resize(plane, size[::-1], interpolation=cv2.INTER_AREA)) for plane in planes]


def _eight_bits(plane: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.asarray(cv2.convertScaleAbs(np.maximum(plane, 0), alpha=255.0), dtype=np.uint8)
