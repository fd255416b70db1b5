import numpy as np
import pytest

from vidstyle.demo.tune import SAMPLE_RATE, tune


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    return tune(5, 3)


def test_it_is_stereo_lasts_as_asked_and_never_clips(sound: np.ndarray):
    assert sound.shape == (2, 5 * SAMPLE_RATE)
    assert sound.dtype == np.float32
    assert np.abs(sound).max() == pytest.approx(0.7)
    assert np.abs(sound[0] - sound[1]).max() > 0.05


def test_it_is_the_same_every_time(sound: np.ndarray):
    np.testing.assert_array_equal(sound, tune(5, 3))


def test_it_clicks_exactly_at_the_cut():
    cuts = (2.7123, 3.0456)
    early, late = (tune(5, cut) for cut in cuts)
    clicking = np.zeros(early.shape[1], bool)
    for cut in cuts:
        clicking[round(cut * SAMPLE_RATE) : round((cut + 0.006) * SAMPLE_RATE)] = True
    quiet_early, quiet_late = early[:, ~clicking], late[:, ~clicking]
    gain = (quiet_early * quiet_late).sum() / (quiet_late**2).sum()  # the peak was brought to the same height
    apart = np.abs(early - gain * late).max(axis=0)
    assert apart[~clicking].max() < 1e-5
    assert all(apart[round(cut * SAMPLE_RATE) :][:48].max() > 0.1 for cut in cuts)


def test_it_ends_in_silence(sound: np.ndarray):
    assert np.abs(sound[:, -20:]).max() < 0.005
