from pathlib import Path

import pytest

from tests.styles import save_small_style
from vidstyle.errors import StyleError
from vidstyle.networks import find_style, load_style, style_folders, user_models


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VIDSTYLE_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def test_styles_come_from_the_named_folder_and_from_the_package(models: Path):
    save_small_style(models / "mine", name="mine")
    assert "mine" in style_folders()
    assert "ink" in style_folders()


def test_a_users_style_hides_a_shipped_one(models: Path):
    save_small_style(models / "ink", name="ink")
    assert find_style("ink") == models / "ink"


def test_an_absent_folder_is_no_error(models: Path):
    assert user_models() == models
    assert not models.exists()
    assert list(style_folders()) == sorted(style_folders())


def test_a_misspelt_style_is_answered_with_the_nearest(models: Path):
    save_small_style(models / "woodblock", name="woodblock")
    with pytest.raises(StyleError, match="did you mean 'woodblock'"):
        find_style("woodblok")


def test_a_folder_is_taken_as_it_is(tmp_path: Path):
    save_small_style(tmp_path / "mine", name="mine")
    assert load_style(str(tmp_path / "mine")).card.name == "mine"


def test_a_folder_without_a_card_is_refused(tmp_path: Path):
    with pytest.raises(StyleError, match=r"no card\.json"):
        load_style(tmp_path)
