"""Jobs for schedulers, made of a list of shots; run where their tools can be had."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle.cli import run
from vidstyle.config import load_config
from vidstyle.errors import ConfigError
from vidstyle.farm.template import FORMATS, FarmConfig, FarmJob, FarmShot, distinct_names, farm_job, write_template
from vidstyle.jobs.batch import plan_list
from vidstyle.jobs.job import BatchConfig
from vidstyle.media import probe

FRAMES = 20


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two sources, a list of two shots, and a style."""
    folder = tmp_path_factory.mktemp("the show")  # names have spaces, sometimes
    for name in "ab":
        make_clip(folder / f"{name}.mov", frames=FRAMES, width=64, height=48)
    (folder / "shots.csv").write_text("shot,source,in,out\nsc1_010,a.mov,0,19\nsc1_020,b.mov,2,9\n")
    save_small_style(folder / "small")
    return folder


def job_of(show: Path, out: Path, **config: object) -> FarmJob:
    render = load_config(flags={"style": str(show / "small"), "device": "cpu", "blend.strength": 0.5})
    plan = plan_list(show / "shots.csv", out, render, BatchConfig(handles=0, trial=False))
    return farm_job(plan, FarmConfig.model_validate({"chunk": 8, "gpus": 0, "memory": 2, "cores": 1} | config))


def test_a_job_names_every_shot_with_its_frames_and_command(show: Path, tmp_path: Path):
    job = job_of(show, tmp_path)
    first, second = job.shots
    assert (first.frames, second.frames) == (f"1001-{1000 + FRAMES}", "1001-1008")
    assert first.chunks(8) == ["1001-1006", "1007-1013", "1014-1020"]
    words = second.command("1001-1004")
    assert words[:4] == ["stylize", str(show / "b.mov"), "-o", str(second.target)]
    assert words[words.index("--frames") + 1] == "2-10"
    assert words[words.index("--style") + 1] == str(show / "small")
    assert "blend.strength=0.5" in words
    assert words[-2:] == ["--frame-range", "1001-1004"]


def test_names_that_are_too_long_stay_distinct():
    names = distinct_names(["a" * 80, "a" * 90, "b"], 20, also=[" join"])
    assert len(set(names)) == 3
    assert all(len(name + " join") <= 20 for name in names)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_names_every_chunk_or_range_and_every_joining(show: Path, tmp_path: Path, form: str):
    text = "".join(write_template(job_of(show, tmp_path), form).values())
    assert text.count("join") >= 2
    for shot in job_of(show, tmp_path).shots:
        assert shot.name in text
        assert (shot.frames in text) or all(chunk in text for chunk in shot.chunks(8))


def test_an_unknown_format_is_refused(show: Path, tmp_path: Path):
    with pytest.raises(ConfigError, match="none of openjd, opencue"):
        write_template(job_of(show, tmp_path), "cron")


def test_an_expression_in_a_name_is_refused(tmp_path: Path):
    shot = FarmShot(
        name="a", source=tmp_path / "{{Param.X}}.mov", target=tmp_path / "b.mov", first=1, last=9, settings=()
    )
    job = FarmJob(name="a", folder=tmp_path, shots=(shot,), config=FarmConfig())
    with pytest.raises(ConfigError, match="begins an expression"):
        write_template(job, "openjd")


def test_the_command_line_writes_the_files(show: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    command = ["farm", "template", str(show / "shots.csv"), "-o", str(tmp_path / "out"), "--handles", "0"]
    assert run(command) == 0
    assert "specificationVersion" in capsys.readouterr().out
    assert run([*command, "--format", "deadline"]) == 78
    assert run([*command, "--format", "deadline", "--to", str(tmp_path / "job")]) == 0
    assert (tmp_path / "job" / "submit.sh").is_file()


def vidstyle(folder: Path) -> Path:
    """A program of that name that runs this checkout."""
    program = folder / "vidstyle"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m vidstyle "$@"\n')
    program.chmod(0o755)
    return program


def bundle(job: FarmJob, folder: Path) -> list[str]:
    """Write the template, and give what its head says of the paths."""
    text = write_template(job, "openjd")["template.yaml"]
    (folder / "job.yaml").write_text(text)
    return shlex.split(text.splitlines()[0])[4:]


def openjd(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("openjd")
    if not program.is_file():
        pytest.skip("openjd is not installed: openjd-cli==0.8.0")
    return subprocess.run([program, *words], capture_output=True, text=True, cwd=folder, check=False)


def test_the_official_tool_finds_nothing_wrong_with_the_template(show: Path, tmp_path: Path):
    paths = bundle(job_of(show, tmp_path, gpus=1), tmp_path)
    checked = openjd("check", "job.yaml", "--extensions", "TASK_CHUNKING", folder=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    told = openjd("summary", "job.yaml", "--extensions", "TASK_CHUNKING", "--output", "json", *paths, folder=tmp_path)
    assert told.returncode == 0, told.stdout + told.stderr
    assert json.loads(told.stdout)["total_steps"] == 4


@pytest.mark.slow
def test_the_official_tool_runs_the_job(show: Path, tmp_path: Path):
    program = vidstyle(tmp_path)
    job = job_of(show, tmp_path / "out", executable=str(program), chunk=10)
    paths = bundle(job, tmp_path)
    done = openjd("run", "job.yaml", "--extensions", "TASK_CHUNKING", *paths, folder=tmp_path)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    for shot in job.shots:
        assert (probe(shot.target).video.frames, len(probe(shot.target).audio)) == (shot.last - shot.first + 1, 1)
    assert "openjd_progress: 100" in done.stdout
    assert len(list((tmp_path / "out").rglob("*.render.json"))) == 3 + 2
    again = openjd("run", "job.yaml", "--extensions", "TASK_CHUNKING", *paths, folder=tmp_path)
    assert again.returncode == 0
    assert again.stdout.count("finished before, nothing changed") == 3


@pytest.mark.slow
def test_the_slurm_script_runs_as_an_array_would(show: Path, tmp_path: Path):
    job = job_of(show, tmp_path / "out", executable=str(vidstyle(tmp_path)), chunk=10)
    script = tmp_path / "job.sh"
    script.write_text(write_template(job, "slurm")["job.sh"])
    last = int(re.search(r"--array=0-(\d+)", script.read_text().split("#SBATCH")[2])[1])  # type: ignore[index]
    assert last == 2
    for task in range(last + 1):
        environment = {**os.environ, "SLURM_ARRAY_TASK_ID": str(task)}
        subprocess.run(["bash", script], env=environment, check=True, capture_output=True)
    for shot in range(len(job.shots)):
        environment = {**os.environ, "SLURM_ARRAY_TASK_ID": str(shot)}
        subprocess.run(["bash", script, "join"], env=environment, check=True, capture_output=True)
    assert [probe(shot.target).video.frames for shot in job.shots] == [FRAMES, 8]


def test_scripts_for_shells_are_read_by_them(show: Path, tmp_path: Path):
    for form, file in (("slurm", "job.sh"), ("deadline", "submit.sh")):
        script = tmp_path / file
        script.write_text(write_template(job_of(show, tmp_path), form)[file])
        subprocess.run(["bash", "-n", script], check=True)
        if shellcheck := shutil.which("shellcheck"):
            subprocess.run([shellcheck, script], check=True)


def test_pyoutline_takes_the_script(show: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    text = write_template(job_of(show, tmp_path, gpus=1), "opencue")["job.py"]
    compile(text, "job.py", "exec")
    pytest.importorskip("outline", reason="opencue-pyoutline is not installed")
    (tmp_path / "job.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "job.py", "--spec"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "#FRAMESPEC#" in done.stdout
