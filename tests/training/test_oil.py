"""The teacher `oil`: one colour a stroke, strokes along the forms, edges as crisp as before."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidstyle.training.oil import OilTeacher, _samples
from vidstyle.training.teachers import structure

PLAIN = OilTeacher(chroma=1.0, contrast=1e-3)  # colours as they are


@given(st.tuples(*[st.integers(0, 255)] * 3))
@settings(max_examples=15, deadline=None)
def test_a_flat_picture_stays_as_it_is(colour):
    drawn = PLAIN(np.full((24, 32, 3), colour, np.uint8)).astype(int)
    assert np.abs(drawn - colour).max() <= 1


def test_grain_goes_and_edges_stay_where_they_are():
    clean = np.full((64, 64, 3), 70, np.uint8)
    clean[:, 32:] = 180
    noise = np.random.default_rng(0).normal(0, 12, clean.shape)
    drawn = PLAIN((clean + noise).clip(0, 255).astype(np.uint8)).astype(float)
    assert drawn[:, :28].std() < 4
    assert drawn[:, 36:].std() < 4
    steps = np.abs(np.diff(drawn.mean(axis=(0, 2))))
    assert steps.argmax() == 31
    assert steps[31] > 80  # a Gaussian of that size would leave a tenth of the 110


def test_strokes_lie_along_the_stripes():
    y, x = np.mgrid[:64, :64].astype(np.float32)
    light = 128 + 60 * np.sin((x + y) / 2.5) + np.random.default_rng(1).normal(0, 20, x.shape)
    drawn = PLAIN(np.dstack([light] * 3).clip(0, 255).astype(np.uint8)).astype(float)[8:-8, 8:-8, 0]
    along, across = drawn[1:, :-1] - drawn[:-1, 1:], drawn[1:, 1:] - drawn[:-1, :-1]
    assert np.abs(along).mean() < np.abs(across).mean() / 3


def test_a_mirrored_picture_gives_the_mirrored_painting():
    picture = np.full((64, 80, 3), (200, 180, 90), np.uint8)
    cv2.circle(picture, (30, 30), 18, (90, 40, 120), -1, cv2.LINE_AA)
    mirrored = PLAIN(np.ascontiguousarray(picture[:, ::-1]))[:, ::-1]
    assert np.abs(PLAIN(picture).astype(int) - mirrored.astype(int)).mean() < 0.5


def test_less_strength_stays_nearer_to_the_picture():
    picture = np.random.default_rng(2).integers(0, 256, (12, 16, 3)).astype(np.uint8)
    picture = cv2.resize(picture, (128, 96), interpolation=cv2.INTER_CUBIC)
    teacher = OilTeacher()
    far = [np.abs(teacher.at(level)(picture).astype(int) - picture).mean() for level in (0.25, 0.5, 1.0)]
    assert far == sorted(far)
    assert far[0] < far[2] / 1.5


@pytest.mark.parametrize("radius", [5.0, 7.0, 7.5])
def test_sectors_share_the_disc_evenly(radius: float):
    shares = np.array([share for _, _, share in _samples(radius)])
    totals = shares.sum(axis=0)
    assert np.allclose(totals[::2], totals[0], rtol=0.05)  # a square grid favours no quarter turn
    assert np.allclose(totals[1::2], totals[1], rtol=0.05)
    assert totals.max() < 1.5 * totals.min()
    places = np.array([(u, v) for u, v, _ in _samples(radius)])
    assert np.hypot(*places.T).max() <= radius + 1e-6
    assert np.allclose(places.mean(axis=0), 0, atol=1e-6)


def test_structure_tells_stripes_from_corners():
    x = np.mgrid[:40, :40][1].astype(np.float32)
    stripes = np.dstack([np.sin(x)] * 3).astype(np.float32)
    disc = cv2.GaussianBlur(cv2.circle(np.zeros((40, 40), np.float32), (20, 20), 4, 1.0, -1), (0, 0), 2)
    assert structure(stripes, 2.0)[1][20, 20] > 0.99
    assert structure(np.dstack([disc] * 3), 4.0)[1][20, 20] < 0.05
