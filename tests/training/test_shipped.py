from pathlib import Path

import cv2
import numpy as np
import pytest

from vidstyle.networks import load_style
from vidstyle.training import load_recipe
from vidstyle.training.evaluate import edge_agreement
from vidstyle.training.sheet import render

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(scope="module")
def ink():
    return load_style(MODELS / "ink")


def scene() -> np.ndarray:
    picture = np.full((144, 192, 3), (205, 190, 150), np.uint8)
    cv2.rectangle(picture, (0, 100), (192, 144), (90, 120, 60), -1)
    cv2.circle(picture, (70, 70), 40, (170, 60, 50), -1, cv2.LINE_AA)
    cv2.circle(picture, (140, 60), 22, (60, 80, 150), -1, cv2.LINE_AA)
    return picture


def test_the_card_names_the_recipe_that_makes_it(ink):
    recipe = load_recipe(MODELS / "recipes" / ink.card.training.recipe)
    assert ink.card.generator == recipe.generator
    assert ink.card.training.seed == recipe.seed
    assert {source.name for source in ink.card.training.data} == {s.name for s in recipe.material.sources if s.train}


def test_what_is_shipped_is_small_and_has_a_sheet(ink):
    assert ink.sheet is not None
    assert ink.sheet.stat().st_size < 600_000
    assert (ink.folder / "weights.safetensors").stat().st_size < 2_000_000


def test_it_draws_contours_where_its_teacher_does(ink):
    teacher = load_recipe(MODELS / "recipes" / "ink.toml").teacher
    drawn, taught = render(ink.generator, scene()), teacher(scene())
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) for picture in (drawn, taught)]
    assert edge_agreement(*grey) > 0.95
    assert np.abs(grey[0] - grey[1]).mean() < 0.4 * np.abs(cv2.cvtColor(scene(), cv2.COLOR_RGB2GRAY) - grey[1]).mean()


def test_its_contours_are_black_though_the_picture_has_no_black(ink):
    assert scene().max(axis=2).min() > 100
    assert np.percentile(render(ink.generator, scene()).max(axis=2), 1) < 60
