from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.clips import make_clip
from tests.training.conftest import paint
from vidstyle.training import Recipe
from vidstyle.training.engine import Engine
from vidstyle.training.modes.mode import Mode
from vidstyle.training.recipe import read_recipe
from vidstyle.training.trainer import MODES


@pytest.fixture
def folder(material: Path) -> Path:
    """The material of the recipes, with some dark blue drawings and a clip beside the pictures."""
    looks = material / "material" / "looks"
    looks.mkdir()
    for seed in range(20, 23):
        drawing = np.stack([paint(seed)[..., 0] // 6, paint(seed)[..., 1] // 4, 120 + paint(seed)[..., 2] // 3], -1)
        assert cv2.imwrite(str(looks / f"{seed}.png"), np.ascontiguousarray(drawing[..., ::-1]))
    make_clip(material / "material" / "clip.mp4", frames=9, width=64, height=64, cuts=(5,))
    (material / "eyes").mkdir()
    torch.manual_seed(0)
    seen = {"0.weight": torch.eye(3)[..., None, None] - 0.5, "0.bias": torch.zeros(3)}
    seen |= {"2.weight": torch.randn(8, 3, 3, 3) / 3, "2.bias": torch.zeros(8)}
    torch.save(seen, material / "eyes" / "vgg_normalised_conv1_1.pth")
    return material


@pytest.fixture
def recipe(folder: Path) -> Callable[..., Recipe]:
    """A small recipe of any mode, with tables of its own."""

    def make(mode: str, *, generator: str | dict[str, object] = "resnet", **tables: object) -> Recipe:
        def source(name: str, **more: object) -> dict[str, object]:
            facts = {"name": name, "path": name, "licence": "CC0-1.0", "source": "these tests", "sides": [48]}
            return facts | more

        sources = [
            source("drawn"),
            source("held", train=False),
            source("looks", role="style"),
            source("clip.mp4", every=2),
        ]
        options = {"width": 6, "blocks": 1, "norm": "none", "skips": True}
        content = {
            "name": "tiny",
            "title": "Tiny",
            "description": "For the tests.",
            "licence": "Apache-2.0",
            "mode": mode,
            "seed": 3,
            "generator": {"name": generator, "options": options} if isinstance(generator, str) else generator,
            "pairs": {"size": 32, "count": 2},
            "schedule": {"steps": 40, "rate": 5e-3, "rate_discriminator": 2e-3, "warmup": 1, "average": 0.9},
            "material": {"root": "material", "sources": sources},
        }
        return read_recipe(content | tables, folder / "tiny.toml")

    return make


@pytest.fixture
def started(folder: Path) -> Callable[[Recipe], tuple[Mode, Engine]]:
    """A mode and its engine, as a training begins."""

    def start(recipe: Recipe) -> tuple[Mode, Engine]:
        mode = MODES.get(recipe.mode)(recipe, folder / "run")
        return mode, Engine(mode.networks, mode.judges, recipe.schedule, torch.device("cpu"))

    return start


def steps(mode: Mode, engine: Engine, count: int) -> list[dict[str, float]]:
    """Take some steps; gives the losses of each."""
    told = []
    for step in range(count):
        engine.begin(step)
        told.append({name: loss.item() for name, loss in mode.advance(step, step / count, engine).items()})
        engine.update_average(step)
    return told
