import pytest
import torch

from vidstyle.training.losses import crispness_loss, edge_loss, hue_loss


@pytest.mark.parametrize(
    ("loss", "shape"), [(edge_loss, (1, 2, 4, 5)), (crispness_loss, (1, 3, 16, 18)), (hue_loss, (1, 3, 16, 18))]
)
def test_the_gradient_is_right(loss, shape):
    torch.manual_seed(0)
    one, other = (torch.randn(shape, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(loss, (one, other), fast_mode=True)


def test_contours_are_seen_and_brightness_is_not():
    picture = torch.rand(1, 3, 8, 8)
    assert edge_loss(picture, picture + 0.3) == pytest.approx(0, abs=1e-6)
    assert edge_loss(picture, picture * 2) > 0.1


def test_strokes_that_moved_a_little_are_as_strong_and_blurred_ones_are_not():
    strokes = (torch.arange(160) % 16 < 6).float().expand(1, 3, 64, 160)
    blurred = torch.nn.functional.avg_pool2d(strokes, 5, 1, 2)
    assert crispness_loss(strokes, strokes.roll(4, dims=-1)) < 0.05 * crispness_loss(strokes, blurred)


def test_dots_do_not_make_up_for_strokes_and_cost_where_they_are_not_the_style():
    dots = (torch.arange(64)[:, None] // 2 + torch.arange(64) // 2).remainder(2).float().expand(1, 3, 64, 64)
    strokes = (torch.arange(64) % 16 < 3).float().expand(1, 3, 64, 64)
    pale = 0.3 * strokes
    assert crispness_loss(pale + 0.1 * (dots - 0.5), strokes) > 0.8 * crispness_loss(pale, strokes)
    assert crispness_loss(strokes + 0.1 * dots, strokes) > 0.1
    assert crispness_loss(0.8 * strokes, strokes) < 0.4 * crispness_loss(pale, strokes)


def test_hues_that_turn_cost_and_light_or_broken_colour_does_not():
    picture = torch.rand(1, 3, 64, 64) * 0.5
    turned = picture.roll(1, dims=1)
    assert hue_loss(turned + torch.tensor([0.5, 0.0, 0.0])[:, None, None], picture) > 0.05
    assert hue_loss(picture + 0.3, picture) == pytest.approx(0, abs=1e-6)
    broken = torch.tensor([0.2, 0.0, -0.2])[:, None, None] * (torch.arange(64) % 4 - 1.5).sign()
    assert hue_loss(picture + broken, picture) < 1e-3
