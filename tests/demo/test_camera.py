import numpy as np
import pytest

from vidstyle.demo.camera import HEIGHT, WIDTH, Exposure, ease, vignette
from vidstyle.demo.painting import Canvas, Layer


@pytest.fixture(scope="module")
def disc() -> Layer:
    canvas = Canvas(40, 40, left=-20, top=-20)
    canvas.ellipse((0, 0), (15, 15), (1, 1, 1), texture=0)
    return canvas.dry()


def centroid(picture: np.ndarray) -> tuple[float, float]:
    weight = picture[..., 0]
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    return float((weight * columns).sum() / weight.sum()), float((weight * rows).sum() / weight.sum())


def seen(layer: Layer, x: float, y: float, zoom: float = 1.0, scale: float = 1.0) -> np.ndarray:
    exposure = Exposure(zoom)
    exposure.put(layer, x, y, scale)
    return exposure.picture


def test_a_whole_pixel_of_movement_is_a_shift(disc: Layer):
    here, there = seen(disc, 100, 80), seen(disc, 103, 82)
    np.testing.assert_allclose(np.roll(here, (2, 3), axis=(0, 1)), there, atol=1e-5)


@pytest.mark.parametrize("step", [0.25, 0.5, 0.8])
def test_a_part_of_a_pixel_of_movement_moves_by_just_that(disc: Layer, step: float):
    x0, y0 = centroid(seen(disc, 100, 80))
    x1, y1 = centroid(seen(disc, 100 + step, 80 - step))
    assert (x1 - x0, y1 - y0) == pytest.approx((step, -step), abs=0.04)


def test_zoom_keeps_the_centre_and_spreads_the_rest(disc: Layer):
    x0, y0 = centroid(seen(disc, 320 + 50, 180))
    x1, y1 = centroid(seen(disc, 320 + 50, 180, zoom=1.2))
    assert x1 - 320 == pytest.approx(1.2 * (x0 - 320), abs=0.3)
    assert y1 - 180 == pytest.approx(1.2 * (y0 - 180), abs=0.3)
    assert seen(disc, 320, 180, zoom=2).sum() == pytest.approx(4 * seen(disc, 320, 180).sum(), rel=0.02)


def test_a_layer_outside_the_frame_changes_nothing(disc: Layer):
    assert not seen(disc, -100, 50).any()
    assert not seen(disc, 100, HEIGHT + 60).any()


def test_a_layer_hides_what_is_behind_it(disc: Layer):
    exposure = Exposure()
    exposure.picture[...] = 0.3
    exposure.put(disc, 100, 100)
    np.testing.assert_allclose(exposure.picture[100, 100], 1, atol=1e-3)
    np.testing.assert_allclose(exposure.picture[100, 200], 0.3, atol=1e-6)


def test_ease_starts_and_stops_softly():
    assert (ease(0), ease(0.5), ease(1)) == (0, 0.5, 1)
    assert ease(0.01) < 0.01
    assert ease(0.99) > 0.99


def test_the_lens_darkens_corners_most():
    light = vignette()
    assert light.shape == (HEIGHT, WIDTH, 1)
    assert light[0, 0] < light[HEIGHT // 2, 0] < light[HEIGHT // 2, WIDTH // 2]
