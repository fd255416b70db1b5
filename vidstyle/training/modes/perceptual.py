"""Perceptual mode: pictures to draw, and one work of art (or a few) whose looks are in a feature network's eyes."""

from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn.functional import interpolate

from vidstyle.errors import ConfigError, TrainingError
from vidstyle.measure.features import FeatureNetwork, load_features
from vidstyle.motion.warp import warp_differentiable
from vidstyle.networks import is_adjustable
from vidstyle.training.engine import Engine
from vidstyle.training.evaluate import measure_unpaired
from vidstyle.training.losses import (
    compound_loss,
    gram,
    relative_content_loss,
    relative_style_loss,
    total_variation,
)
from vidstyle.training.modes.mode import Losses, Mode, Turn
from vidstyle.training.pairs import PairConfig, sample_pairs
from vidstyle.training.pictures import Example
from vidstyle.training.recipe import Recipe
from vidstyle.training.section import Section
from vidstyle.training.sequences import ClipTerms
from vidstyle.training.sheet import write_drawings
from vidstyle.training.strengths import measure_dial, sample_strengths
from vidstyle.training.teachers import Picture
from vidstyle.training.temporal import from_network


class Features(Section):
    """The network that sees, and which of its stages count; stage 1 is the finest."""

    weights: Path = Field(
        description="a file beside the recipe: torchvision's vgg16 or vgg19, the normalised or the distilled VGG-19; "
        "or torchvision:vgg19, which is downloaded"
    )
    content: tuple[int, ...] = Field(default=(3,), min_length=1, description="stages that tell what is to be seen")
    style: tuple[int, ...] = Field(default=(1, 2, 3, 4), min_length=1, description="stages that tell how it is drawn")

    def load(self, path: Path, recipe: str) -> FeatureNetwork:
        """Load the network and see that it has those stages."""
        try:
            network = load_features(path)
        except ConfigError as error:
            raise TrainingError(f"features.weights: {error}", recipe=recipe) from error
        stages = len(network(torch.zeros(1, 3, 64, 64)))
        if max(self.content + self.style) > stages:
            message = f"features: {path} has {stages} stages, not {max(self.content + self.style)}"
            raise TrainingError(message, recipe=recipe)
        return network


class PerceptualLosses(Section):
    """The weight of each term; content and style are relative, 1 where nothing of them is reached."""

    content: float = Field(default=1.0, ge=0, description="squared difference of features")
    style: float = Field(default=20.0, ge=0, description="squared difference of Gram matrices")
    variation: float = Field(default=0.1, ge=0, description="squared difference of neighbouring pixels")
    temporal: float = Field(default=0.5, ge=0, description="change under a small warp, noise and brightness")
    identity: float = Field(
        default=1.0, ge=0, description="L1 to the picture itself, times 1 - strength; of adjustable generators only"
    )


class PerceptualRecipe(Recipe):
    """A generator learns to keep what a network sees and to match its correlations (Johnson et al. 2016)."""

    mode: Literal["perceptual"]
    features: Features
    look: int = Field(default=256, ge=64, description="short side that the works are looked at, pixels: brush size")
    pairs: PairConfig = PairConfig()
    clips: ClipTerms = ClipTerms()
    losses: PerceptualLosses = PerceptualLosses()

    @model_validator(mode="after")
    def _has_looks(self) -> "PerceptualRecipe":
        if not any(source.role == "style" and source.train for source in self.material.sources):
            raise ValueError("material.sources holds nothing to look like; give one of them role = 'style'")
        return self


class Perceptual(Mode):
    """Content, Gram and variation losses, and compound regularization.

    An adjustable generator is asked for Gram matrices between the picture's own (strength 0) and the works' (1), so
    that at half strength it does not mix pixels, but draws what correlates half-way.
    """

    teaches_strength = True

    def __init__(self, recipe: PerceptualRecipe, run: Path) -> None:
        super().__init__(recipe, recipe.clips, run)
        self.recipe = recipe
        self.gather(recipe)
        self.looks = [example.picture for example in self.examples if example.source.role == "style"]
        self.eyes = recipe.features.load(recipe.beside(recipe.features.weights), recipe.name)
        self._grams: list[Tensor] = []

    def play(self, step: int, share: float, engine: Engine) -> Turn:  # noqa: ARG002  # as all modes
        """Draw crops and second looks at them."""
        seed = self.seed + engine.processes.rank
        batch = sample_pairs(self.learned, self.recipe.pairs, seed=seed, step=step).to(engine.device)
        self._open_eyes(engine.device)
        strengths = self._strengths(seed, step).to(engine.device)
        with engine.forward():
            results = self.draw(torch.cat([batch.crops, batch.moved]), strengths.repeat(2))
        drawn, moved = results.chunk(2)
        seen, wanted = self.eyes(from_network(drawn)), self.eyes(from_network(batch.crops))
        features = self.recipe.features
        grams = self._grams_between(_of(wanted, features.style), strengths)
        terms: Losses = {
            "content": relative_content_loss(_of(seen, features.content), _of(wanted, features.content)),
            "style": relative_style_loss(_of(seen, features.style), grams),
            "variation": total_variation(drawn),
            "temporal": compound_loss(moved, warp_differentiable(drawn, batch.flow), batch.inside),
        }
        if is_adjustable(self.generator):
            terms["identity"] = ((drawn - batch.crops).abs().mean((1, 2, 3)) * (1 - strengths)).mean()
        return Turn(terms, [getattr(self.recipe.losses, name) * term for name, term in terms.items()])

    def measure(self, generator: nn.Module, examples: list[Example]) -> dict[str, float]:
        """Give how much of the content is left, how near the works' looks are, and how still drawings hold."""
        return measure_unpaired(generator, examples, self.looks, self.eyes) | measure_dial(generator, examples)

    def draw_sheet(self, path: Path, generator: nn.Module) -> None:
        """Write rows of source | result | a work to look like."""
        write_drawings(path, generator, self.held_out, self.looks)

    def _strengths(self, seed: int, step: int) -> Tensor:
        count = self.recipe.pairs.count
        if not is_adjustable(self.generator):
            return torch.ones(count)
        return sample_strengths(count, np.random.default_rng([seed, step, 5]))

    def _grams_between(self, pictures: list[Tensor], strengths: Tensor) -> list[Tensor]:
        if not is_adjustable(self.generator):
            return self._grams
        share = strengths[:, None, None]
        return [torch.lerp(gram(own), wanted, share) for own, wanted in zip(pictures, self._grams, strict=True)]

    def _open_eyes(self, device: torch.device) -> None:
        if self._grams:
            return
        self.eyes.to(device)
        grams = [[gram(each) for each in self._seen(look, device)] for look in self.looks]
        self._grams = [torch.stack(layer).mean(0) for layer in zip(*grams, strict=True)]

    @torch.no_grad()
    def _seen(self, look: Picture, device: torch.device) -> list[Tensor]:
        image = torch.from_numpy(look).permute(2, 0, 1)[None].float().to(device) / 255
        ratio = self.recipe.look / min(image.shape[-2:])
        size = [round(side * ratio) for side in image.shape[-2:]]
        image = interpolate(image, size=size, mode="bilinear", antialias=True, align_corners=False)
        return _of(self.eyes(image), self.recipe.features.style)


def _of(features: list[Tensor], stages: tuple[int, ...]) -> list[Tensor]:
    return [features[stage - 1] for stage in stages]
