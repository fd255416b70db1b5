import pytest
import torch

from vidstyle.training.losses import discriminator_loss, edge_loss, generator_loss, temporal_loss


def planes(*shape: int, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def test_edge_loss_has_the_right_gradient():
    assert torch.autograd.gradcheck(edge_loss, (planes(1, 2, 4, 5), planes(1, 2, 4, 5, seed=1)))


def test_temporal_loss_has_the_right_gradient():
    inside = torch.randint(0, 2, (1, 1, 4, 5)).double()
    assert torch.autograd.gradcheck(
        lambda a, b: temporal_loss(a, b, inside), (planes(1, 3, 4, 5), planes(1, 3, 4, 5, seed=1))
    )


def test_adversarial_losses_have_the_right_gradients():
    assert torch.autograd.gradcheck(generator_loss, (planes(2, 1, 3, 3),))
    assert torch.autograd.gradcheck(discriminator_loss, (planes(2, 1, 3, 3), planes(2, 1, 3, 3, seed=1)))


def test_edge_loss_sees_contours_and_not_brightness():
    picture = torch.rand(1, 3, 8, 8)
    assert edge_loss(picture, picture + 0.3) == pytest.approx(0, abs=1e-6)
    assert edge_loss(picture, picture * 2) > 0.1


def test_temporal_loss_counts_only_what_is_inside():
    moved, warped, inside = torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4), torch.ones(1, 1, 4, 4)
    warped[..., 0, :] = 9
    inside[..., 0, :] = 0
    assert temporal_loss(moved, warped, inside) == 0
    assert temporal_loss(moved, warped + 1, inside) == pytest.approx(1)
    assert temporal_loss(moved, warped, torch.zeros_like(inside)) == 0


def test_each_player_wins_where_the_other_loses():
    good, bad = torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2)
    assert generator_loss(good) == 0
    assert discriminator_loss(good, bad) == 0
    assert discriminator_loss(bad, good) == 1
