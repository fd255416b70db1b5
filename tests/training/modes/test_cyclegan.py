from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.training.modes.conftest import steps
from vidstyle.errors import ConfigError, TrainingError
from vidstyle.motion.luma import luma
from vidstyle.training import train
from vidstyle.training.modes.cyclegan import Cyclegan

SMALL = {"discriminator": {"width": 8, "layers": 1, "start": 0}}


@pytest.mark.slow
def test_drawings_come_nearer_to_the_looks_and_back_to_the_pictures(recipe, started):
    schedule = {"steps": 80, "rate": 3e-3, "rate_discriminator": 2e-3, "warmup": 1, "average": 0.9}
    losses = {"identity": 1.0, "cycle": 10.0}
    mode, engine = started(recipe("cyclegan", losses=losses, schedule=schedule, **SMALL))
    before = mode.measure(mode.generator, mode.held_out)
    told = steps(mode, engine, 80)
    after = mode.measure(mode.generator, mode.held_out)
    assert after["style"] < 0.7 * before["style"]
    assert after["style"] < after["style_source"]
    assert sum(each["cycle"] for each in told[-10:]) < 0.7 * sum(each["cycle"] for each in told[:10])


@pytest.mark.parametrize("loss", ["least-squares", "cross-entropy", "hinge", "wasserstein"])
@pytest.mark.parametrize("kind", ["patch", "pixel", "dense"])
def test_every_discriminator_learns_with_every_loss(recipe, started, loss, kind):
    judge = SMALL["discriminator"] | {
        "loss": loss,
        "kind": kind,
        "spectral": kind == "patch",
        "r1": 1.0,
        "penalty": 1.0,
    }
    mode, engine = started(recipe("cyclegan", discriminator=judge))
    before = {name: weight.clone() for name, weight in mode.judges.state_dict().items()}
    told = steps(mode, engine, 2)
    assert {"cycle", "identity", "temporal", "adversarial", "discriminator"} == set(told[-1])
    changed = [not torch.equal(weight, before[name]) for name, weight in mode.judges.state_dict().items()]
    assert any(changed)


def test_all_temporal_terms_take_part(recipe, started):
    terms = {"short": 1.0, "long": 1.0, "luminance": 1.0, "features": 1.0, "adversarial": 0.1}
    clips = {"size": 48, "side": 64, "every": 1, "count": 2} | terms
    mode, engine = started(recipe("cyclegan", clips=clips, **SMALL))
    told = steps(mode, engine, 2)
    assert {"short", "long", "luminance", "features", "moving"} <= set(told[-1])
    assert all(told[-1][name] > 0 for name in terms if name != "adversarial")


def test_a_look_without_colour_is_not_asked_for_colour(recipe, started):
    """A generator that makes everything grey loses nothing then, and all its colours otherwise."""

    class Grey(torch.nn.Module):
        def forward(self, pictures):
            return luma(pictures).expand_as(pictures)

    told = []
    for grey in (True, False):
        mode, engine = started(recipe("cyclegan", grey=grey, **SMALL))
        mode.networks["generator"], mode.networks["inverse"] = Grey(), torch.nn.Identity()
        told.append(mode.play(0, 0.0, engine).terms)
    assert told[0]["cycle"] < told[1]["cycle"] - 0.01


def test_with_a_teacher_its_drawing_must_come_back(recipe, started):
    """Where nothing is done, what comes back is wrong by all that the teacher does; works stay as they are."""
    told = []
    for teacher in (None, {"kind": "oil", "radius": 3.0}):
        mode, engine = started(recipe("cyclegan", teacher=teacher, pairs={"size": 48, "degraded": 0.0}, **SMALL))
        mode.networks["generator"], mode.networks["inverse"] = torch.nn.Identity(), torch.nn.Identity()
        told.append(mode.play(0, 0.0, engine).terms)
    assert told[0]["cycle"] == told[0]["identity"] == 0
    assert told[1]["cycle"] > 0.02
    assert told[1]["identity"] == 0  # of drawings, either way
    assert "drawing" not in told[1]
    works = [each for each in mode.examples if each.source.role == "style"]
    assert works
    assert all(each.target is each.picture for each in works)


def test_the_drawing_is_the_teachers_in_light_alone(recipe, started):
    """Other colours of the same light cost nothing; lines that are not drawn do."""

    class Tinted(torch.nn.Module):
        def forward(self, pictures):
            light = luma(pictures)
            return torch.cat((light, light, light), 1)

    teacher = {"kind": "oil", "radius": 3.0}
    mode, engine = started(
        recipe("cyclegan", teacher=teacher, losses={"drawing": 1.0}, pairs={"size": 48, "degraded": 0.0}, **SMALL)
    )
    mode.learned = [replace(each, picture=each.target) for each in mode.learned]  # a generator that draws like it
    mode.networks["generator"] = Tinted()
    assert mode.play(0, 0.0, engine).terms["drawing"] < 0.01
    mode.learned = [replace(each, picture=np.full_like(each.target, 128)) for each in mode.learned]
    assert mode.play(0, 0.0, engine).terms["drawing"] > 0.02


def test_a_recipe_without_looks_is_refused(recipe):
    sources = [{"name": n, "path": n, "licence": "x", "source": "x", "train": n == "drawn"} for n in ("drawn", "held")]
    with pytest.raises(ConfigError, match="nothing to look like"):
        recipe("cyclegan", material={"root": "material", "sources": sources})


@pytest.mark.slow
def test_an_interrupted_training_ends_as_a_whole_one(recipe, folder):
    made = recipe("cyclegan", pool=2, schedule={"steps": 6, "warmup": 1, "evaluations": 2}, **SMALL)
    train(made, run=folder / "whole")
    train(made.model_copy(update={"schedule": made.schedule}), run=folder / "parts", max_minutes=0.0)
    while not train(made, run=folder / "parts", resume=True, max_minutes=1e-4).finished:
        pass
    whole, parts = (load_file(folder / name / "style" / "weights.safetensors") for name in ("whole", "parts"))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_the_past_is_seen_again(recipe, started):
    mode, engine = started(recipe("cyclegan", pool=2, **SMALL))
    assert isinstance(mode, Cyclegan)
    steps(mode, engine, 3)
    assert len(mode.memory()["style"]["kept"]) == 2


def test_strengths_can_not_be_taught_here(recipe, started):
    with pytest.raises(TrainingError, match="can't teach strengths"):
        started(recipe("cyclegan", generator="adjustable-resnet"))
