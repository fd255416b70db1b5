"""What networks are punished for."""

from vidstyle.training.losses.adversarial import (
    Adversarial,
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    r1_penalty,
)
from vidstyle.training.losses.perceptual import (
    gram,
    moments,
    relative_content_loss,
    relative_style_loss,
    texture_loss,
    total_variation,
)
from vidstyle.training.losses.pixels import crispness_loss, edge_loss, hue_loss
from vidstyle.training.losses.temporal import compound_loss, feature_loss, luminance_loss, masked_mean, warping_loss

__all__ = [
    "Adversarial",
    "compound_loss",
    "crispness_loss",
    "discriminator_loss",
    "edge_loss",
    "feature_loss",
    "generator_loss",
    "gradient_penalty",
    "gram",
    "hue_loss",
    "luminance_loss",
    "masked_mean",
    "moments",
    "r1_penalty",
    "relative_content_loss",
    "relative_style_loss",
    "texture_loss",
    "total_variation",
    "warping_loss",
]
