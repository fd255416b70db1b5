from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.conftest import paint
from tests.training.modes.conftest import steps
from vidstyle.networks import load_style, with_strength
from vidstyle.training import InkTeacher, train
from vidstyle.training.engine import Engine
from vidstyle.training.pictures import Example, Source
from vidstyle.training.sheet import render
from vidstyle.training.strengths import at_levels, measure_dial, sample_strengths
from vidstyle.training.trainer import MODES
from vidstyle.training.tutors import StyleTeacher

DIALLED = ('generator.name="adjustable-resnet"', "generator.options={ width = 4, blocks = 1 }")
TEACHER = InkTeacher(smoothing=1, line_smoothing=1)


def test_strengths_are_full_none_and_between() -> None:
    drawn = sample_strengths(4000, np.random.default_rng(0))
    assert 0 <= drawn.min() <= drawn.max() <= 1
    assert float((drawn == 1).float().mean()) == pytest.approx(0.4, abs=0.03)
    assert float((drawn == 0).float().mean()) == pytest.approx(0.1, abs=0.02)


def test_less_ink_is_nearer_to_the_picture_and_lines_stay_black() -> None:
    picture = paint(1, 96, 120)
    apart = [np.abs(TEACHER.at(s)(picture).astype(float) - picture).mean() for s in (0.25, 0.5, 0.75, 1.0)]
    assert apart == sorted(apart)
    half = TEACHER.at(0.5)(picture).max(axis=2)
    mixed = (picture.astype(float) / 2 + TEACHER(picture) / 2).max(axis=2)
    assert np.percentile(half, 1) < np.percentile(mixed, 1)
    assert TEACHER.at(1.0) == TEACHER


def test_every_level_is_drawn_by_the_teacher_and_ready_made_targets_are_mixed(tmp_path: Path) -> None:
    source = Source(name="a", path="-", licence="CC0-1.0", source="tests")
    own = source.model_copy(update={"target": "drawings"})
    picture, target = paint(0), 255 - paint(0)
    found = at_levels([Example(source, picture, target), Example(own, picture, target)], TEACHER, (0.5,), tmp_path)
    assert [each.strength for each in found] == [0, 0, 0.5, 0.5, 1, 1]
    assert (found[0].target == picture).all()
    assert (found[2].target == TEACHER.at(0.5)(picture)).all()
    assert np.abs(found[3].target.astype(int) - 127).max() <= 1
    assert (found[5].target == target).all()


def test_a_dial_is_learned_from_the_teachers_levels(tiny, tmp_path: Path) -> None:
    recipe = tiny(*DIALLED, "schedule.steps=160", "losses.adversarial=0", "pairs.count=4", "pairs.degraded=0")
    mode = MODES.get(recipe.mode)(recipe, tmp_path / "run")
    engine = Engine(mode.networks, mode.judges, recipe.schedule, torch.device("cpu"))
    before = {s: apart(mode.generator, mode.held_out, s) for s in (0.0, 0.5, 1.0)}
    steps(mode, engine, 160)
    after = {s: apart(mode.generator, mode.held_out, s) for s in (0.0, 0.5, 1.0)}
    assert after[1.0] < 0.8 * before[1.0]
    assert after[0.5] < 0.8 * before[0.5]
    assert after[0.0] < 12
    figures = mode.measure(mode.generator, mode.held_out)
    assert figures["identity"] == pytest.approx(after[0.0], abs=1)
    assert 0.1 < figures["half_way"] < 0.9


def apart(generator: torch.nn.Module, examples: list[Example], strength: float) -> float:
    """How far drawings are from what the teacher draws at that strength, codes."""
    found = []
    for each in examples:
        wanted = TEACHER.at(strength)(each.picture) if strength else each.picture
        found.append(np.abs(render(generator, each.picture, strength).astype(float) - wanted).mean())
    return float(np.mean(found))


def test_a_trained_style_says_that_it_is_adjustable_and_teaches_another(tiny, tmp_path: Path) -> None:
    report = train(tiny(*DIALLED), run=tmp_path / "run", out=tmp_path / "dial")
    assert {"identity", "half", "half_way"} <= set(report.figures)
    style = load_style(tmp_path / "dial")
    assert style.card.adjustable
    teacher = StyleTeacher(kind="style", style=str(tmp_path / "dial")).resolved(lambda path: path)
    picture = paint(0)
    assert (teacher.at(0.5)(picture) == render(style.generator, picture, 0.5)).all()
    assert len({teacher.fingerprint(), teacher.at(0.5).fingerprint(), teacher.at(0.2).fingerprint()}) == 3


def test_other_generators_have_no_dial_to_measure() -> None:
    plain = torch.nn.Conv2d(3, 3, 1)
    images = torch.rand(2, 3, 8, 8)
    assert measure_dial(plain, []) == {}
    assert with_strength(plain, images, 0.5) is images
