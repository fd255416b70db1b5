import numpy as np
import pytest

from tests.training.modes.conftest import steps
from vidstyle.errors import TrainingError
from vidstyle.training import train
from vidstyle.training.journal import read_log
from vidstyle.training.sheet import render

EYES = {"weights": "eyes/vgg_normalised_conv1_1.pth", "content": [1], "style": [1]}


def test_the_look_comes_nearer(recipe, started):
    mode, engine = started(recipe("perceptual", features=EYES, losses={"style": 20.0, "variation": 0.0}))
    before = mode.measure(mode.generator, mode.held_out)
    told = steps(mode, engine, 60)
    after = mode.measure(mode.generator, mode.held_out)
    assert told[-1]["style"] < 0.3 * told[0]["style"]
    assert after["style"] < 0.8 * before["style"]
    assert after["kid"] < before["kid"]


def test_a_recurrent_generator_is_unrolled_on_its_own_past(recipe, started):
    clips = {"size": 48, "side": 64, "every": 1, "short": 1.0, "frames": 4}
    mode, engine = started(recipe("perceptual", generator="recurrent-resnet", features=EYES, clips=clips))
    told = steps(mode, engine, 3)
    assert told[-1]["short"] > 0
    seventh = mode.generator.resnet.encoder[0][1].weight  # frame, past, visibility
    assert seventh.grad[:, 3:].abs().sum() > 0


def test_absent_or_foreign_eyes_are_refused(recipe, folder, started):
    with pytest.raises(TrainingError, match=r"features\.weights"):
        started(recipe("perceptual", features=EYES | {"weights": "eyes/absent.pth"}))
    with pytest.raises(TrainingError, match="has 1 stages, not 3"):
        started(recipe("perceptual", features=EYES | {"content": [3]}))


def test_a_run_tells_how_it_went(recipe, folder):
    made = recipe("perceptual", features=EYES, schedule={"steps": 4, "warmup": 1, "evaluations": 2})
    report = train(made, run=folder / "run", out=folder / "style")
    assert report.best in (2, 4)
    assert {"style", "flicker", "edge_agreement", "content", "gram", "kid", "score"} <= set(report.figures)
    assert set(read_log(folder / "run" / "log.csv")) == {"content", "style", "variation", "temporal"}
    lines = (folder / "run" / "evaluations.jsonl").read_text().splitlines()
    assert len(lines) == 2


def test_looks_between_are_learned_by_their_correlations(recipe, started):
    losses = {"style": 60.0, "variation": 0.0, "temporal": 0.0, "identity": 1.0}
    mode, engine = started(recipe("perceptual", generator="adjustable-resnet", features=EYES, losses=losses))
    steps(mode, engine, 120)
    figures = mode.measure(mode.generator, mode.held_out)
    full = [np.abs(render(mode.generator, e.picture, 1.0).astype(float) - e.picture).mean() for e in mode.held_out]
    assert figures["identity"] < 0.5 * float(np.mean(full))
    assert 0.1 < figures["half_way"] < 0.9
