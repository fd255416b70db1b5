import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clips import make_clip
from tests.styles import save_small_style


@pytest.fixture(autouse=True)
def heed_interrupts() -> Iterator[None]:
    """A shell starts background jobs, and so perhaps these tests, with SIGINT ignored; children would obey that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_render_cleanly_within_seconds(tmp_path: Path, number: signal.Signals, code: int):
    save_small_style(tmp_path / "small")
    source = make_clip(tmp_path / "shot.mp4", frames=400, width=320, height=180)
    command = [sys.executable, "-m", "vidstyle", "stylize", str(source), "-o", str(tmp_path / "out.mp4")]
    command += ["--style", str(tmp_path / "small"), "--device", "cpu", "--json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as render:
        assert render.stdout is not None
        assert '"progress"' in render.stdout.readline()
        render.send_signal(number)
        _, error = render.communicate(timeout=30)
    assert render.returncode == code
    assert f"stopped by {number.name}" in error
    assert "Traceback" not in error
    # A scheduler that sends SIGTERM wants to go on later; who presses Ctrl-C within the first seconds does not.
    kept = [".out.mp4.vidstyle"] if number == signal.SIGTERM else []
    assert ("--resume goes on from them" in error) == bool(kept)
    assert sorted(path.name for path in tmp_path.iterdir()) == [*kept, "shot.mp4", "small"]


@pytest.mark.slow
def test_a_kill_leaves_nothing_under_the_targets_name(tmp_path: Path):
    save_small_style(tmp_path / "small")
    source = make_clip(tmp_path / "shot.mp4", frames=400, width=320, height=180)
    command = [sys.executable, "-m", "vidstyle", "stylize", str(source), "-o", str(tmp_path / "out.mp4")]
    command += ["--style", str(tmp_path / "small"), "--device", "cpu", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as render:
        assert render.stdout is not None
        assert '"progress"' in render.stdout.readline()
        render.kill()
    time.sleep(0.1)
    assert not (tmp_path / "out.mp4").exists()
