import signal

import pytest

from vidstyle.cli import run
from vidstyle.networks import read_card
from vidstyle.training.trainer import Trainer


def test_the_command_trains_and_says_where_the_style_is(recipe_file, tmp_path, capsys):
    arguments = ["train", str(recipe_file), "--run", str(tmp_path / "run"), "--out", str(tmp_path / "style")]
    assert run([*arguments, "--set", "schedule.steps=2", "--device", "cpu"]) == 0
    assert read_card(tmp_path / "style").training.steps == 2
    out, err = capsys.readouterr()
    assert str(tmp_path / "style") in out
    assert "step 2/2" in err


def test_a_stopped_training_tells_how_to_go_on(recipe_file, tmp_path, capsys):
    arguments = ["train", str(recipe_file), "--run", str(tmp_path / "run"), "--device", "cpu"]
    assert run([*arguments, "--max-minutes", "0"]) == 0
    assert "--resume" in capsys.readouterr().out
    assert run([*arguments, "--resume", "--set", "schedule.steps=1"]) == 0


def test_a_signal_ends_the_command_with_the_code_that_it_asks_for(recipe_file, tmp_path, monkeypatch):
    advance = Trainer.advance

    def advance_and_stop(self):
        losses = advance(self)
        signal.raise_signal(signal.SIGTERM)
        return losses

    monkeypatch.setattr(Trainer, "advance", advance_and_stop)
    assert run(["train", str(recipe_file), "--run", str(tmp_path / "run"), "--device", "cpu"]) == 128 + signal.SIGTERM
    assert (tmp_path / "run" / "checkpoint.pt").is_file()


@pytest.mark.parametrize(("option", "code"), [(["--set", "surprise=1"], 78), (["--resume"], 65)])
def test_errors_end_the_command_with_their_codes(recipe_file, tmp_path, capsys, option, code):
    assert run(["train", str(recipe_file), "--run", str(tmp_path / "run"), "--device", "cpu", *option]) == code
    assert "vidstyle:" in capsys.readouterr().err
