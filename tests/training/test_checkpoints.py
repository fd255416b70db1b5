import pickle

import pytest
import torch

from vidstyle.errors import TrainingError
from vidstyle.training.checkpoints import CHECKPOINT, load_checkpoint, save_checkpoint


def test_a_checkpoint_comes_back_as_it_was(tmp_path):
    save_checkpoint(tmp_path, {"weight": torch.arange(4.0), "step": 7, "nested": {"rate": [0.5, "text"]}})
    state = load_checkpoint(tmp_path, recipe="tiny")
    assert torch.equal(state.pop("weight"), torch.arange(4.0))
    assert state == {"step": 7, "nested": {"rate": [0.5, "text"]}}
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path):
    save_checkpoint(tmp_path, {"step": 1})
    with pytest.raises((AttributeError, pickle.PicklingError, TypeError)):
        save_checkpoint(tmp_path, {"step": 2, "bad": lambda: None})
    assert load_checkpoint(tmp_path, recipe="tiny")["step"] == 1


def test_an_absent_or_damaged_checkpoint_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="nothing to resume"):
        load_checkpoint(tmp_path, recipe="tiny")
    (tmp_path / CHECKPOINT).write_bytes(b"garbage")
    with pytest.raises(TrainingError, match="can't be read"):
        load_checkpoint(tmp_path, recipe="tiny")


class _Code:
    def __reduce__(self):
        return print, ("code from a checkpoint ran",)


def test_a_checkpoint_runs_no_code(tmp_path, capsys):
    torch.save({"step": _Code()}, tmp_path / CHECKPOINT)
    with pytest.raises(TrainingError):
        load_checkpoint(tmp_path, recipe="tiny")
    assert "ran" not in capsys.readouterr().out
