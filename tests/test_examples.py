"""Every example runs, as a visitor would run it, on a tiny clip."""

import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle import stylize_clip
from vidstyle.media import probe

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    save_small_style(tmp_path / "models" / "ink", name="ink")
    monkeypatch.setenv("VIDSTYLE_MODELS", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)
    make_clip(tmp_path / "shot.mp4")
    return tmp_path


def start(monkeypatch: pytest.MonkeyPatch, name: str, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")


def test_stylize_clip(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    start(monkeypatch, "stylize_clip.py", "shot.mp4", "ink.mp4")
    assert "ink.mp4: 12 of 12 frames" in capsys.readouterr().out
    assert probe(folder / "ink.mp4").video.frames == 12


def test_stylize_clip_tells_a_failure_in_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(SystemExit, match=r"ClipMissingError: .*absent\.mp4"):
        start(monkeypatch, "stylize_clip.py", "absent.mp4", "ink.mp4")


def test_strength_and_stability(folder: Path, monkeypatch: pytest.MonkeyPatch):
    start(monkeypatch, "strength_and_stability.py", "shot.mp4", "variants")
    made = sorted(path.name for path in (folder / "variants").iterdir())
    assert made == [f"strength-{one}-stability-{two}.mp4" for one in ("0.5", "1.0") for two in ("0.0", "0.9")]
    assert len({path.read_bytes() for path in (folder / "variants").iterdir()}) == 4


@pytest.mark.parametrize(("width", "height"), [(40, 24), (37, 21)])
def test_stylize_picture(folder: Path, monkeypatch: pytest.MonkeyPatch, width: int, height: int):
    photo = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    cv2.imwrite(str(folder / "photo.png"), photo)
    start(monkeypatch, "stylize_picture.py", "photo.png", "drawing.png")
    drawing = cv2.imread(str(folder / "drawing.png"))
    assert drawing.shape == photo.shape
    assert np.abs(drawing.astype(int) - photo).mean() > 5


def test_read_report(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    report = stylize_clip("shot.mp4", "ink.mp4")
    (folder / "report.json").write_text(report.model_dump_json())
    start(monkeypatch, "read_report.py", "report.json")
    said = capsys.readouterr().out
    assert "12 read, 12 written" in said
    assert report.frame_hash in said
    assert "copied bit for bit" in said


def test_every_example_is_tested():
    tested = Path(__file__).read_text()
    assert all(f'"{path.name}"' in tested for path in EXAMPLES.glob("*.py"))


@pytest.mark.slow
def test_paint_footage(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    start(monkeypatch, "paint_footage.py", "footage")
    assert "20 pictures and shot.mp4" in capsys.readouterr().out
    assert len({path.read_bytes() for path in (folder / "footage").glob("*.png")}) == 20
    assert probe(folder / "footage" / "shot.mp4").video.frames == 24


def test_find_palette(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    (folder / "prints").mkdir()
    for place, (red, green, blue) in enumerate([(187, 77, 58), (38, 53, 122), (187, 77, 58)]):
        cv2.imwrite(str(folder / "prints" / f"{place}.png"), np.full((24, 32, 3), (blue, green, red), np.uint8))
    start(monkeypatch, "find_palette.py", "prints", "--colours", "2")
    assert capsys.readouterr().out.splitlines() == ["#bb4d3a  0.667", "#26357a  0.333"]


def test_find_palette_without_pictures_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / "empty").mkdir()
    with pytest.raises(SystemExit, match="no picture found in empty"):
        start(monkeypatch, "find_palette.py", "empty")
