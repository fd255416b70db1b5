"""Farnebäck's polynomial expansion as a flow estimator: an independent check on the others, not a first choice."""

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from vidstyle.errors import VidstyleError
from vidstyle.motion.flow import Flow, MotionConfig
from vidstyle.motion.luma import luma
from vidstyle.motion.neighbourhood import sized
from vidstyle.motion.search import SMALLEST_SIDE
from vidstyle.motion.sizes import reduced
from vidstyle.motion.visibility import consistency

_LEVELS = 5  # each half the size of the one below; reaches 2^5 times as far as one level does
_WINDOW = 11  # px, side of the neighbourhood over which displacements are averaged
_ITERATIONS = 3  # at each level
_MARGIN = 16  # px of repeated edge: in the last row and column OpenCV finds motion even in still pictures
_SIDE = 5  # px of the neighbourhood that is expanded into a polynomial
_SIGMA = 1.1  # px, of its Gaussian


class FarnebackFlow:
    """Farnebäck in both directions on 8-bit luma at a chosen scale, with visibility from their consistency.

    Source: Gunnar Farnebäck, Two-frame motion estimation based on polynomial expansion, 2003; OpenCV's.
    """

    reads: Literal["luma", "rgb"] = "luma"
    identity: str | None = f"OpenCV {cv2.__version__}"

    def __init__(self, config: MotionConfig) -> None:
        self.config = config

    def __call__(
        self,
        current: Float[Tensor, "n c h w"],
        previous: Float[Tensor, "n c h w"],
        numbers: Sequence[tuple[int, int]] | None = None,  # noqa: ARG002
    ) -> Flow:
        """Return the flow from each current frame to its previous one, at that scale, on the frames' device."""
        height, width = current.shape[-2:]
        if min(height, width) < SMALLEST_SIDE:
            return Flow.unknown(len(current), height, width, current.device)
        size = reduced(height, width, self.config.scale, SMALLEST_SIDE)
        planes = zip(_planes(current, size), _planes(previous, size), strict=True)
        pairs = [(_search(now, before), _search(before, now)) for now, before in planes]
        to_previous, to_current = (torch.cat(flows) for flows in zip(*pairs, strict=True))
        visibility = consistency(to_previous, to_current, boundaries=self.config.boundaries)
        return Flow(to_previous, visibility).to(current.device)


def _planes(images: Float[Tensor, "n c h w"], size: tuple[int, int]) -> list[NDArray[np.uint8]]:
    codes = sized(luma(images).detach().cpu(), *size).clamp(0, 1).mul(255).round().byte()
    return list(codes[:, 0].numpy())


def _search(current: NDArray[np.uint8], previous: NDArray[np.uint8]) -> Float[Tensor, "1 2 h w"]:
    try:
        now, before = (
            cv2.copyMakeBorder(plane, _MARGIN, _MARGIN, _MARGIN, _MARGIN, cv2.BORDER_REPLICATE)
            for plane in (current, previous)
        )
        flow = np.zeros((*now.shape, 2), np.float32)  # where it goes; nothing is taken from it
        flags = cv2.OPTFLOW_FARNEBACK_GAUSSIAN
        cv2.calcOpticalFlowFarneback(now, before, flow, 0.5, _LEVELS, _WINDOW, _ITERATIONS, _SIDE, _SIGMA, flags)
    except cv2.error as error:
        raise VidstyleError(f"OpenCV can't estimate the flow of {current.shape} pixels: {error.err}") from error
    inner = flow[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
    return torch.from_numpy(inner).permute(2, 0, 1)[None].contiguous()
