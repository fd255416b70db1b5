from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.clips import make_clip
from tests.styles import save_small_reference
from vidstyle.cli import run
from vidstyle.media import ClipReader


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a clip, two pictures and an untrained network that looks at pictures."""
    monkeypatch.setenv("VIDSTYLE_MODELS", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)
    save_small_reference(tmp_path / "models" / "reference")
    for name, tone in (("red.png", (20, 30, 200)), ("night.jpg", (90, 20, 10))):
        cv2.imwrite(name, np.clip(np.random.default_rng(4).normal(tone, 12, (64, 80, 3)), 0, 255).astype(np.uint8))
    make_clip(tmp_path / "shot.mp4", frames=4, width=64, height=48)
    return tmp_path


def frames(path: str) -> torch.Tensor:
    with ClipReader(Path(path)) as reader:
        return torch.cat([batch.images for batch in reader.frames()])


def stylize(out: str, *options: str) -> int:
    return run(["stylize", "shot.mp4", "-o", out, "--encoder", "ffv1", *options])


def test_a_picture_is_the_style_and_can_be_kept_under_a_name():
    assert stylize("a.mkv", "--style-image", "red.png") == 0
    assert run(["styles", "add", "red-fields", "--image", "red.png"]) == 0
    assert stylize("b.mkv", "--style", "red-fields") == 0
    assert torch.equal(frames("a.mkv"), frames("b.mkv"))
    assert run(["styles", "verify", "red-fields"]) == 0
    assert stylize("c.mkv", "--style-image", "night.jpg") == 0
    assert (frames("a.mkv") - frames("c.mkv")).abs().amax() > 2 / 255


def test_two_pictures_give_a_look_between_them_and_the_ends_are_theirs():
    both = ("--style-image", "red.png", "--style-image", "night.jpg")
    assert stylize("one.mkv", *both, "--mix", "1") == 0
    assert stylize("alone.mkv", "--style-image", "red.png") == 0
    assert torch.equal(frames("one.mkv"), frames("alone.mkv"))
    assert stylize("half.mkv", *both, "--mix", "0.5") == 0
    assert not torch.equal(frames("half.mkv"), frames("alone.mkv"))


def test_at_strength_nothing_the_shot_is_as_it_was():
    assert stylize("none.mkv", "--style-image", "red.png", "--strength", "0") == 0
    assert torch.equal(frames("none.mkv"), frames("shot.mp4"))


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--style-image", "absent.png"), 65, "absent.png can't be read"),
        (("--style-image", "shot.mp4"), 65, "is no JPEG, PNG"),
        (("--style-image", "red.png", "--style", "ink"), 78, "choose one"),
        (("--style-image", "red.png", "--style-image", "night.jpg", "--mix", "2"), 78, "share of the first"),
        (("--style", "reference"), 65, "--style-image PICTURE"),
    ],
)
def test_what_can_not_be_is_one_line(options, code, words, capsys, place):
    assert stylize("out.mkv", *options) == code
    said = capsys.readouterr().err.strip()
    assert words in said
    assert said.count("\n") == 0
    assert not (place / "out.mkv").exists()
