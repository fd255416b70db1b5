import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tests.motion.pictures import pan
from vidstyle.measure import Drift, DriftFigures, robust_slope

CODE = 1 / 255


def drift(shifts: list[float], *, cuts: tuple[int, ...] = (), fps: float = 25, first: int = 0) -> DriftFigures:
    follower = Drift(first)
    for number, (frame, shift) in enumerate(zip(middle(len(shifts)), shifts, strict=True)):
        follower.add(frame[None] + shift * CODE, frame[None], seconds=number / fps, cut=number in cuts)
    return follower.figures("reference")


def middle(frames: int) -> Tensor:
    return 0.3 + 0.4 * pan(frames, 16, 20)


def test_a_known_ramp_of_brightness_gives_its_slope_and_its_change() -> None:
    (shot,) = drift([0.02 * number for number in range(100)]).shots
    assert (shot.start, shot.stop) == (0, 100)
    for channel in ("luma", "red", "green", "blue"):
        assert getattr(shot.slope, channel) == pytest.approx(2.0, abs=0.01)
        assert getattr(shot.change, channel) == pytest.approx(0.02 * 75, abs=0.01)


def test_a_colour_cast_that_grows_is_drift_though_luma_stays() -> None:
    follower = Drift()
    for number, frame in enumerate(middle(40)):
        cast = torch.tensor([-1.0, 0.2126 / 0.7152, 0.0])[:, None, None] * number * 0.1 * CODE
        follower.add(frame[None] + cast, frame[None], seconds=number / 10)
    (shot,) = follower.figures("reference").shots
    assert shot.slope.luma == pytest.approx(0, abs=0.02)
    assert shot.slope.red == pytest.approx(-10, abs=0.1)
    assert shot.change.largest == pytest.approx(3.0, abs=0.05)


def test_a_step_at_a_cut_is_no_drift() -> None:
    figures = drift([0.0] * 20 + [8.0] * 20, cuts=(20,), first=100)
    assert [(shot.start, shot.stop) for shot in figures.shots] == [(100, 120), (120, 140)]
    assert figures.worst is not None
    assert figures.worst.change.largest == pytest.approx(0, abs=0.01)


def test_without_the_cut_the_same_step_is_drift() -> None:
    figures = drift([0.0] * 20 + [8.0] * 20)
    assert figures.worst is not None
    assert figures.worst.change.largest > 3


def test_the_worst_shot_is_the_one_that_changes_most() -> None:
    figures = drift([0.0] * 12 + [0.1 * number for number in range(12)], cuts=(12,))
    assert figures.worst is not None
    assert figures.worst.start == 12


def test_a_shot_too_short_to_have_ends_has_no_drift() -> None:
    assert drift([0.0, 9.0, 18.0]).worst is None


def test_a_flicker_that_lasts_turns_no_slope() -> None:
    shifts = [0.01 * number + (40 if number in (10, 11, 50) else 0) for number in range(80)]
    (shot,) = drift(shifts).shots
    assert shot.slope.luma == pytest.approx(1.0, abs=0.05)


@given(st.floats(-3, 3), st.floats(-100, 100), st.integers(2, 60))
def test_the_slope_of_a_line_is_its_slope(slope: float, start: float, count: int) -> None:
    assert robust_slope(start + slope * np.arange(count, dtype=np.float64)) == pytest.approx(slope, abs=1e-9)
