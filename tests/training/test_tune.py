from pathlib import Path

import numpy as np
import pytest
import torch

from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle.cli import run as run_command
from vidstyle.errors import TrainingError
from vidstyle.networks import Style, load_style, read_card, save_style
from vidstyle.training.film import film_frames
from vidstyle.training.takes import take
from vidstyle.training.tune import TuneConfig, tune

QUICK = TuneConfig(steps=40, size=64, side=64, frames=16, rate=4e-4, refresh=20, sharpness=0.5, distance=60.0)


@pytest.fixture
def style(tmp_path: Path) -> Style:
    """A style with contrast, that flickers."""
    save_small_style(tmp_path / "plain")
    plain = load_style(tmp_path / "plain")
    last = [layer for layer in plain.generator.modules() if isinstance(layer, torch.nn.Conv2d)][-1]
    last.weight.mul_(20)
    save_style(tmp_path / "small", plain.card, plain.generator)
    return load_style(tmp_path / "small")


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "shot.mp4", frames=16, width=96, height=64)


def test_a_take_is_what_the_style_and_the_blend_make_of_consecutive_frames(style: Style, shot: Path):
    found = take(style, film_frames(shot, frames=6, side=64))
    assert found.frames.shape == found.alone.shape == found.still.shape == (6, 3, 64, 96)
    assert not found.flow.visibility[0].any()
    assert found.flow.visibility[1:].any()
    assert torch.allclose(found.alone, style.paint(found.frames), atol=1e-5)


def test_a_window_is_cut_out_of_two_neighbours(style: Style, shot: Path):
    found = take(style, film_frames(shot, frames=6, side=64))
    pair = found.window(3, 32, np.random.default_rng(0))
    assert pair.frames.shape == pair.alone.shape == pair.still.shape == (2, 3, 32, 32)
    places = found.frames[2:4].unfold(2, 32, 1).unfold(3, 32, 1) == pair.frames[:, :, None, None]
    assert places.all(dim=-1).all(dim=-1).all(dim=1).all(dim=0).any()
    assert found.window(1, 96, np.random.default_rng(0)).frames.shape == (2, 3, 64, 96)


@pytest.mark.slow
def test_single_frames_hold_stiller_and_the_look_is_bounded(style: Style, shot: Path, tmp_path: Path):
    told: list[float] = []
    made = tune(
        style, shot, tmp_path / "tuned", QUICK, name="tuned", on_progress=lambda _, share, __: told.append(share)
    )
    assert made.after.alone < 0.5 * made.before.alone
    assert made.sharpness >= QUICK.sharpness
    assert made.distance <= QUICK.distance
    assert made.steps == 40
    assert told[-1] == 1
    card = read_card(tmp_path / "tuned")
    assert card.name == "tuned"
    assert "Tuned on shot.mp4" in card.description
    assert card.sha256 != style.card.sha256
    assert load_style(tmp_path / "tuned").card.generator == style.card.generator


def test_a_look_that_is_lost_is_not_saved(style: Style, shot: Path, tmp_path: Path):
    config = QUICK.model_copy(update={"steps": 3, "rate": 0.1, "distance": 1e-3})
    with pytest.raises(TrainingError, match="keep its look; give it more minutes"):
        tune(style, shot, tmp_path / "tuned", config, name="tuned")
    assert not (tmp_path / "tuned").exists()


def test_what_can_not_be_tuned_is_refused(style: Style, shot: Path, tmp_path: Path):
    save_small_style(tmp_path / "recurrent", network="recurrent-resnet")
    with pytest.raises(TrainingError, match="remembers frames"):
        tune(load_style(tmp_path / "recurrent"), shot, tmp_path / "tuned", QUICK, name="tuned")
    save_small_style(tmp_path / "dial", network="adjustable-resnet", adjustable=True)
    with pytest.raises(TrainingError, match="takes a strength"):
        tune(load_style(tmp_path / "dial"), shot, tmp_path / "tuned", QUICK, name="tuned")
    with pytest.raises(TrainingError, match="has 4 frames; at least 10"):
        tune(style, make_clip(tmp_path / "short.mp4", frames=4), tmp_path / "tuned", QUICK, name="tuned")


def test_the_command_refuses_to_replace(style: Style, shot: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "tuned").mkdir()
    assert run_command(["tune", str(tmp_path / "small"), str(shot), "-o", str(tmp_path / "tuned")]) == 73
    assert "--overwrite" in capsys.readouterr().err
