"""docs/training.md from a folder of pictures to a stylized clip: every command of it, as it stands there."""

import re
import runpy
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from vidstyle.cli import run
from vidstyle.measure.distributions import sliced_wasserstein
from vidstyle.media import ClipReader, probe
from vidstyle.networks import load_style
from vidstyle.training import load_recipe
from vidstyle.training.journal import read_log
from vidstyle.training.sheet import render
from vidstyle.training.trainer import Trainer

ROOT = Path(__file__).parents[2]
CHAPTER = (ROOT / "docs" / "training.md").read_text(encoding="utf-8").split("\n## ")[1]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", CHAPTER, re.M | re.S)


def test_the_page_shows_the_recipe_that_is_shipped() -> None:
    assert blocks("toml") == [(ROOT / "models" / "recipes" / "first.toml").read_text(encoding="utf-8")]


@pytest.mark.slow
def test_the_tutorial_ends_with_a_style_that_was_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "first.toml").write_text(blocks("toml")[0], encoding="utf-8")
    for line in "".join(blocks("sh")).splitlines():
        program, *words = shlex.split(line)
        if program == "python":
            monkeypatch.setattr(sys, "argv", words)
            runpy.run_path(str(ROOT / words[0]), run_name="__main__")
        else:
            assert program == "vidstyle"
            assert run(words) == 0, line
    losses = read_log(tmp_path / "runs" / "first" / "log.csv")["l1"]
    assert losses[-1][1] < 0.8 * losses[0][1]
    learned_enough(tmp_path)
    assert (tmp_path / "runs" / "first" / "page.html").is_file()
    assert probe(tmp_path / "inked.mp4").video.frames == 24
    source, inked, rising = (frames(tmp_path / name) for name in ("footage/shot.mp4", "inked.mp4", "rising.mp4"))
    apart = (rising - source).abs().mean((1, 2, 3))
    assert apart[0] < 0.01  # what the encoder costs
    assert apart[0] < apart[8] < apart[16] < apart[23]
    assert (rising[23] - inked[23]).abs().mean() < 0.5 * apart[23]


def learned_enough(folder: Path) -> None:
    """The held-out drawings are much nearer to the teacher's, pixel by pixel and in their look, than before."""
    run_folder = folder / "runs" / "first"
    mode = Trainer(load_recipe(folder / "first.toml"), run_folder, torch.device("cpu")).mode
    wanted = [each.target for each in mode.held_out]
    pictures = [each.picture for each in mode.held_out]
    drawn = {
        "before": [render(mode.generator, picture) for picture in pictures],
        "not at all": pictures,
        "after": [render(load_style(run_folder / "style").generator, picture) for picture in pictures],
    }
    pairs = {name: zip(drawn[name], wanted, strict=True) for name in drawn}
    l1 = {name: np.mean([np.abs(made - target.astype(float)).mean() for made, target in pairs[name]]) for name in drawn}
    look = {name: sliced_wasserstein(drawn[name], wanted) for name in drawn}
    assert l1["after"] < 0.45 * l1["before"]
    assert l1["after"] < 0.75 * l1["not at all"]
    assert look["after"] < 0.25 * look["before"]
    assert look["after"] < 0.7 * look["not at all"]


def frames(path: Path) -> torch.Tensor:
    with ClipReader(path) as reader:
        return torch.cat([batch.images for batch in reader.frames()])
