from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.training.conftest import paint
from tests.training.modes.conftest import steps
from vidstyle.errors import ConfigError
from vidstyle.networks.reference import ReferenceGenerator
from vidstyle.training import train
from vidstyle.training.modes.reference import Reference

EYES = {"weights": "eyes/vgg_normalised_conv1_1.pth", "content": [1], "style": [1]}
NETWORK = {"name": "reference", "options": {"width": 6, "blocks": 1, "eye": 6, "code": 16}}


@pytest.fixture
def sources(folder: Path) -> list[dict[str, object]]:
    """Pictures, and works in two tones of which one is held out in a third."""
    for name, tone in (("blue", (0.15, 0.25, 1.0)), ("red", (1.0, 0.2, 0.1)), ("green", (0.2, 1.0, 0.2))):
        place = folder / "material" / name
        place.mkdir()
        for seed in (30, 31):
            drawing = np.clip(paint(seed) * np.array(tone), 0, 255).astype(np.uint8)
            assert cv2.imwrite(str(place / f"{seed}.png"), np.ascontiguousarray(drawing[..., ::-1]))
    facts = {"licence": "CC0-1.0", "source": "these tests", "sides": [48]}
    content = [{"name": name, "path": name, "train": name == "drawn"} | facts for name in ("drawn", "held")]
    works = [
        {"name": name, "path": name, "role": "style", "train": name != "green"} | facts
        for name in ("blue", "red", "green")
    ]
    return content + works


def tables(sources: list[dict[str, object]], **more: object) -> dict[str, object]:
    return {
        "generator": NETWORK,
        "features": EYES,
        "look": 64,
        "textures": 4,
        "sight": 0,
        "pairs": {"size": 32, "count": 4},
        "discriminator": {"width": 4, "layers": 1, "start": 0.5},
        "material": {"root": "material", "sources": sources},
    } | more


@pytest.mark.slow
def test_what_is_drawn_comes_nearer_to_the_work_that_is_shown(recipe, started, sources):
    losses = {"style": 8.0, "texture": 0.0, "content": 0.2, "identity": 0.2, "temporal": 0.0, "adversarial": 0.0}
    schedule = {"steps": 160, "rate": 2e-3, "warmup": 1}
    made = recipe("reference", **tables(sources, losses=losses, textures=0, schedule=schedule))
    mode, engine = started(made)
    assert isinstance(mode, Reference)
    told = steps(mode, engine, 160)
    first, last = (np.mean([each["style"] for each in part]) for part in (told[:10], told[-10:]))
    assert last < 0.9 * first  # the palette is there before the first step
    picture = torch.from_numpy(mode.held_out[0].picture).permute(2, 0, 1)[None].float() / 127.5 - 1
    red, blue = (tone(mode, picture, source) for source in ("red", "blue"))
    assert red[0] - red[2] > blue[0] - blue[2] + 0.1  # redder after the red work than after the blue one


def tone(mode: Reference, picture: torch.Tensor, source: str) -> list[float]:
    work = next(example.picture for example in mode.examples if example.source.name == source)
    shown = torch.from_numpy(work).permute(2, 0, 1)[None].float() / 127.5 - 1
    generator = mode.generator
    assert isinstance(generator, ReferenceGenerator)
    with torch.inference_mode():
        drawn = generator.painter.paint(picture[..., :48, :48], generator.see(shown), torch.ones(1, 1))
    return drawn.mean((0, 2, 3)).tolist()


def test_the_discriminator_compares_with_the_work_itself(recipe, started, sources):
    mode, engine = started(recipe("reference", **tables(sources)))
    told = steps(mode, engine, 8)
    assert "adversarial" not in told[3]
    assert "adversarial" in told[4]
    assert told[4]["discriminator"] > 0
    assert next(mode.judges["work"].parameters()).shape[1] == 6  # a crop of the work beside what is judged


def test_the_encoder_learns_to_see_before_the_first_step_and_not_again(recipe, started, sources, monkeypatch):
    asked = []
    monkeypatch.setattr("vidstyle.training.modes.reference.open_eyes", lambda *_, **named: asked.append(named))
    made = recipe("reference", **tables(sources, sight=7))
    mode, engine = started(made)
    steps(mode, engine, 2)
    assert [each["steps"] for each in asked] == [7]


def test_a_run_leaves_a_style_that_looks_at_pictures(recipe, folder, sources):
    made = recipe("reference", **tables(sources, schedule={"steps": 3, "warmup": 1, "evaluations": 1}))
    report = train(made, run=folder / "run", out=folder / "style")
    assert {"style", "style_source", "edge_agreement", "content", "texture", "score"} <= set(report.figures)
    assert (folder / "style" / "sheet.jpg").stat().st_size > 1000
    assert '"reference"' in (folder / "style" / "card.json").read_text()


def test_recipes_that_can_not_be_are_refused(recipe, sources):
    with pytest.raises(ConfigError, match="some held out"):
        recipe("reference", **tables([source for source in sources if source["name"] != "green"]))
    with pytest.raises(ConfigError, match=r"generator\.name must be reference"):
        recipe("reference", **tables(sources, generator={"name": "resnet"}))
    with pytest.raises(ConfigError, match="can't be divided"):
        recipe("reference", **tables(sources, works=3))
