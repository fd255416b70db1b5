"""Dense inverse search flow (Kroeger, Timofte, Dai and Van Gool 2016) through OpenCV."""

import math
from typing import Any, Literal

import cv2
import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from vidstyle.errors import VidstyleError
from vidstyle.motion.flow import Flow, MotionConfig, luma
from vidstyle.motion.visibility import consistency

# (patch stride in px, iterations of gradient descent, of variational refinement, halvings of the frame to stop at)
_EFFORT: dict[str, tuple[int, int, int, int]] = {
    "ultrafast": (4, 12, 0, 2),
    "fast": (4, 12, 3, 1),
    "medium": (3, 25, 5, 1),
}
SMALLEST_SIDE = 16  # DIS matches patches of 8 px on a pyramid; below this it has nothing to hold on to


class DisFlow:
    """DIS in both directions on 8-bit luma at a chosen scale, with visibility from their consistency.

    Convention: at scale s the pictures are reduced by area averaging to (round(s w), round(s h)) pixels; flow is
    brought back bilinearly and multiplied by the two sides' own ratios, so odd sizes stay exact. OpenCV's object keeps
    buffers and is not thread-safe: one instance for one thread.
    """

    reads: Literal["luma", "rgb"] = "luma"

    def __init__(self, config: MotionConfig) -> None:
        self.config = config
        self._dis = _create(config)

    def __call__(self, current: Float[Tensor, "n c h w"], previous: Float[Tensor, "n c h w"]) -> Flow:
        """Return the flow from each current frame to its previous one, on the frames' device."""
        height, width = current.shape[-2:]
        if min(height, width) < SMALLEST_SIDE:
            return Flow.unknown(len(current), height, width, current.device)
        pairs = [
            self._both_ways(self._prepare(now), self._prepare(before))
            for now, before in zip(luma(current), luma(previous), strict=True)
        ]
        to_previous, to_current = (torch.stack(flows) for flows in zip(*pairs, strict=True))
        visibility = consistency(to_previous, to_current, boundaries=self.config.boundaries)
        return _resize(Flow(to_previous, visibility), height, width).to(current.device)

    def _prepare(self, image: Float[Tensor, "1 h w"]) -> NDArray[np.uint8]:
        plane = image[0].detach().cpu().numpy()
        height, width = (max(round(side * self.config.scale), SMALLEST_SIDE) for side in plane.shape)
        if (height, width) != plane.shape:
            plane = cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.convertScaleAbs(np.maximum(plane, 0), alpha=255.0), dtype=np.uint8)

    def _both_ways(self, current: NDArray[np.uint8], previous: NDArray[np.uint8]) -> tuple[Tensor, Tensor]:
        try:
            flows = self._dis.calc(current, previous, None), self._dis.calc(previous, current, None)
        except cv2.error as error:
            raise VidstyleError(f"OpenCV can't estimate the flow of {current.shape} pixels: {error.err}") from error
        to_previous, to_current = (torch.from_numpy(flow).permute(2, 0, 1) for flow in flows)
        return to_previous, to_current


def _create(config: MotionConfig) -> Any:
    stride, descent, refinement, halvings = _EFFORT[config.preset]
    dis = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_MEDIUM)
    dis.setPatchStride(stride)
    dis.setGradientDescentIterations(descent)
    dis.setVariationalRefinementIterations(refinement)
    # Pictures that come in reduced have been halved already: the finest level stays the same one of the frame.
    dis.setFinestScale(max(0, round(halvings + math.log2(config.scale))))
    return dis


def _resize(flow: Flow, height: int, width: int) -> Flow:
    h, w = flow.to_previous.shape[-2:]
    if (h, w) == (height, width):
        return Flow(flow.to_previous.contiguous(), flow.visibility)
    ratio = torch.tensor([width / w, height / h])[:, None, None]
    size = (height, width)
    to_previous = interpolate(flow.to_previous, size=size, mode="bilinear", align_corners=False) * ratio
    return Flow(to_previous, interpolate(flow.visibility, size=size, mode="bilinear", align_corners=False))
