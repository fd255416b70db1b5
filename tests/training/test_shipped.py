from pathlib import Path

import cv2
import numpy as np
import pytest

from vidstyle.networks import load_style
from vidstyle.networks.checkpoints.proof import TOLERANCE, compare_golden
from vidstyle.training import load_recipe
from vidstyle.training.evaluate import edge_agreement
from vidstyle.training.sheet import render

MODELS = Path(__file__).parents[2] / "models"


SHIPPED = sorted(card.parent.name for card in MODELS.glob("*/card.json"))


@pytest.fixture(params=SHIPPED)
def style(request):
    return load_style(MODELS / request.param)


MODES = {name: load_recipe(MODELS / "recipes" / f"{name}.toml").mode for name in SHIPPED}
PAIRED = [name for name, mode in MODES.items() if mode == "pix2pix"]
UNPAIRED = [name for name, mode in MODES.items() if mode == "cyclegan"]


@pytest.fixture(params=["ink", "ink-fast"])
def ink(request):
    return load_style(MODELS / request.param)


def scene() -> np.ndarray:
    picture = np.full((144, 192, 3), (205, 190, 150), np.uint8)
    cv2.rectangle(picture, (0, 100), (192, 144), (90, 120, 60), -1)
    cv2.circle(picture, (70, 70), 40, (170, 60, 50), -1, cv2.LINE_AA)
    cv2.circle(picture, (140, 60), 22, (60, 80, 150), -1, cv2.LINE_AA)
    return picture


def test_the_card_names_the_recipe_that_makes_it(style):
    recipe = load_recipe(MODELS / "recipes" / style.card.training.recipe)
    assert recipe.name == style.card.name == style.folder.name
    assert style.card.generator == recipe.generator
    assert style.card.training.seed == recipe.seed
    assert {source.name for source in style.card.training.data} == {s.name for s in recipe.material.sources if s.train}


def test_a_card_says_what_a_buyer_asks(style):
    card = style.card
    assert all((card.title, card.description, card.licence, card.limits))
    assert all(source.licence and source.source for source in card.training.data)
    assert {"e_warp_source", "e_warp_alone", "e_warp_blended", "sharpness"} <= set(card.training.figures)


def test_what_is_shipped_is_small_and_has_a_sheet(style):
    assert style.sheet is not None
    assert style.sheet.stat().st_size < 600_000
    assert (style.folder / "weights.safetensors").stat().st_size < 16_000_000
    assert sum(path.stat().st_size for path in MODELS.rglob("*") if path.is_file()) < 60_000_000


def test_a_style_draws_its_golden_frame(style):
    difference = compare_golden(style)
    assert difference is not None
    assert all(found <= allowed for found, allowed in zip(difference, TOLERANCE, strict=True))


@pytest.mark.parametrize("name", PAIRED)
def test_it_is_nearer_to_its_teachers_drawing_than_the_picture_is(name):
    teacher = load_recipe(MODELS / "recipes" / f"{name}.toml").teacher
    picture = cv2.GaussianBlur(scene(), (0, 0), 0.8)
    noise = np.random.default_rng(0).normal(0, 8, picture.shape)  # what strokes and flat colour do away with
    picture = (picture + noise).clip(0, 255).astype(np.uint8)
    drawn, taught = render(load_style(MODELS / name).generator, picture), teacher(picture)
    apart = [np.abs(each.astype(float) - taught).mean() for each in (drawn, picture)]
    assert apart[0] < 0.5 * apart[1]


@pytest.mark.parametrize("name", UNPAIRED)
def test_an_unpaired_style_keeps_the_contours_it_began_with_and_has_colours_of_its_own(name):
    teacher = load_recipe(MODELS / "recipes" / f"{name}.toml").teacher
    drawn, taught = render(load_style(MODELS / name).generator, scene()), teacher(scene())
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) for picture in (drawn, taught)]
    assert edge_agreement(*grey) > 0.85
    assert np.abs(drawn.astype(float) - taught).mean() > 4  # codes of 255


def test_it_draws_contours_where_its_teacher_does(ink):
    teacher = load_recipe(MODELS / "recipes" / "ink.toml").teacher
    drawn, taught = render(ink.generator, scene()), teacher(scene())
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) for picture in (drawn, taught)]
    assert edge_agreement(*grey) > 0.95
    assert np.abs(grey[0] - grey[1]).mean() < 0.4 * np.abs(cv2.cvtColor(scene(), cv2.COLOR_RGB2GRAY) - grey[1]).mean()


def test_its_contours_are_black_though_the_picture_has_no_black(ink):
    assert scene().max(axis=2).min() > 100
    assert np.percentile(render(ink.generator, scene()).max(axis=2), 1) < 60
