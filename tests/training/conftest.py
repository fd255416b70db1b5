from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from vidstyle.training import Recipe, load_recipe

RECIPE = """
name = "tiny"
title = "Tiny"
description = "A style for the tests."
licence = "Apache-2.0"
mode = "pix2pix"
seed = 3

[generator]
name = "resnet"
options = { width = 4, blocks = 1, norm = "none", upsample = "resize" }

[discriminator]
width = 4
layers = 1
start = 0.5

[teacher]
kind = "ink"
smoothing = 1
line_smoothing = 1

[pairs]
size = 32
count = 2

[schedule]
steps = 8
rate = 5e-3
warmup = 2

[material]
root = "material"

[[material.sources]]
name = "drawn"
path = "drawn"
licence = "CC0-1.0"
source = "these tests"
sides = [48]

[[material.sources]]
name = "held"
path = "held"
licence = "CC0-1.0"
source = "these tests"
sides = [48]
train = false
"""


def paint(seed: int, height: int = 64, width: int = 80) -> np.ndarray:
    """A soft ramp with a few discs on it."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(60, 200, width, dtype=np.float32)
    picture = np.dstack([np.tile(ramp * factor, (height, 1)) for factor in rng.uniform(0.5, 1.2, 3)])
    picture = np.ascontiguousarray(picture.clip(0, 255).astype(np.uint8))
    for _ in range(4):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        colour = tuple(int(value) for value in rng.integers(0, 256, 3))
        cv2.circle(picture, centre, int(rng.integers(5, 16)), colour, -1, cv2.LINE_AA)
    return picture


@pytest.fixture
def material(tmp_path: Path) -> Path:
    for folder, seeds in (("drawn", range(3)), ("held", range(7, 9))):
        (tmp_path / "material" / folder).mkdir(parents=True)
        for seed in seeds:
            assert cv2.imwrite(str(tmp_path / "material" / folder / f"{seed}.png"), paint(seed))
    return tmp_path


@pytest.fixture
def recipe_file(material: Path) -> Path:
    path = material / "tiny.toml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


@pytest.fixture
def tiny(recipe_file: Path) -> Callable[..., Recipe]:
    """The tiny recipe, with changes such as "schedule.steps=20"."""

    def make(*changes: str) -> Recipe:
        return load_recipe(recipe_file, changes)

    return make
