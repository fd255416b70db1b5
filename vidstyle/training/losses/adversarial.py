"""What generator and discriminator do to each other. Logits are high where a discriminator takes a picture for real."""

from collections.abc import Callable
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss, relu

Adversarial = Literal["least-squares", "cross-entropy", "hinge", "wasserstein"]
Discriminator = Callable[[Tensor], Tensor]


def generator_loss(fake: Tensor, kind: Adversarial = "least-squares") -> Float[Tensor, ""]:
    """Punish the generator where the discriminator sees through it.

    Least squares: Mao et al. 2017, equation 9 with a = 0 and b = c = 1. Cross entropy: the non-saturating form of
    Goodfellow et al. 2014, section 3. Hinge: Miyato et al. 2018, equation 17. Wasserstein: Arjovsky et al. 2017,
    equation 3.
    """
    if kind == "least-squares":
        return mse_loss(fake, torch.ones_like(fake))
    if kind == "cross-entropy":
        return binary_cross_entropy_with_logits(fake, torch.ones_like(fake))
    return -fake.mean()


def discriminator_loss(real: Tensor, fake: Tensor, kind: Adversarial = "least-squares") -> Float[Tensor, ""]:
    """Punish the discriminator where it is mistaken; the sources are those of `generator_loss`.

    Convention: least squares and cross entropy are halved as in pix2pix, so that it learns slower than the generator.
    """
    if kind == "least-squares":
        return (mse_loss(real, torch.ones_like(real)) + fake.square().mean()) / 2
    if kind == "cross-entropy":
        mistakes = binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
        return (binary_cross_entropy_with_logits(real, torch.ones_like(real)) + mistakes) / 2
    if kind == "hinge":
        return relu(1 - real).mean() + relu(1 + fake).mean()
    return fake.mean() - real.mean()


def gradient_penalty(
    discriminator: Discriminator,
    real: Float[Tensor, "n c h w"],
    fake: Float[Tensor, "n c h w"],
    share: Float[Tensor, "n 1 1 1"],
) -> Float[Tensor, ""]:
    """(|D'(x)| - 1)² between real and fake pictures: WGAN-GP (Gulrajani et al. 2017, equation 3), without its weight.

    Convention: x = share real + (1 - share) fake, `share` drawn evenly from 0 to 1.
    """
    between = torch.lerp(fake.detach(), real.detach(), share).requires_grad_()
    return (_slopes(discriminator, between) - 1).square().mean()


def r1_penalty(discriminator: Discriminator, real: Float[Tensor, "n c h w"]) -> Float[Tensor, ""]:
    """|D'(x)|² / 2 at real pictures: Mescheder et al. 2018, equation 9, without its weight."""
    return _slopes(discriminator, real.detach().requires_grad_()).square().mean() / 2


def _slopes(discriminator: Discriminator, pictures: Tensor) -> Float[Tensor, " n"]:
    (slopes,) = torch.autograd.grad(discriminator(pictures).sum(), pictures, create_graph=True)
    norms: Tensor = slopes.flatten(1).norm(dim=1)
    return norms
