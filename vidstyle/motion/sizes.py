"""Sizes at which motion is estimated, and the way back to the frames' own."""

import torch
from torch.nn.functional import interpolate

from vidstyle.motion.flow import Flow


def reduced(height: int, width: int, scale: float, smallest: int = 1) -> tuple[int, int]:
    """Give the size at which a picture is looked at: `scale` of its own, at least `smallest` px a side."""
    return max(round(height * scale), smallest), max(round(width * scale), smallest)


def resized(flow: Flow, height: int, width: int) -> Flow:
    """Bring a flow to another size.

    Convention: bilinear, the pictures' corners kept in place; vectors grow with the two sides' own ratios, so that
    odd sizes stay exact.
    """
    h, w = flow.to_previous.shape[-2:]
    if (h, w) == (height, width):
        return flow
    ratio = torch.tensor([width / w, height / h], device=flow.to_previous.device)[:, None, None]
    size = (height, width)
    to_previous = interpolate(flow.to_previous, size=size, mode="bilinear", align_corners=False) * ratio
    return Flow(to_previous, interpolate(flow.visibility, size=size, mode="bilinear", align_corners=False))
