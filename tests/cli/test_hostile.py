"""Names, options and places that no one should be able to misuse, through the whole command."""

from pathlib import Path

import pytest

from tests.clips import make_clip
from tests.media.test_opening import HOSTILE_NAMES
from vidstyle.cli import run
from vidstyle.errors import ClipReadError, ConfigError, PluginError, TargetError


@pytest.mark.parametrize("name", [name for name in HOSTILE_NAMES if "\n" not in name])
def test_hostile_names_go_through_source_target_and_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    make_clip(tmp_path / name, frames=2, width=64, height=48, audio=())
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    arguments = ["stylize", "--strength", "0", "--device", "cpu", "--report", f"out/{name}.json", "-o", f"out/{name}"]
    assert run([*arguments, "--", name]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted([name, f"{name}.json"])
    assert run(["verify", "--against", name, "--witness", "pyav", "--", f"out/{name}"]) == 0
    assert run(["report", "--", f"out/{name}.json"]) == 0


@pytest.mark.parametrize(
    ("extra", "code", "told"),
    [
        (["--encoder", "x264 -f rawvideo"], PluginError.exit_code, "x264 -f rawvideo"),
        (["--encoder", "ffv1", "--set", "encode.options.f=rawvideo"], ConfigError.exit_code, "no option f"),
        (["--set", "encode.options.x264-params=log-level=none:bogus=/etc/passwd"], 0, ""),
        (["--max-pixels", "100"], ClipReadError.exit_code, "--max-pixels"),
        (["--max-pixels", "0"], ConfigError.exit_code, "max_pixels"),
        (["--out", "nowhere/b.mkv"], TargetError.exit_code, "nowhere"),
        (["--out", "/proc/b.mkv"], TargetError.exit_code, "/proc/b.mkv"),
        (["--out", "b.mkv/c.mkv"], TargetError.exit_code, "b.mkv"),
        (["--out", "a.mkv"], TargetError.exit_code, "source"),
        (["--out", "pipe:1"], TargetError.exit_code, "suffix"),
        (["--report", "nowhere/r.json"], TargetError.exit_code, "nowhere"),
        (["--style", "../../etc"], 65, "etc"),
    ],
)
def test_what_can_not_be_is_refused_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    extra: list[str],
    code: int,
    told: str,
):
    make_clip(tmp_path / "a.mkv", frames=2, width=64, height=48, audio=())
    monkeypatch.chdir(tmp_path)
    out = [] if "--out" in extra else ["--out", "b.mkv"]
    assert run(["stylize", "a.mkv", "--device", "cpu", "--strength", "0", *out, *extra]) == code
    lines = [line for line in capfd.readouterr().err.splitlines() if "warning" not in line and " frames, " not in line]
    if code:
        (line,) = lines
        assert told in line
        assert [path.name for path in tmp_path.iterdir()] == ["a.mkv"]
