import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
import torch

from tests.styles import save_small_style
from vidstyle import demo
from vidstyle.cli import run
from vidstyle.demo import run_demo, scene
from vidstyle.errors import StyleError, TargetError
from vidstyle.media import ClipReader, probe
from vidstyle.progress import Progress

FILES = ["contact-sheet.jpg", "side-by-side.mp4", "small.mp4", "source.mp4"]


def short_shot() -> Iterator[torch.Tensor]:
    picture = torch.rand(3, 48, 64, generator=torch.Generator().manual_seed(1))
    for number in range(6):
        yield picture.roll(2 * number, dims=2)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    save_small_style(tmp_path / "models" / "small")
    monkeypatch.setenv("VIDSTYLE_MODELS", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(scene, "paint", short_shot)
    monkeypatch.setattr(scene, "FRAMES", 6)
    monkeypatch.setattr(scene, "CUT", 3)
    monkeypatch.setattr(scene, "SECONDS", Fraction(6, 24))
    monkeypatch.setattr(demo, "SHEET_TIMES", (0.05, 0.2))
    return tmp_path


def test_it_leaves_four_files_and_tells_where(place: Path):
    heard: list[Progress] = []
    steps: list[str] = []
    result = run_demo(place / "made", style="small", on_progress=heard.append, on_step=steps.append)
    assert sorted(path.name for path in (place / "made").iterdir()) == FILES
    assert {result.source, *result.stylized, result.together, result.contact_sheet} == {
        place / "made" / name for name in FILES
    }
    (report,) = result.reports
    assert (report.source, (report.target,)) == (result.source, result.stylized)
    assert report.written == report.decoded == heard[-1].frames == 6
    assert report.fps > 0
    assert len(steps) == 3
    assert probe(result.together).video.width == 64 + 4 + 64
    for path in (result.source, *result.stylized, result.together):
        assert len(probe(path).audio) == 1
        with ClipReader(path) as reader:
            assert sum(len(batch) for batch in reader.frames()) == 6


def test_earlier_results_are_refused_before_anything_is_painted(place: Path, monkeypatch: pytest.MonkeyPatch):
    (place / "made").mkdir()
    (place / "made" / "side-by-side.mp4").write_text("mine")
    monkeypatch.setattr(scene, "paint", None)
    with pytest.raises(TargetError, match=r"side-by-side\.mp4 is there already"):
        run_demo(place / "made", style="small")
    assert (place / "made" / "side-by-side.mp4").read_text() == "mine"


def test_earlier_results_are_replaced_when_asked(place: Path):
    run_demo(place / "made", style="small")
    before = (place / "made" / "source.mp4").stat().st_ino
    run_demo(place / "made", style="small", overwrite=True)
    assert (place / "made" / "source.mp4").stat().st_ino != before


def test_a_failure_half_way_leaves_no_file(place: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise RuntimeError("no comparison today")

    monkeypatch.setattr(demo, "contact_sheet", fail)
    with pytest.raises(RuntimeError, match="no comparison"):
        run_demo(place / "made", style="small")
    assert list((place / "made").iterdir()) == []


def test_an_unknown_style_is_told_at_once(place: Path):
    with pytest.raises(StyleError, match="small"):
        run_demo(place / "made", style="smal")
    assert not (place / "made").exists()


def test_a_folder_that_is_a_file_is_a_target_error(place: Path):
    (place / "made").write_text("a file")
    with pytest.raises(TargetError, match="made"):
        run_demo(place / "made", style="small")


def test_a_style_called_source_does_not_overwrite_the_source(place: Path):
    save_small_style(place / "models" / "source", name="source")
    result = run_demo(place / "made", style="source")
    (stylized,) = result.stylized
    assert stylized.name == "source-style.mp4"
    assert result.source.read_bytes() != stylized.read_bytes()


def test_all_styles_come_together_in_a_grid(place: Path, monkeypatch: pytest.MonkeyPatch):
    save_small_style(place / "models" / "other", name="other", seed=3)
    monkeypatch.setattr(demo, "drawing_styles", lambda: {n: place / "models" / n for n in ("small", "other")})
    result = run_demo(place / "made", style="all")
    made = sorted(path.name for path in (place / "made").iterdir())
    assert made == ["contact-sheet.jpg", "grid.mp4", "other.mp4", "small.mp4", "source.mp4"]
    assert [report.target for report in result.reports] == [place / "made" / n for n in ("small.mp4", "other.mp4")]
    video = probe(result.together).video
    assert (video.width, video.height) == (2 * 32, 2 * (24 + 40))


def test_the_command_prints_the_paths_the_speed_and_the_next_step(place: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["demo", "--style", "small"]) == 0
    said = capsys.readouterr().out
    assert all(str(Path("vidstyle-demo") / name) in said for name in FILES)
    assert "fps" in said
    assert "Next: vidstyle stylize" in said
    assert run(["demo", "--style", "small"]) == 73
    assert "--overwrite" in capsys.readouterr().err


def test_the_command_speaks_json_lines(place: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["demo", "--style", "small", "--out", "made", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1]["event"] == "result"
    assert lines[-1]["demo"]["stylized"] == ["made/small.mp4"]
    assert lines[-1]["demo"]["reports"][0]["written"] == 6
