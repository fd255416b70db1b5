import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidstyle.training.teachers import InkTeacher, tangents

GREY = np.full((48, 64, 3), 128, np.uint8)


def disc() -> np.ndarray:
    picture = np.full((96, 96, 3), (200, 180, 90), np.uint8)
    cv2.circle(picture, (48, 48), 28, (90, 40, 120), -1, cv2.LINE_AA)
    return picture


def test_an_edge_gets_a_closed_dark_line_on_its_dark_side():
    drawn = InkTeacher()(disc()).max(axis=2)
    angles = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    for angle in angles:
        radii = np.arange(22, 31)
        values = drawn[
            (48 + radii * np.sin(angle)).round().astype(int), (48 + radii * np.cos(angle)).round().astype(int)
        ]
        assert values.min() < 40


def test_lines_are_about_three_pixels_wide():
    row = InkTeacher()(disc())[48].max(axis=1)
    assert 2 <= (row[:48] < 60).sum() <= 5


@given(st.tuples(*[st.integers(0, 255)] * 3))
@settings(max_examples=15)
def test_a_flat_picture_stays_flat(colour):
    drawn = InkTeacher()(np.full((24, 32, 3), colour, np.uint8)).astype(int)
    assert np.ptp(drawn.reshape(-1, 3), axis=0).max() <= 1


def test_weak_noise_draws_no_speckle():
    noise = np.random.default_rng(0).normal(0, 3, GREY.shape)
    drawn = InkTeacher()((GREY + noise).clip(0, 255).astype(np.uint8))
    assert drawn.min() > 80


def test_a_mirrored_picture_gives_the_mirrored_drawing():
    straight, mirrored = InkTeacher()(disc()), InkTeacher()(np.ascontiguousarray(disc()[:, ::-1]))
    assert np.abs(straight.astype(int) - mirrored[:, ::-1].astype(int)).mean() < 1


def test_luminance_gathers_around_the_steps():
    ramp = np.repeat(np.linspace(0, 255, 600).astype(np.uint8)[None, :, None], 24, 0).repeat(3, 2)
    plain = InkTeacher(step_sharpness=0.01, lift=1.0, smoothing=0, line_smoothing=0, line_threshold=99)
    stepped = plain.model_copy(update={"step_sharpness": 6.0})

    def flat_share(teacher: InkTeacher) -> float:
        light = teacher(ramp)[12, :, 1].astype(int)
        return float((np.abs(np.diff(light)) == 0).mean())

    assert flat_share(stepped) > flat_share(plain) + 0.1


@pytest.mark.parametrize("degrees", [0, 30, 90, 135])
def test_tangents_run_along_the_edge(degrees):
    y, x = np.mgrid[:40, :40].astype(np.float32)
    angle = np.deg2rad(degrees)
    plane = np.tanh((np.cos(angle) * (x - 20) + np.sin(angle) * (y - 20)) / 2)
    found = tangents(np.dstack([plane] * 3).astype(np.float32), 2.0)[20, 20]
    assert abs(found @ [-np.sin(angle), np.cos(angle)]) > 0.99
