import pytest
import torch

from vidstyle.training.losses import edge_loss


def test_the_gradient_is_right():
    torch.manual_seed(0)
    one, other = (torch.randn(1, 2, 4, 5, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(edge_loss, (one, other))


def test_contours_are_seen_and_brightness_is_not():
    picture = torch.rand(1, 3, 8, 8)
    assert edge_loss(picture, picture + 0.3) == pytest.approx(0, abs=1e-6)
    assert edge_loss(picture, picture * 2) > 0.1
