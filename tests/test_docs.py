"""What the documents show must run."""

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from tests.clips import make_clip
from vidstyle.cli import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(language: str) -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for number, text in enumerate(re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.M | re.S)):
            found.append((f"{page.name}-{number}", text))
    return found


def command_lines() -> list[str]:
    lines = [line.split(" #")[0].strip() for _, text in blocks("sh") for line in text.splitlines()]
    return sorted({line for line in lines if line.startswith("vidstyle ")})


def test_there_is_something_to_check():
    assert blocks("python")
    assert len(command_lines()) >= 5


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in blocks("python")])
def test_each_python_example_runs(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    make_clip(tmp_path / "shot.mp4", frames=6, width=64, height=48)
    monkeypatch.chdir(tmp_path)
    exec(compile(text, "example", "exec"), {})


@pytest.mark.parametrize("line", command_lines())
def test_each_command_line_is_one_that_would_run(line: str):
    command = typer.main.get_command(app)
    words = shlex.split(line)[1:]
    while words and hasattr(command, "commands") and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    if default := getattr(command, "default", ""):
        command = command.commands[default]
    if {"--help", "-h"} & set(words):
        return
    command.make_context(command.name, words)  # raises where something is unknown, missing or too much
