"""The stages run in threads of their own: whatever fails in one ends all, cleanly and with its type."""

import threading
from pathlib import Path

import pytest
import torch

import vidstyle.stages.motion as motion_room
import vidstyle.stages.stylize as stylize_room
from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle import Shot, Span, load_config, render_shot
from vidstyle.errors import DeviceError
from vidstyle.media import Work, WorkConfig
from vidstyle.stages.past import Past
from vidstyle.stages.rolling import Roll


@pytest.fixture
def shot(tmp_path: Path) -> Shot:
    save_small_style(tmp_path / "small")
    return Shot(make_clip(tmp_path / "a.mp4", frames=8, width=64, height=48, audio=()))


def threads() -> list[str]:
    return sorted(each.name for each in threading.enumerate() if each.name.startswith("vidstyle"))


def render(shot: Shot, **given) -> None:
    folder = shot.source.parent
    render_shot(shot, folder / "b.mkv", load_config(flags={"style": str(folder / "small"), "device": "cpu"}), **given)


@pytest.mark.parametrize(("room", "function"), [(stylize_room, "paint"), (motion_room, "_flow")])
def test_an_error_in_a_stage_reaches_the_caller_and_nothing_goes_on(
    shot: Shot, monkeypatch: pytest.MonkeyPatch, room, function: str
):
    real, calls = getattr(room, function), []

    def failing(*arguments):
        calls.append(threading.current_thread().name)
        if len(calls) == 4:
            raise DeviceError("the device fell over", device="cpu")
        return real(*arguments)

    monkeypatch.setattr(room, function, failing)
    with pytest.raises(DeviceError, match="fell over"):
        render(shot)
    assert set(calls[1:]) == {"vidstyle-prefetch"}  # the first frame may be asked for by the caller
    assert threads() == []
    assert sorted(path.name for path in shot.source.parent.iterdir()) == ["a.mp4", "small"]


def test_a_caller_that_stops_ends_all_threads(shot: Shot):
    class StoppedError(Exception):
        pass

    def stop(progress) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        render(shot, on_progress=stop)
    assert threads() == []


def test_a_point_knows_no_cut_of_frames_that_are_not_finished(tmp_path: Path):
    work = Work(tmp_path / "b.mkv", {}, WorkConfig(), resume=False, overwrite=False)
    past = Past(Roll.of(Shot(Path("a.mp4"), Span(10, 50))), work, torch.device("cpu"), whole_shots=False)
    past.cuts += [12, 20, 31]  # found by motion, which runs ahead
    point = past.point(10)
    assert point is not None
    assert point.cuts == (12,)
