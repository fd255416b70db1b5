"""`vidstyle batch` as it is typed: what is printed, and the codes that it ends with."""

import json
from pathlib import Path

import pytest

from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle import cli
from vidstyle.errors import DeviceError
from vidstyle.jobs import rendering


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two clips, a style and a list of three shots, entered."""
    for seed, name in enumerate(("A001", "A002")):
        make_clip(tmp_path / f"{name}.mov", frames=12, width=48, height=32, seed=seed, audio=())
    save_small_style(tmp_path / "small")
    monkeypatch.chdir(tmp_path)
    write_list(tmp_path, "010,A001.mov,2,5", "020,A002.mov,2,5", "030,A001.mov,6,8")
    return tmp_path


def write_list(folder: Path, *rows: str, head: str = "shot,source,in,out") -> None:
    (folder / "a.csv").write_text("\n".join([head, *rows]) + "\n")


def run(*arguments: str) -> int:
    """Give the exit code."""
    words = ["batch", "a.csv", "-o", "out", "--style", "small", "--device", "cpu", "--no-trial", "--handles", "1"]
    return cli.run([*words, "--stability", "0", *arguments])


def test_a_dry_run_prints_the_plan_and_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]):
    before = sorted(folder.rglob("*"))
    assert run("--dry-run") == 0
    told = capsys.readouterr().out
    assert [line.split()[2] for line in told.splitlines()[1:4]] == ["010", "020", "030"]
    assert "3 of 3 shots to render, 17 frames" in told
    assert run("--dry-run", "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["planned"] * 3 + ["plan"]
    assert lines[0]["frames"] == 6
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("dry", [True, False])
def test_all_problems_are_told_at_once_with_the_code_of_bad_input(
    folder: Path, capsys: pytest.CaptureFixture[str], dry: bool
):
    write_list(folder, "010,A001.mov,2,5", "010,A002.mov,2,5", "030,A003.mov,1,2", "040,A001.mov,6,800")
    assert run(*["--dry-run"][:dry]) == 65
    told = capsys.readouterr().err
    assert all(text in told for text in ("be called '010'", "no source found for A003.mov", "holds 12 frames"))
    assert not list((folder / "out").rglob("*.mov"))


@pytest.mark.parametrize(("column", "cell"), [("strength", "loud"), ("strength", "7"), ("blend.nothing", "1")])
def test_a_setting_that_is_not_understood_is_a_problem_of_its_shot(
    folder: Path, capsys: pytest.CaptureFixture[str], column: str, cell: str
):
    write_list(folder, f"010,A001.mov,2,5,{cell}", head=f"shot,source,in,out,{column}")
    assert run("--dry-run") == 65
    assert "row 2 (010): " in capsys.readouterr().err


def test_a_run_in_json_lines_and_what_it_leaves(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run("--json", "--only", "0[12]0", "--no-review") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines if line["event"] != "progress"] == [
        "planned", "planned", "plan", "done", "done", "finished",
    ]  # fmt: skip
    progress = [line for line in lines if line["event"] == "progress"]
    assert {line["shot"] for line in progress} == {"010", "020"}
    assert progress[-1]["frames"] == progress[-1]["total"] == 6
    written = [Path(line["target"]) for line in lines if line["event"] == "done"]
    assert all(path.is_file() and path.with_suffix(".json").is_file() for path in written)
    assert not (folder / "out" / "review").exists()


def test_a_shot_that_fails_leaves_code_1_and_the_others(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    honest = rendering.render_shot

    def failing(shot, *arguments, **options):
        if shot.name == "020":
            raise DeviceError("the device is gone", device="cpu")
        return honest(shot, *arguments, **options)

    monkeypatch.setattr(rendering, "render_shot", failing)
    assert run("--no-review") == 1
    told = capsys.readouterr().err
    assert "020 failed: the device is gone" in told
    assert "1 of 3 shots failed" in told
    monkeypatch.setattr(rendering, "render_shot", honest)
    assert run("--no-review") == 0
    assert "010: skipped, finished, nothing changed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--scene-by", "moon"), 78), (("--only", "x"), 78), (("--name", "{shot}.{nothing}"), 78),
        (("--source-root", "nowhere"), 66), (("--jobs", "0"), 2),
    ],
)  # fmt: skip
def test_wrong_arguments_end_with_their_codes(folder: Path, arguments: tuple[str, ...], code: int):
    assert run("--dry-run", *arguments) == code


def test_figures_for_prometheus_are_kept_in_a_file(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run("--only", "010", "--metrics", "a.prom") == 0
    figures = (folder / "a.prom").read_text()
    assert 'vidstyle_shots{batch="a",status="done"} 1' in figures
    assert 'vidstyle_frames_total{batch="a"} 6' in figures
    assert run("--metrics", "gone/a.prom") == 73
    assert run("--metrics-push", "gateway:9091") == 78
