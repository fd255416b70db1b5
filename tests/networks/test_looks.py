from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.styles import save_small_reference, save_small_style
from vidstyle.errors import ConfigError, StyleError
from vidstyle.networks import (
    find_card,
    load_style,
    load_styles,
    styles_of_images,
    tell_styles,
)


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VIDSTYLE_MODELS", str(tmp_path))
    save_small_reference(tmp_path / "reference")
    return tmp_path


@pytest.fixture
def works(tmp_path: Path) -> list[Path]:
    rng = np.random.default_rng(4)
    paths = [tmp_path / "Red Fields.png", tmp_path / "night.jpg"]
    for path, tone in zip(paths, ((20, 30, 200), (90, 20, 10)), strict=True):
        noise = rng.integers(-20, 20, (80, 60, 3))
        cv2.imwrite(str(path), np.clip(np.array(tone) + noise, 0, 255).astype(np.uint8))
    return paths


def test_a_picture_makes_a_style(works: list[Path]):
    style = load_style(f"image:{works[0]}")
    assert style.card == find_card(f"image:{works[0]}")
    assert style.card.name == "image-red-fields"
    assert style.card.adjustable
    picture = torch.rand(1, 3, 32, 32)
    other = load_style(f"image:{works[1]}")
    assert other.card.sha256 != style.card.sha256
    assert (style.paint(picture) - other.paint(picture)).abs().amax() > 1e-3


def test_between_two_pictures_there_are_looks_not_mixtures(works: list[Path]):
    mixture = load_styles(styles_of_images(works, "0.25"), "weights")
    first, second = (load_style(f"image:{work}").generator.look for work in works)
    ((style, weight),) = mixture.parts
    assert weight == 1
    assert torch.allclose(style.generator.look, 0.25 * first + 0.75 * second, atol=1e-6)
    assert mixture.is_adjustable
    assert [share.name for share in tell_styles(styles_of_images(works))] == ["image-red-fields", "image-night"]


def test_the_network_alone_is_refused_with_the_next_step():
    with pytest.raises(StyleError, match="--style-image PICTURE"):
        load_styles("reference")


def test_what_is_no_picture_is_told_in_one_line(tmp_path: Path):
    with pytest.raises(StyleError, match=r"absent\.png can't be read"):
        load_style(f"image:{tmp_path / 'absent.png'}")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(StyleError, match="is no JPEG, PNG"):
        load_style(f"image:{tmp_path / 'text.png'}")
    cv2.imwrite(str(tmp_path / "tiny.png"), np.zeros((8, 200, 3), np.uint8))
    with pytest.raises(StyleError, match="200x8 pixels"):
        load_style(f"image:{tmp_path / 'tiny.png'}")


def test_shares_that_are_none_and_commas_are_refused(works: list[Path]):
    for images, mix in ((works, "1.5"), (works, "weights"), ([*works, works[0]], "0.5")):
        with pytest.raises(ConfigError, match="share of the first"):
            styles_of_images(images, mix)
    with pytest.raises(ConfigError, match="comma"):
        styles_of_images([Path("a,b.png")])


def test_a_style_that_looks_at_nothing_can_not_take_its_place(models: Path, works: list[Path]):
    save_small_style(models / "reference", name="reference")
    with pytest.raises(StyleError, match="looks at no pictures"):
        load_style(f"image:{works[0]}")
