import json
import subprocess
import sys
from pathlib import Path

import pytest

import vidstyle
from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle.cli import run
from vidstyle.media import probe


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    save_small_style(tmp_path / "models" / "small")
    make_clip(tmp_path / "shot.mp4")
    monkeypatch.setenv("VIDSTYLE_MODELS", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_stylize_writes_the_clip_and_the_report(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["stylize", "shot.mp4", "-o", "out.mp4", "--style", "small", "--report", "report.json"]) == 0
    report = json.loads((folder / "report.json").read_text())
    assert report["written"] == report["decoded"] == 12
    assert report["style"] == "small"
    assert "12 frames" in capsys.readouterr().out
    assert sorted(path.name for path in folder.iterdir()) == ["models", "out.mp4", "report.json", "shot.mp4"]


def test_json_lines_tell_progress_and_result(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["stylize", "shot.mp4", "-o", "out.mp4", "--style", "small", "--frames", "2-8", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["event"] == "progress"
    assert lines[-1]["event"] == "result"
    assert lines[-1]["report"]["written"] == 6
    assert lines[-2]["frames"] == 6


def test_timecodes_say_where_the_span_begins_and_ends(folder: Path, capsys: pytest.CaptureFixture[str]):
    make_clip(folder / "reel.mov", timecode="01:00:09:20")
    flags = ["--in", "01:00:10:00", "--out", "01:00:10:05", "--style", "small", "--json"]
    assert run(["stylize", "reel.mov", "-o", "out.mov", *flags]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])["report"]
    assert (report["span"], report["written"]) == ("5-10", 5)
    assert probe(folder / "out.mov").video.timecode == "01:00:10:00"


def test_holds_cuts_and_the_debug_video_reach_the_render(folder: Path, capsys: pytest.CaptureFixture[str]):
    flags = ["--hold", "2", "--cuts", "3,7", "--debug-video", "debug.mp4", "--frames", "2-8", "--json"]
    assert run(["stylize", "shot.mp4", "-o", "out.mp4", "--style", "small", *flags]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])["report"]
    assert report["cuts"] == [3, 7]
    assert report["settings"]["stylize"]["hold"] == 2
    assert (folder / "debug.mp4").stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["stylize", "absent.mp4", "-o", "out.mp4"], 66, "absent.mp4"),
        (["stylize", "shot.mp4", "-o", "shot.mp4", "--overwrite"], 73, "shot.mp4"),
        (["stylize", "shot.mp4", "-o", "nowhere/out.mp4"], 73, "nowhere"),
        (["stylize", "shot.mp4", "-o", "out.xyz"], 73, "xyz"),
        (["stylize", "shot.mp4", "-o", "out.mp4", "--style", "smal"], 65, "small"),
        (["stylize", "shot.mp4", "-o", "out.mp4", "--strength", "2"], 78, "strength"),
        (["stylize", "shot.mp4", "-o", "out.mp4", "--frames", "9-3"], 78, "A-B"),
        (["stylize", "shot.mp4", "-o", "out.mp4", "--cuts", "12,-3"], 78, "12,40"),
        (["stylize", "shot.mp4", "-o", "out.mp4", "--hold", "0"], 78, "stylize.hold"),
        (["stylize", "shot.mp4", "-o", "out.mp4", "--debug-video", "out.mp4"], 73, "debug video"),
        (["stylize", "shot.mp4", "-o", "out.mp4", "--encoder", "x624"], 78, "did you mean"),
        (["stylize", "shot.mp4", "-o", "out.mp4", "--set", "blend.strenght=1"], 78, "blend.strength"),
        (["stylize", "shot.mp4", "-o", "out.mp4", "--device", "cuda:99"], 75, "cuda:99"),
        (["stylize", "shot.mp4", "-o", "out.mp4", "--report", "nowhere/r.json"], 73, "nowhere"),
        (["stylize", "shot.mp4"], 2, "--out"),
        (["stylize", "shot.mp4", "-o", "a.mp4", "-o", "b.mp4"], 2, "--out"),
        (["stylize", "shot.mp4", "-o", "out.mp4", "--in", "1:2"], 78, "HH:MM:SS:FF"),
        (["stylize", "shot.mp4", "-o", "out.mp4", "--in", "00:00:00:01", "--frames", "0-2"], 78, "choose one"),
        (["stilyze"], 2, "stilyze"),
        (["styles", "show", "smal"], 65, "small"),
        (["probe", "models"], 65, "models"),
    ],
)
def test_a_mistake_gets_one_clear_line_and_its_code(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
):
    if arguments[0] == "stylize" and "--style" not in arguments:
        arguments = [*arguments, "--style", "small"]
    before = sorted(folder.iterdir())
    assert run(arguments) == code
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error
    if code != 2:
        assert error.count("\n") == 1
    assert sorted(folder.iterdir()) == before


def test_a_mistake_is_a_json_line_too(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["stylize", "absent.mp4", "-o", "out.mp4", "--style", "small", "--json"]) == 66
    line = json.loads(capsys.readouterr().out)
    assert (line["event"], line["error"], line["exit_code"]) == ("error", "ClipMissingError", 66)


def test_probe_tells_picture_and_sound(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["probe", "shot.mp4"]) == 0
    told = capsys.readouterr().out
    assert "h264" in told
    assert "96x64" in told
    assert "aac" in told
    assert run(["probe", "shot.mp4", "--json"]) == 0
    info = json.loads(capsys.readouterr().out)
    assert (info["video"]["width"], info["video"]["height"]) == (96, 64)


def test_styles_lists_and_shows(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["styles"]) == 0
    assert "small" in capsys.readouterr().out
    assert run(["styles", "list", "--json"]) == 0
    assert "small" in {card["name"] for card in json.loads(capsys.readouterr().out)}
    assert run(["styles", "show", "small"]) == 0
    said = capsys.readouterr().out
    assert "(checked)" in said
    assert "adjustable" not in said
    save_small_style(folder / "dial", name="dial", network="adjustable-resnet", adjustable=True)
    assert run(["styles", "show", str(folder / "dial")]) == 0
    assert "drawn by the network itself" in capsys.readouterr().out


def test_version_and_help(capsys: pytest.CaptureFixture[str]):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.strip() == vidstyle.__version__
    assert run(["--help"]) == 0
    assert "stylize" in capsys.readouterr().out


def test_help_does_not_wait_for_torch():
    code = "import sys; from vidstyle.cli import run; run(['--help']); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_every_exported_name_is_there_and_sorted():
    assert list(vidstyle.__all__) == sorted(vidstyle.__all__)
    assert all(getattr(vidstyle, name) is not None for name in vidstyle.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = vidstyle.nonsense
