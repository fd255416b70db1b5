"""The command line as a farm's task."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle.cli import run
from vidstyle.cli.train import _say_to_scheduler
from vidstyle.media import probe
from vidstyle.training.journal import Progress


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "a.mov", frames=12, width=64, height=48)


def stylize(source: Path, out: Path, *more: str) -> int:
    return run(["stylize", str(source), "-o", str(out), "--device", "cpu", "--strength", "0", *more])


def test_chunks_are_joined_with_the_sound(tmp_path: Path, source: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "b.mov"
    assert stylize(source, out, "--frame-range", "1001-1006") == 0
    assert stylize(source, out, "--frame-range", "1007-1020") == 0
    assert "8 frames of 1007-1020 are not there" in capsys.readouterr().err
    assert stylize(source, out, "--frame-range", "1001-1006") == 0
    assert "b.1001-1006.mov: finished before" in capsys.readouterr().out
    assert run(["join", "-o", str(out)]) == 0
    assert (probe(out).video.frames, len(probe(out).audio)) == (12, 1)
    (tmp_path / "b.1001-1006.mov").unlink()
    assert run(["join", "-o", str(tmp_path / "c.mov"), str(tmp_path / "b.1007-1012.mov"), "--json"]) == 65


def test_numbers_begin_where_they_are_told_to(tmp_path: Path, source: Path):
    assert stylize(source, tmp_path / "b.####.png", "--frame-range", "1-10x5", "--start-number", "1") == 0
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["b.0001.png", "b.0006.png"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--frame-range", "1-5"], 78),
        (["--frame-range", "1001-1003", "--chunk", "1/2"], 78),
        (["--chunk", "1/13"], 78),
        (["--chunk", "1/2", "--embed-report"], 78),
        (["--progress", "loud"], 78),
    ],
    ids=str,
)
def test_what_can_not_be_meant_is_never_retried(tmp_path: Path, source: Path, options: list[str], code: int):
    assert stylize(source, tmp_path / "b.mov", *options) == code
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_is_held_is_to_be_tried_again(tmp_path: Path, source: Path):
    with socket.socket(), open_lock(tmp_path / "b.mov"):
        assert stylize(source, tmp_path / "b.mov") == 75


def open_lock(target: Path):
    from vidstyle.media.lock import TargetLock  # noqa: PLC0415

    return TargetLock(target)


def test_log_lines_are_objects_with_time_place_and_shot(
    tmp_path: Path, source: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CUE_JOB", "show-shot-user_job")
    monkeypatch.setenv("CUE_FRAME", "0001-stylize")
    assert stylize(source, tmp_path / "b.mov", "--log-format", "json", "--progress", "none") == 0
    assert stylize(source, tmp_path / "b.mov", "--log-format=json") == 73
    last = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (last["level"], last["exit_code"], last["error"]) == ("error", 73, "TargetError")
    assert (last["job"], last["task"], last["host"]) == ("show-shot-user_job", "0001-stylize", socket.gethostname())
    assert last["time"].endswith("+00:00")
    assert run(["doctor", "--log-format", "loud"]) == 2


def test_open_job_description_hears_progress_and_failure(
    tmp_path: Path, source: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OPENJD_SESSION_WORKING_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert stylize(source, Path("openjd_env: a.mov")) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2] == "openjd_progress: 100"
    assert lines[-1].startswith(" openjd_env")
    assert stylize(source, Path("openjd_env: a.mov")) == 73
    assert "openjd_fail: openjd_env: a.mov exists already" in capsys.readouterr().out


def test_a_training_tells_a_scheduler_its_steps(capsys: pytest.CaptureFixture[str]):
    say = _say_to_scheduler("afanasy", "ink")
    for step in (0, 50, 100):
        say(Progress(step, 100, minutes=1.0, remaining=None, losses={}))
    assert capsys.readouterr().out.splitlines() == ["PROGRESS: 0%", "PROGRESS: 50%", "PROGRESS: 100%"]


def test_sources_may_be_read_only_and_homeless(tmp_path: Path, source: Path):
    """As a farm runs it: sources that can't be written beside, no home, a folder of its own for what is temporary."""
    mount, out, scratch = tmp_path / "mount", tmp_path / "out", tmp_path / "scratch"
    for folder in (mount, out, scratch):
        folder.mkdir()
    (mount / "a.mov").write_bytes(source.read_bytes())
    mount.chmod(stat.S_IRUSR | stat.S_IXUSR)
    before = (mount / "a.mov").stat()
    environment = {**os.environ, "HOME": "/nonexistent", "TMPDIR": str(scratch), "XDG_CACHE_HOME": "/nonexistent"}
    code = (
        f"import os; os.listdir({str(mount)!r}); from vidstyle.cli import run; import sys; sys.exit(run(sys.argv[1:]))"
    )
    command = ["stylize", str(mount / "a.mov"), "-o", str(out / "b.mov"), "--strength", "0", "--device", "cpu"]
    done = subprocess.run([sys.executable, "-c", code, *command], env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    mount.chmod(stat.S_IRWXU)
    assert sorted(path.name for path in mount.iterdir()) == ["a.mov"]
    assert (mount / "a.mov").stat().st_mtime_ns == before.st_mtime_ns
    assert sorted(path.name for path in out.iterdir()) == ["b.mov"]
    assert list(scratch.iterdir()) == []


_WITHOUT_NETWORK = """
import socket, sys
def refuse(*_args, **_more):
    raise AssertionError("the network was asked for")
socket.socket.connect = socket.socket.connect_ex = socket.create_connection = socket.getaddrinfo = refuse
from vidstyle.cli import run
from vidstyle.cli.train import _say_to_scheduler
sys.exit(run(sys.argv[1:]))
"""


def test_nothing_is_asked_of_a_network(tmp_path: Path, source: Path):
    save_small_style(tmp_path / "small")
    command = ["stylize", str(source), "-o", str(tmp_path / "b.mov"), "--style", str(tmp_path / "small")]
    command += ["--device", "cpu", "--chunk", "1/2"]
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_NETWORK, *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_task_that_is_pre_empted_goes_on_where_it_was(tmp_path: Path):
    save_small_style(tmp_path / "small")
    source = make_clip(tmp_path / "shot.mp4", frames=120, width=160, height=96)
    command = [sys.executable, "-m", "vidstyle", "stylize", str(source), "-o", str(tmp_path / "out.mp4")]
    command += ["--style", str(tmp_path / "small"), "--device", "cpu", "--json", "--skip-finished"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as render:
        assert render.stdout is not None
        assert '"progress"' in render.stdout.readline()
        render.send_signal(signal.SIGTERM)
        _, error = render.communicate(timeout=60)
    assert (render.returncode, "finished frames are kept" in error) == (143, True)
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    report = json.loads(again.stdout.splitlines()[-1])["report"]
    assert (report["written"], report["resumed"] > 0) == (120, True)
