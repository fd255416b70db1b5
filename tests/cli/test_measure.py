import json
from pathlib import Path
from typing import Any

import pytest

from tests.clips import make_clip
from vidstyle.cli import run

ALIKE = {"frames": 14, "audio": ()}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    make_clip(folder / "shot.mp4", **ALIKE, options={"crf": "6"})
    make_clip(folder / "rough.mp4", **ALIKE, options={"crf": "38"})
    make_clip(folder / "soft.mp4", **ALIKE, options={"crf": "46"})
    make_clip(folder / "small.mp4", **ALIKE, width=64)
    make_clip(folder / "short.mp4", frames=9, audio=())
    make_clip(folder / "quick.mp4", **ALIKE, rate=50)
    make_clip(folder / "part.mp4", frames=6, audio=())
    (folder / "text.mp4").write_text("no clip")
    return folder


@pytest.fixture
def folder(clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for clip in clips.iterdir():
        (tmp_path / clip.name).symlink_to(clip)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def test_figures_on_stdout_in_json_and_on_a_page(folder: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["measure", "shot.mp4", "rough.mp4", "--reference", "shot.mp4", "--json", "r.json", "--html", "r.html"]
    assert run(arguments) == 0
    told = capsys.readouterr()
    assert "E_warp, neighbours" in told.out
    assert "MS-SSIM" in told.out
    assert "14/14 frames" in told.err
    made = report(folder / "r.json")
    assert made["measures"]["frames"] == len(made["measures"]["curve"]) == 14
    assert made["inputs"]["reference"] == "shot.mp4"
    assert made["settings"]["motion"]["scale"] == 1.0
    assert made["versions"]["opencv"]
    assert (folder / "r.html").read_text().startswith("<!DOCTYPE html>")
    assert not [path for path in folder.iterdir() if path.name.endswith(".part")]


def test_a_failed_gate_has_its_own_exit_code_and_the_figures_are_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    bounds = ["--max-warp-ratio", "1e-9", "--min-sharpness", "9", "--max-drift", "200"]
    arguments = ["measure", "shot.mp4", "soft.mp4", "--reference", "shot.mp4", "--json", "r.json", *bounds]
    assert run(arguments) == 79
    told = capsys.readouterr()
    assert "E_warp, neighbours" in told.out
    assert "--max-drift passed" in told.out
    failures = [line for line in told.err.splitlines() if "failed" in line]
    assert len(failures) == 2
    assert all(line.startswith("vidstyle: gate --m") for line in failures)
    assert [gate["passed"] for gate in report(folder / "r.json")["gates"]] == [False, False, True]


def test_gates_that_pass_end_with_0(folder: Path):
    bounds = ["--max-warp-ratio", "1.01", "--min-sharpness", "0.99", "--max-drift", "0.1"]
    assert run(["measure", "shot.mp4", "shot.mp4", "--reference", "shot.mp4", *bounds]) == 0


def test_json_lines_on_stdout(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["measure", "shot.mp4", "rough.mp4", "--json", "-", "--max-warp-ratio", "1e-9"]) == 79
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["progress", *["progress"] * (len(lines) - 3), "result", "error"]
    assert (lines[-1]["error"], lines[-1]["exit_code"]) == ("GateError", 79)
    assert not (folder / "-").exists()


def test_an_error_beside_a_json_file_leaves_stdout_alone(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["measure", "shot.mp4", "absent.mp4", "--json", "r.json"]) == 66
    assert capsys.readouterr().out == ""
    assert not (folder / "r.json").exists()


def test_a_part_is_held_against_its_own_frames(folder: Path):
    assert run(["measure", "shot.mp4", "rough.mp4", "--frames", "4-10", "--json", "same.json"]) == 0
    curve = report(folder / "same.json")["measures"]["curve"]
    assert [frame["number"] for frame in curve] == [4, 5, 6, 7, 8, 9]
    arguments = ["--frames", "5-11", "--result-start", "5", "--json", "part.json"]
    assert run(["measure", "shot.mp4", "part.mp4", *arguments]) == 0
    assert [frame["number"] for frame in report(folder / "part.json")["measures"]["curve"]] == [5, 6, 7, 8, 9, 10]


def test_other_settings_reach_the_estimator(folder: Path):
    changes = ["--scale", "0.5", "--set", "motion.preset=fast", "--distance", "4", "--every", "3"]
    assert run(["measure", "shot.mp4", "rough.mp4", "--json", "r.json", "--estimator", "dis", *changes]) == 0
    made = report(folder / "r.json")
    assert made["settings"]["motion"]["scale"] == 0.5
    assert made["settings"]["motion"]["preset"] == "fast"
    assert (made["measures"]["long"]["distance"], made["measures"]["long"]["pairs"]) == (4, 4)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["absent.mp4", "shot.mp4"], 66, "absent.mp4"),
        (["shot.mp4", "text.mp4"], 65, "text.mp4"),
        (["shot.mp4", "small.mp4"], 65, "small.mp4 is 64x64, but shot.mp4 is 96x64"),
        (["shot.mp4", "short.mp4"], 65, "the result ends after 9 frames"),
        (["short.mp4", "shot.mp4"], 65, "the source ends after 9 frames"),
        (["shot.mp4", "quick.mp4"], 65, "one frame rate"),
        (["shot.mp4", "shot.mp4", "--json", "nowhere/r.json"], 73, "nowhere"),
        (["shot.mp4", "shot.mp4", "--html", "nowhere/r.html"], 73, "nowhere"),
        (["shot.mp4", "shot.mp4", "--html", "text.mp4"], 73, "--overwrite"),
        (["shot.mp4", "shot.mp4", "--json", "shot.mp4", "--overwrite"], 73, "this very job"),
        (["shot.mp4", "shot.mp4", "--json", "r", "--html", "r"], 73, "this very job"),
        (["shot.mp4", "shot.mp4", "--min-sharpness", "0.9"], 78, "needs --reference"),
        (["shot.mp4", "shot.mp4", "--max-warp-ratio", "nan"], 78, "max_warp_ratio"),
        (["shot.mp4", "shot.mp4", "--features", "text.mp4"], 78, "needs --reference"),
        (["shot.mp4", "shot.mp4", "--reference", "shot.mp4", "--features", "text.mp4"], 78, "can't be read"),
        (["shot.mp4", "shot.mp4", "--truth", "."], 78, "no .flo"),
        (["shot.mp4", "shot.mp4", "--occlusions", "."], 78, "needs --truth"),
        (["shot.mp4", "shot.mp4", "--estimator", "dsi"], 78, "dis"),
        (["shot.mp4", "shot.mp4", "--set", "motion.scal=1"], 78, "motion.scale"),
        (["shot.mp4", "shot.mp4", "--frames", "2-9", "--result-start", "4"], 78, "--frames 4-"),
        (["shot.mp4", "shot.mp4", "--distance", "1"], 78, "distance"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
):
    assert run(["measure", *arguments]) == code
    said = [line for line in capsys.readouterr().err.splitlines() if " left" not in line]
    assert len(said) == 1
    assert words in said[0]


def test_a_real_clip_is_measured_and_passes_against_itself(real_clips: Path, folder: Path):
    clip = str(real_clips / "decord_pancake.mkv")
    arguments = ["--frames", "0-12", "--json", "r.json", "--html", "r.html", "--max-warp-ratio", "1"]
    assert run(["measure", clip, clip, "--reference", clip, *arguments]) == 0
    measures = report(folder / "r.json")["measures"]
    assert 0 < measures["short"]["result"] < 0.01
    assert measures["sharpness"] == measures["similarity"] == pytest.approx(1, abs=1e-6)
