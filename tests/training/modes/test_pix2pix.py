from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from tests.styles import save_small_style
from tests.training.modes.conftest import steps
from vidstyle.errors import TrainingError

SMALL = {"discriminator": {"width": 4, "layers": 1, "start": 0.5}, "teacher": {"kind": "ink", "smoothing": 1}}


def test_a_small_network_learns_what_a_finished_style_draws(recipe, started, folder):
    save_small_style(folder / "large")
    mode, engine = started(recipe("pix2pix", teacher={"kind": "style", "style": "large"}))
    before = mode.measure(mode.generator, mode.held_out)
    steps(mode, engine, 60)
    after = mode.measure(mode.generator, mode.held_out)
    assert after["l1"] < 0.5 * before["l1"]


def test_ready_made_drawings_are_found_by_name(recipe, started, folder):
    (folder / "material" / "inverted").mkdir()
    for path in (folder / "material" / "drawn").iterdir():
        cv2.imwrite(str(folder / "material" / "inverted" / path.name), 255 - cv2.imread(str(path)))
    sources = [
        {"name": "a", "path": "drawn", "target": "inverted", "licence": "x", "source": "x", "sides": [48]},
        {"name": "b", "path": "held", "licence": "x", "source": "x", "sides": [48], "train": False},
    ]
    material = {"root": "material", "sources": sources}
    mode, _ = started(recipe("pix2pix", material=material, **SMALL))
    for example in mode.learned:
        assert np.abs(example.target.astype(int) - (255 - example.picture.astype(int))).max() <= 1
    (folder / "material" / "inverted" / "0.png").unlink()
    with pytest.raises(TrainingError, match=r"0\.png has no drawing"):
        started(recipe("pix2pix", material=material, **SMALL))


def test_clips_take_part_beside_pairs(recipe, started):
    clips = {"size": 48, "side": 64, "every": 1, "short": 1.0, "adversarial": 0.1}
    mode, engine = started(recipe("pix2pix", clips=clips, **SMALL))
    first, last = steps(mode, engine, 2)
    assert {"l1", "edges", "temporal", "short", "moving", "discriminator"} <= set(first)
    assert "adversarial" not in first
    assert "adversarial" in last


def test_crispness_is_what_a_blurred_drawing_lacks(recipe, started):
    mode, engine = started(recipe("pix2pix", **SMALL))
    assert "crispness" not in mode.play(0, 0.0, engine).terms
    mode, engine = started(recipe("pix2pix", losses={"crispness": 0.5}, pairs={"size": 48, "degraded": 0.0}, **SMALL))
    mode.drawn = [replace(each, target=each.picture) for each in mode.drawn]
    found = []
    for generator in (torch.nn.Identity(), torch.nn.AvgPool2d(9, 1, 4)):
        mode.networks["generator"] = generator
        found.append(mode.play(0, 0.0, engine).terms["crispness"])
    assert found[0] < 0.01
    assert found[1] > 0.03
