"""Flow as colours, the way the field prints it."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

# Steps from red over yellow, green, cyan, blue and magenta back to red: more where the eye tells hues apart better.
_STEPS = (15, 6, 4, 11, 13, 6)
_PRIMARIES = ((1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 1, 1), (0, 0, 1), (1, 0, 1))
_BEYOND = 0.75  # brightness of what moves further than the wheel reaches


def flow_colours(flow: Float[Tensor, "n 2 h w"], full: float) -> Float[Tensor, "n 3 h w"]:
    """Paint vectors: the hue is the direction, the saturation the length.

    Convention: RGB 0 to 1. White does not move, `full` pixels are fully saturated, what is longer is darkened. To the
    right is red, down yellow, to the left cyan, up blue.

    Source: Baker, Scharstein, Lewis, Roth, Black and Szeliski 2011, A Database and Evaluation Methodology for Optical
    Flow, and its colour code of 55 hues.
    """
    wheel = _wheel().to(flow.device)
    length = flow.square().sum(1).sqrt() / full
    place = (torch.atan2(-flow[:, 1], -flow[:, 0]) / math.pi + 1) / 2 * (len(wheel) - 1)
    low = place.floor().long()
    share = (place - low)[..., None]
    hue = ((1 - share) * wheel[low] + share * wheel[(low + 1) % len(wheel)]).movedim(-1, 1)
    length = length[:, None]
    return torch.where(length <= 1, 1 - length * (1 - hue), _BEYOND * hue)


def colour_wheel(side: int) -> Float[Tensor, "4 side side"]:
    """Draw the legend: a disc whose rim is fully saturated, as RGB with coverage."""
    across = torch.linspace(-1.02, 1.02, side)
    vectors = torch.stack(torch.meshgrid(across, across, indexing="xy"))
    inside = (vectors.square().sum(0, keepdim=True) <= 1).float()
    return torch.cat((flow_colours(vectors[None], 1.0)[0], inside))


def _wheel() -> Float[Tensor, "hues 3"]:
    rows = []
    for number, steps in enumerate(_STEPS):
        start, stop = (torch.tensor(_PRIMARIES[(number + i) % 6], dtype=torch.float32) for i in (0, 1))
        share = (torch.arange(steps) / steps)[:, None]
        rows.append((1 - share) * start + share * stop)
    return torch.cat(rows)
