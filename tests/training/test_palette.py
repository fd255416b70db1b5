"""Few colours: near ones are taken, and nothing jumps."""

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from vidstyle.training.palette import Palette
from vidstyle.training.teachers import InkTeacher

PRINTS = ("#e4decc", "#bb4d3a", "#26357a", "#2f2d29")


def lab_of(*colours: str) -> np.ndarray:
    codes = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours]
    return cv2.cvtColor(np.array([codes], np.float32) / 255, cv2.COLOR_RGB2LAB)


def test_the_palettes_own_colours_stay():
    lab = lab_of(*PRINTS)
    assert np.abs(Palette(colours=PRINTS, softness=3.0, light=1.0)(lab) - lab).max() < 0.5


def test_a_colour_goes_to_the_one_that_is_like_it():
    found = Palette(colours=PRINTS, light=1.0)(lab_of("#e03020", "#3040b0"))
    wanted = lab_of("#bb4d3a", "#26357a")
    assert np.abs(found - wanted).max() < 3


def test_lightness_goes_as_far_as_it_is_told_to():
    lab = lab_of("#e03020")
    apart = [abs(float(Palette(colours=PRINTS, light=light)(lab)[0, 0, 0] - lab[0, 0, 0])) for light in (0.0, 0.5, 1.0)]
    assert apart[0] < 1e-3
    assert apart[1] == pytest.approx(apart[2] / 2, rel=1e-3)


def test_a_slow_change_of_colour_stays_one():
    """From red to blue in 256 steps: a hard choice would jump by all that lies between them at once."""
    share = np.linspace(0, 1, 256, dtype=np.float32)[None, :, None]
    first, last = np.split(lab_of("#bb4d3a", "#26357a"), 2, axis=1)
    found = Palette(colours=PRINTS)(first + share * (last - first))
    steps = np.linalg.norm(np.diff(found, axis=1), axis=-1)
    assert steps.max() < 0.05 * np.linalg.norm(last - first)


def test_large_pictures_are_taken_in_parts_to_the_same_end():
    lab = cv2.cvtColor(np.random.default_rng(0).random((300, 300, 3), np.float32), cv2.COLOR_RGB2LAB)
    palette = Palette(colours=PRINTS)
    assert np.array_equal(palette(lab)[250:], palette(lab[250:]))


def test_the_ink_teacher_prints_in_them():
    picture = np.full((48, 64, 3), (60, 160, 60), np.uint8)
    drawn = InkTeacher(palette=Palette(colours=PRINTS, light=1.0))(picture)
    red, green, _ = np.moveaxis(drawn.astype(int), -1, 0)
    assert (green - red).max() < 5  # no green is left


@pytest.mark.parametrize("wrong", [("#fff", "#000000"), ("red", "#000000"), ("#000000",)])
def test_wrong_colours_are_refused(wrong: tuple[str, ...]):
    with pytest.raises(ValidationError):
        Palette(colours=wrong)
