import json
from pathlib import Path

import pytest

from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle import trials as trials_room
from vidstyle.backends import BACKENDS
from vidstyle.cli import run
from vidstyle.config import load_config
from vidstyle.errors import ClipMissingError
from vidstyle.trials import Trial, Trials, command_of, try_settings


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    save_small_style(tmp_path / "small")
    return make_clip(tmp_path / "a.mp4", frames=6, width=64, height=48, audio=())


def test_each_setting_is_rendered_or_says_why_not(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("vidstyle.trials.find_spec", lambda name: name != "nncf" or None)
    told: list[Trial] = []
    found = try_settings(clip, str(tmp_path / "small"), device="cpu", budget=0.0, on_trial=told.append)
    assert tuple(told) == found.trials
    assert [trial.setting for trial in told] == ["default", "faster motion", "torch"]
    assert all((trial.fps > 0) != bool(trial.problem) for trial in told)
    assert found.trials[0].frames == 3
    assert found.size == "64x48"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "small"]


def test_a_setting_that_can_not_be_here_does_not_stop_the_others(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    odd = trials_room._Setting("odd", ("stylize.precision=fp16",), "other pictures")
    monkeypatch.setattr(trials_room, "_on_cpu", lambda: iter([odd]))
    first, second = try_settings(clip, str(tmp_path / "small"), device="cpu", budget=0.0).trials
    assert first.fps > 0
    assert "fp16" in second.problem
    assert second.fps == 0


def test_what_a_gpu_may_be_tried_with_are_settings_that_there_are(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("vidstyle.trials.find_spec", lambda name: name)
    settings = trials_room._settings_for("cuda")
    assert len(settings) == 5
    for setting in settings:
        config = load_config(overrides=setting.overrides)
        assert config.stylize.backend in ("auto", *BACKENDS.names())


def test_the_default_must_work(tmp_path: Path):
    with pytest.raises(ClipMissingError):
        try_settings(tmp_path / "absent.mp4")


def trials() -> Trials:
    same = {"overrides": (), "pictures": "the default's pictures", "seconds": 1.0}
    return Trials(
        clip=Path("a.mp4"),
        size="64x48",
        style="ink",
        trials=(
            Trial(setting="default", **same, frames=10),
            Trial(setting="torch", **{**same, "overrides": ("stylize.backend=torch",)}, frames=20),
            Trial(setting="coarse", overrides=("motion.preset=fast",), pictures="coarser", frames=30, seconds=1.0),
            Trial(setting="broken", overrides=("a=b",), pictures="the default's pictures", problem="no"),
        ),
    )


def test_the_best_setting_keeps_the_pictures_and_the_fastest_need_not():
    found = trials()
    assert (found.best, found.fastest) == ("torch", "coarse")
    assert command_of(found, "torch") == "vidstyle stylize a.mp4 -o out.mp4 --style ink --set stylize.backend=torch"


def test_the_command_prints_lines_or_json(
    clip: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def tried(clip: Path, style: str, *, device: str, on_trial) -> Trials:
        for trial in trials().trials if on_trial else ():
            on_trial(trial)
        return trials()

    monkeypatch.setattr("vidstyle.trials.try_settings", tried)
    assert run(["doctor", "--benchmark", str(clip)]) == 0
    printed = capsys.readouterr().out
    assert "20.00 fps  torch" in printed
    assert "broken: no" in printed
    assert "Fastest of all:\n  vidstyle stylize a.mp4 -o out.mp4 --style ink --set motion.preset=fast" in printed
    assert run(["doctor", "--benchmark", str(clip), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["best"] == "torch"
