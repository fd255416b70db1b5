import signal
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from vidstyle.errors import TargetBusyError, TrainingError
from vidstyle.media.lock import TargetLock
from vidstyle.networks import load_style, read_card
from vidstyle.networks.checkpoints.proof import compare_golden
from vidstyle.training import train
from vidstyle.training.journal import read_log
from vidstyle.training.pairs import sample_pairs
from vidstyle.training.trainer import Trainer


def weights(folder):
    return load_file(folder / "weights.safetensors")


def same(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


def trainer_of(recipe, tmp_path):
    return Trainer(recipe, tmp_path / "run", torch.device("cpu"))


def test_what_it_learns_holds_for_crops_it_never_saw(tiny, tmp_path):
    recipe = tiny("schedule.steps=60", "losses.adversarial=0")
    trainer = trainer_of(recipe, tmp_path)
    unseen = sample_pairs(trainer.mode.learned, recipe.pairs.model_copy(update={"count": 8}), seed=99, step=0)

    def distance() -> float:
        with torch.inference_mode():
            return float((trainer.mode.generator(unseen.crops) - unseen.targets).abs().mean())

    before = distance()
    while trainer.progress < 1:
        trainer.advance()
    assert distance() < 0.75 * before


def test_a_finished_training_leaves_a_style_with_its_card(tiny, tmp_path):
    report = train(tiny(), run=tmp_path / "run", out=tmp_path / "style")
    assert report.finished
    style = load_style(tmp_path / "style")
    record = style.card.training
    assert (record.steps, record.seed, record.recipe, record.mode) == (8, 3, "tiny.toml", "pix2pix")
    assert [(source.name, source.pictures) for source in record.data] == [("drawn", 3)]
    assert record.figures == report.figures
    assert record.figures["l1"] > 0
    assert style.sheet.stat().st_size < 600_000
    assert read_log(tmp_path / "run" / "log.csv")["l1"][-1][0] == 8


def test_the_same_seed_gives_the_same_weights(tiny, tmp_path):
    for name in "ab":
        train(tiny(), run=tmp_path / name)
    train(tiny("seed=4"), run=tmp_path / "c")
    a, b, c = (weights(tmp_path / name / "style") for name in "abc")
    assert same(a, b)
    assert not same(a, c)


def test_a_training_starts_from_the_weights_of_another_style(tiny, tmp_path):
    train(tiny(), run=tmp_path / "first")
    start = f"start={tmp_path / 'first' / 'style'}"
    trainer = trainer_of(tiny(start), tmp_path)
    first = weights(tmp_path / "first" / "style")
    assert same(first, trainer.mode.generator.state_dict())
    assert same(first, trainer.engine.average.state_dict())
    train(tiny(start), run=tmp_path / "second")
    assert read_card(tmp_path / "second" / "style").training.start == start.removeprefix("start=")
    with pytest.raises(TrainingError, match="make them the same, or drop start"):
        trainer_of(tiny(start, "generator.options.width=8"), tmp_path)


def at_step(monkeypatch, step, happen):
    """Let `happen` strike once, right after that step."""
    advance = Trainer.advance

    def advance_and_strike(self):
        losses = advance(self)
        if self.step == step:
            monkeypatch.setattr(Trainer, "advance", advance)
            happen()
        return losses

    monkeypatch.setattr(Trainer, "advance", advance_and_strike)


INTERRUPTED = """
import os, sys
from pathlib import Path
from vidstyle.training import load_recipe, train
from vidstyle.training.trainer import Trainer

recipe, run, number = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
advance = Trainer.advance

def advance_and_strike(self):
    losses = advance(self)
    if self.step == 5:
        os.kill(os.getpid(), number)
    return losses

Trainer.advance = advance_and_strike
stopped = train(load_recipe(recipe), run=run)
print(stopped.finished, stopped.step, stopped.signal)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_a_resumed_training_ends_as_if_it_had_never_come(tiny, tmp_path, number):
    train(tiny(), run=tmp_path / "whole")
    # In a process of its own: a signal reaches whatever else lives in this one.
    command = [sys.executable, "-c", INTERRUPTED, str(tiny().file), str(tmp_path / "parts"), str(int(number))]
    made = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert made.stdout.split() == ["False", "5", str(int(number))]
    assert train(tiny(), run=tmp_path / "parts", resume=True).finished
    assert same(weights(tmp_path / "whole" / "style"), weights(tmp_path / "parts" / "style"))


def test_two_trainings_do_not_write_into_one_folder(tiny, tmp_path):
    (tmp_path / "run").mkdir()
    with TargetLock(tmp_path / "run" / "checkpoint.pt"), pytest.raises(TargetBusyError):
        train(tiny(), run=tmp_path / "run")
    assert not (tmp_path / "run" / "log.csv").exists()
    assert train(tiny(), run=tmp_path / "run").finished


def test_signals_are_as_before_after_a_training(tiny, tmp_path):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    train(tiny(), run=tmp_path / "run")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_crash_costs_no_more_than_the_steps_since_the_checkpoint(tiny, tmp_path, monkeypatch):
    train(tiny(), run=tmp_path / "whole")

    def crash():
        raise RuntimeError("power cut")

    at_step(monkeypatch, 6, crash)
    with pytest.raises(RuntimeError, match="power cut"):
        train(tiny("schedule.checkpoint_minutes=1e-9"), run=tmp_path / "parts")
    report = train(tiny(), run=tmp_path / "parts", resume=True)
    assert report.finished
    assert same(weights(tmp_path / "whole" / "style"), weights(tmp_path / "parts" / "style"))


def test_the_time_limit_ends_a_training_that_can_be_resumed(tiny, tmp_path):
    stopped = train(tiny(), run=tmp_path, max_minutes=0.0)
    assert (stopped.finished, stopped.step, stopped.signal) == (False, 0, 0)
    assert train(tiny(), run=tmp_path, resume=True).step == 8


def test_other_settings_are_not_resumed_but_another_schedule_is(tiny, tmp_path):
    train(tiny(), run=tmp_path, max_minutes=0.0)
    with pytest.raises(TrainingError, match="other settings"):
        train(tiny("losses.l1=2.0"), run=tmp_path, resume=True)
    assert train(tiny("schedule.steps=3"), run=tmp_path, resume=True).step == 3


def test_nothing_to_resume_is_said(tiny, tmp_path):
    with pytest.raises(TrainingError, match="nothing to resume"):
        train(tiny(), run=tmp_path, resume=True)


def test_a_loss_that_is_no_number_ends_the_training(tiny, tmp_path):
    trainer = trainer_of(tiny(), tmp_path)
    with torch.no_grad():
        next(trainer.mode.generator.parameters()).fill_(float("nan"))
    with pytest.raises(TrainingError, match=r"not a number.*schedule\.rate"):
        trainer.advance()


def test_a_loss_that_keeps_growing_ends_the_training(tiny, tmp_path):
    trainer = trainer_of(tiny("schedule.steps=1000"), tmp_path)
    state = trainer.state()
    trainer.restore(state | {"watch": {"best": 1e-6, "bad": 199, "smooth": 1e-6}})
    with pytest.raises(TrainingError, match="diverged"):
        trainer.advance()


def test_samples_are_written_while_it_trains(tiny, tmp_path):
    train(tiny("schedule.sample_minutes=1e-9", "schedule.steps=2"), run=tmp_path)
    assert [path.name for path in sorted((tmp_path / "samples").iterdir())] == ["000001.jpg", "000002.jpg"]


def test_the_card_can_be_read_without_the_recipe(tiny, tmp_path):
    train(tiny(), run=tmp_path / "run", out=tmp_path / "style")
    card = read_card(tmp_path / "style")
    assert card.name == "tiny"
    assert card.generator.options["width"] == 4


def test_a_trained_style_can_be_verified(tiny, tmp_path):
    train(tiny(), run=tmp_path / "run", out=tmp_path / "style")
    assert compare_golden(load_style(tmp_path / "style")) == (0, 0)
