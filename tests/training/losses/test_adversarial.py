import pytest
import torch
from torch import nn

from vidstyle.training.losses import Adversarial, discriminator_loss, generator_loss, gradient_penalty, r1_penalty

KINDS: list[Adversarial] = ["least-squares", "cross-entropy", "hinge", "wasserstein"]


def planes(*shape: int, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_right(kind: Adversarial):
    assert torch.autograd.gradcheck(lambda fake: generator_loss(fake, kind), (planes(2, 1, 3, 3),))
    assert torch.autograd.gradcheck(
        lambda real, fake: discriminator_loss(real, fake, kind), (planes(2, 1, 3, 3), planes(3, 1, 3, 3, seed=1))
    )


@pytest.mark.parametrize("kind", KINDS)
def test_each_player_wins_where_the_other_loses(kind: Adversarial):
    real, fake = torch.full((1, 1, 2, 2), 2.0), torch.full((1, 1, 2, 2), -2.0)
    assert generator_loss(real, kind) < generator_loss(fake, kind)
    assert discriminator_loss(real, fake, kind) < discriminator_loss(fake, real, kind)


def test_least_squares_ends_at_0_for_the_winner_and_is_halved_for_the_discriminator():
    good, bad = torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2)
    assert generator_loss(good) == 0
    assert discriminator_loss(good, bad) == 0
    assert discriminator_loss(bad, good) == 1


def test_a_hinge_does_not_care_beyond_the_margin():
    assert discriminator_loss(torch.tensor([3.0]), torch.tensor([-4.0]), "hinge") == 0


def slope(steepness: float) -> nn.Module:
    """A discriminator whose slope at any picture of 2x2 pixels is `steepness`."""
    layer = nn.Sequential(nn.Flatten(), nn.Linear(12, 1, bias=False)).double()
    with torch.no_grad():
        layer[1].weight.fill_(steepness / 12**0.5)
    return layer


@pytest.mark.parametrize("steepness", [0.5, 1.0, 3.0])
def test_penalties_are_those_of_the_slope(steepness: float):
    real, fake = planes(2, 3, 2, 2), planes(2, 3, 2, 2, seed=1)
    share = torch.rand(2, 1, 1, 1, dtype=torch.float64)
    assert gradient_penalty(slope(steepness), real, fake, share).item() == pytest.approx((steepness - 1) ** 2)
    assert r1_penalty(slope(steepness), real).item() == pytest.approx(steepness**2 / 2)


def test_penalties_reach_the_discriminator():
    judge = slope(3.0)
    penalty = gradient_penalty(judge, planes(1, 3, 2, 2), planes(1, 3, 2, 2, seed=1), torch.rand(1, 1, 1, 1).double())
    (gradient,) = torch.autograd.grad(penalty + r1_penalty(judge, planes(1, 3, 2, 2)), [judge[1].weight])
    assert (gradient > 0).all()  # a flatter discriminator is punished less
