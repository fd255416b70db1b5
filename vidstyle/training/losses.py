"""What the generator and the discriminator are punished for. All are means over their elements, so sizes cancel."""

import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor
from torch.nn import functional


class LossWeights(BaseModel):
    """The weight of each term in the generator's loss; pictures are in [-1, 1]."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    l1: float = Field(default=1.0, ge=0, description="distance to the teacher's picture")
    edges: float = Field(default=0.5, ge=0, description="distance between the finite differences of both")
    temporal: float = Field(default=0.5, ge=0, description="change under a small warp, noise and brightness")
    adversarial: float = Field(default=0.01, ge=0, description="least-squares GAN, once the discriminator takes part")


def edge_loss(first: Float[Tensor, "n c h w"], second: Float[Tensor, "n c h w"]) -> Float[Tensor, ""]:
    """L1 between the finite differences to the right and below: keeps contours thin and black where L1 blurs them."""
    error = first - second
    return error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()


def temporal_loss(
    moved: Float[Tensor, "n c h w"], warped: Float[Tensor, "n c h w"], inside: Float[Tensor, "n 1 h w"]
) -> Float[Tensor, ""]:
    """L1 between G(warp(x) + jitter) and warp(G(x)) where the warp stays inside the picture.

    Compound regularization of ReReVST (Wang et al. 2020, section 3.2): no flow, no video, no second pass.

    Convention: `inside` is 1 where `warped` was sampled within the picture, else 0.
    """
    return ((moved - warped).abs() * inside).sum() / (inside.sum() * moved.shape[1]).clamp_min(1)


def generator_loss(fake: Float[Tensor, "n 1 h w"]) -> Float[Tensor, ""]:
    """Least-squares GAN (Mao et al. 2017): the discriminator should take results for real, 1."""
    return functional.mse_loss(fake, torch.ones_like(fake))


def discriminator_loss(real: Float[Tensor, "n 1 h w"], fake: Float[Tensor, "n 1 h w"]) -> Float[Tensor, ""]:
    """Least-squares GAN: real pairs are 1, generated ones 0. Halved as in pix2pix, to learn slower than it."""
    return (functional.mse_loss(real, torch.ones_like(real)) + fake.square().mean()) / 2
