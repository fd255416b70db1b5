"""What an adjustable generator learns from, and how well its dial works."""

from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidstyle.networks import is_adjustable
from vidstyle.training.pictures import Example, cached
from vidstyle.training.sheet import render
from vidstyle.training.teachers import Picture
from vidstyle.training.tutors import Tutor

_FULL, _NONE = 0.4, 0.1  # shares of the crops at strength 1, which most people use, and at 0; the others lie between


def sample_strengths(count: int, rng: np.random.Generator) -> Float[Tensor, " n"]:
    """Draw the strengths of a step's crops: a good part of them 1, some 0, the others anything between."""
    kinds, between = rng.random(count), rng.random(count)
    strengths = np.where(kinds < _FULL, 1.0, np.where(kinds < _FULL + _NONE, 0.0, between))
    return torch.from_numpy(strengths).float()


def at_levels(examples: list[Example], teacher: Tutor, levels: tuple[float, ...], cache: Path) -> list[Example]:
    """Give the examples with their targets at strength 0, at the levels between, and at 1.

    Convention: at a level between the teacher draws less; a target that was found ready-made is mixed with its picture.
    """
    found = [Example(each.source, each.picture, each.picture, 0.0) for each in examples]
    for level in levels:
        draw = cached(teacher.at(level), cache)
        for each in examples:
            target = _mixed(each, level) if each.source.target else draw(each.picture)
            found.append(Example(each.source, each.picture, target, level))
    return found + examples


def measure_dial(generator: nn.Module, examples: list[Example]) -> dict[str, float]:
    """Figures of the strengths below 1; none where the generator is not adjustable.

    Convention: `identity` is the mean distance of what is drawn at strength 0 to the picture, codes of 255. `half` is
    the Laplacian variance of what is drawn at 0.5 relative to that of picture and full drawing mixed: above 1 it is
    crisper than mixing. `half_way` is the place of that drawing between picture (0) and full drawing (1), by distances.
    """
    if not is_adjustable(generator):
        return {}
    rows = [_dial_of(generator, each.picture) for each in examples]
    return {key: round(float(np.mean([row[key] for row in rows])), 4) for key in rows[0]}


def _dial_of(generator: nn.Module, picture: Picture) -> dict[str, float]:
    none, half, full = (render(generator, picture, strength).astype(np.float32) for strength in (0.0, 0.5, 1.0))
    source = picture.astype(np.float32)
    mixed = cv2.addWeighted(source, 0.5, full, 0.5, 0).astype(np.float32)
    near, far = np.abs(half - source).mean(), np.abs(full - half).mean()
    return {
        "identity": float(np.abs(none - source).mean()),
        "half": _sharpness(half) / max(_sharpness(mixed), 1e-6),
        "half_way": float(near / max(near + far, 1e-6)),
    }


def _sharpness(picture: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> float:
    return float(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var())


def _mixed(example: Example, level: float) -> Picture:
    return cv2.addWeighted(example.target, level, example.picture, 1 - level, 0).astype(np.uint8)
