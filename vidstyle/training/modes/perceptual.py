"""Perceptual mode: pictures to draw, and one work of art (or a few) whose looks are in a feature network's eyes."""

from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn.functional import interpolate

from vidstyle.errors import ConfigError, TrainingError
from vidstyle.measure.features import FeatureNetwork, load_features
from vidstyle.motion.warp import warp_differentiable
from vidstyle.training.engine import Engine
from vidstyle.training.evaluate import measure_unpaired
from vidstyle.training.losses import compound_loss, content_loss, gram, style_loss, total_variation
from vidstyle.training.modes.mode import Losses, Mode, Turn
from vidstyle.training.pairs import PairConfig, sample_pairs
from vidstyle.training.pictures import Example, gather
from vidstyle.training.recipe import Recipe
from vidstyle.training.section import Section
from vidstyle.training.sequences import ClipTerms
from vidstyle.training.sheet import write_drawings
from vidstyle.training.teachers import Picture
from vidstyle.training.temporal import from_network


class Features(Section):
    """The network that sees, and which of its stages count; stage 1 is the finest."""

    weights: Path = Field(description="torchvision's vgg16 or vgg19, or the normalised VGG-19; beside the recipe")
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
    """The weight of each term; the style term is scaled so that weight 1 starts as large as the content term."""

    content: float = Field(default=1.0, ge=0, description="squared difference of features")
    style: float = Field(default=1.0, ge=0, description="squared difference of Gram matrices, scaled at the first step")
    variation: float = Field(default=0.1, ge=0, description="squared difference of neighbouring pixels")
    temporal: float = Field(default=0.5, ge=0, description="change under a small warp, noise and brightness")


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
    """Content, Gram and variation losses, and compound regularization."""

    def __init__(self, recipe: PerceptualRecipe, run: Path) -> None:
        super().__init__(recipe, recipe.clips, run)
        self.recipe = recipe
        examples = gather(recipe.material.sources, recipe.root, seed=recipe.seed, recipe=recipe.name)
        self.examples = examples
        content = [example for example in examples if example.source.role == "content"]
        self.learned = [example for example in content if example.source.train]
        self.held_out = [example for example in content if not example.source.train]
        self.looks = [example.picture for example in examples if example.source.role == "style"]
        self.eyes = recipe.features.load(recipe.beside(recipe.features.weights), recipe.name)
        self._scale: float | None = None
        self._grams: list[Tensor] = []

    def play(self, step: int, share: float, engine: Engine) -> Turn:  # noqa: ARG002  # as all modes
        """Draw crops and second looks at them."""
        seed = self.seed + engine.processes.rank
        batch = sample_pairs(self.learned, self.recipe.pairs, seed=seed, step=step).to(engine.device)
        self._open_eyes(engine.device)
        with engine.forward():
            results = self.generator(torch.cat([batch.crops, batch.moved])).float()
        drawn, moved = results.chunk(2)
        seen, wanted = self.eyes(from_network(drawn)), self.eyes(from_network(batch.crops))
        features = self.recipe.features
        terms: Losses = {
            "content": content_loss(_of(seen, features.content), _of(wanted, features.content)),
            "style": style_loss(_of(seen, features.style), self._grams),
            "variation": total_variation(drawn),
            "temporal": compound_loss(moved, warp_differentiable(drawn, batch.flow), batch.inside),
        }
        if self._scale is None:
            self._scale = float(terms["content"].detach() / terms["style"].detach().clamp_min(1e-12))
        terms["style"] = terms["style"] * self._scale
        return Turn(terms, [getattr(self.recipe.losses, name) * term for name, term in terms.items()])

    def measure(self, generator: nn.Module, examples: list[Example]) -> dict[str, float]:
        """Give how much of the content is left, how near the works' looks are, and how still drawings hold."""
        return measure_unpaired(generator, examples, self.looks, self.eyes)

    def draw_sheet(self, path: Path, generator: nn.Module) -> None:
        """Write rows of source | result | a work to look like."""
        write_drawings(path, generator, self.held_out, self.looks)

    def memory(self) -> dict[str, Any]:
        """Give the scale of the style term, which the first step found."""
        return {"scale": self._scale}

    def recall(self, memory: dict[str, Any]) -> None:
        """Take back what `memory` gave."""
        self._scale = memory["scale"]

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
