"""Sizes at which motion is estimated, and the way back to the frames' own."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.nn.functional import interpolate

from vidstyle.errors import OutOfMemoryError
from vidstyle.motion.flow import Flow
from vidstyle.motion.neighbourhood import sized


def reduced(height: int, width: int, scale: float, smallest: int = 1) -> tuple[int, int]:
    """Give the size at which a picture is looked at: `scale` of its own, at least `smallest` px a side."""
    return max(round(height * scale), smallest), max(round(width * scale), smallest)


@contextmanager
def memory_for(estimator: str, size: tuple[int, int], device: torch.device) -> Iterator[None]:
    """Tell what a device has too little memory for, `size` being (height, width), as OutOfMemoryError."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, (MemoryError, torch.OutOfMemoryError)) and "allocate memory" not in str(error):
            raise
        raise OutOfMemoryError(
            f"{estimator} has too little memory at {size[1]}x{size[0]}; lower motion.scale", device=str(device)
        ) from error


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
    if height >= h and width >= w:
        return Flow(sized(flow.to_previous, height, width).mul_(ratio), sized(flow.visibility, height, width))
    to_previous = interpolate(flow.to_previous, size=size, mode="bilinear", align_corners=False) * ratio
    return Flow(to_previous, interpolate(flow.visibility, size=size, mode="bilinear", align_corners=False))
