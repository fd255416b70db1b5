import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidstyle.demo.painting import DETAIL, Canvas, cloudiness

places = st.floats(10, 30, allow_nan=False)


@settings(max_examples=30)
@given(left=places, top=places, width=st.floats(5, 20), height=st.floats(5, 20))
def test_a_box_lies_where_it_is_put_at_any_part_of_a_pixel(left: float, top: float, width: float, height: float):
    canvas = Canvas(60, 60)
    canvas.box(left, top, width, height, (1, 1, 1))
    alpha = canvas.dry().picture[..., 3]
    rows, columns = (np.mgrid[0 : alpha.shape[0], 0 : alpha.shape[1]] + 0.5) / DETAIL
    assert (alpha * columns).sum() / alpha.sum() == pytest.approx(left + width / 2, abs=0.05)
    # OpenCV fills whole scan lines, two fifths of a unit high here.
    assert (alpha * rows).sum() / alpha.sum() == pytest.approx(top + height / 2, abs=0.25)
    # OpenCV draws an antialiased line round what it fills, about a third of a unit wide.
    assert width * height - 1 < alpha.sum() / DETAIL**2 < (width + 0.9) * (height + 0.9)


def test_alpha_stays_between_0_and_1_and_is_0_where_nothing_was_painted():
    canvas = Canvas(40, 40)
    for radius in (15, 9, 3):
        canvas.ellipse((20, 20), (radius, radius), (0.5, 0.2, 0.1), opacity=0.9)
    alpha = canvas.dry().picture[..., 3]
    assert 0 <= alpha.min() < alpha.max() <= 1
    assert alpha[0].max() == 0


def test_shapes_beyond_the_canvas_leave_it_as_it_is():
    canvas = Canvas(20, 20)
    canvas.box(100, 100, 10, 10, (1, 1, 1))
    canvas.stroke([(-50, -50), (-40, -40)], 3, (1, 1, 1))
    assert not canvas.dry().picture.any()


def test_a_tint_darkens_paint_but_not_light():
    canvas = Canvas(40, 20, tint=(0.5, 0.25, 1))
    canvas.box(0, 0, 20, 20, (0.8, 0.8, 0.8), texture=0)
    canvas.box(20, 0, 20, 20, (0.8, 0.8, 0.8), texture=0, glows=True)
    picture = canvas.dry().picture
    np.testing.assert_allclose(picture[12, 12, :3], (0.4, 0.2, 0.8), atol=1e-6)
    np.testing.assert_allclose(picture[12, 38, :3], 0.8, atol=1e-6)


def test_light_falls_from_above():
    canvas = Canvas(20, 20)
    canvas.box(0, 0, 20, 20, (0.5, 0.5, 0.5), texture=0, fall=0.2)
    column = canvas.dry().picture[:, 10, 0]
    assert (np.diff(column) < 0).all()
    assert column.mean() == pytest.approx(0.5, abs=0.01)


def test_noise_is_the_same_for_the_same_seed_only():
    one, same, other = (cloudiness(30, 40, cell=10, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.1
