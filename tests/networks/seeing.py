"""Small feature networks with random weights."""

import torch
from torch import Tensor

COLOUR = {"0.weight": torch.eye(3)[:, :, None, None] * 255, "0.bias": torch.zeros(3)}
PLACES = {2: (3, 64), 5: (64, 64), 9: (64, 128), 12: (128, 128), 16: (128, 256)}


def normalised(*numbers: int) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(0)
    weights = dict(COLOUR)
    for number in numbers:
        inward, outward = PLACES[number]
        weights[f"{number}.weight"] = torch.randn(outward, inward, 3, 3, generator=random) / (3 * inward**0.5)
        weights[f"{number}.bias"] = torch.zeros(outward)
    return weights


def distilled(stages: int, width: int = 4) -> dict[str, Tensor]:
    """A distilled encoder up to relu<stages>_1, with two convolutions in every stage but the last."""
    random = torch.Generator().manual_seed(0)
    weights = {"conv0.weight": torch.eye(3).flip(0)[:, :, None, None] * 255, "conv0.bias": torch.full((3,), -110.0)}
    inward = 3
    for stage in range(1, stages + 1):
        for number in (1, 2) if stage < stages else (1,):
            scale = 1 / (9 * inward * (110 if inward == 3 else 1)) ** 0.5
            weights[f"conv{stage}{number}.weight"] = torch.randn(width, inward, 3, 3, generator=random) * scale
            weights[f"conv{stage}{number}.bias"] = torch.zeros(width)
            inward = width
        weights[f"conv{stage}1_aux.weight"] = torch.randn(2 * width, width, 1, 1, generator=random)
        weights[f"conv{stage}1_aux.bias"] = torch.zeros(2 * width)
    return weights
