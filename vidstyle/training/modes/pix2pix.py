"""Paired mode: pictures and how they are to be drawn, by a filter, by another network, or by hand."""

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from vidstyle.motion.warp import warp_differentiable
from vidstyle.networks import is_adjustable
from vidstyle.training.engine import Engine
from vidstyle.training.evaluate import measure_pairs
from vidstyle.training.losses import compound_loss, crispness_loss, edge_loss, generator_loss
from vidstyle.training.modes.mode import DiscriminatorConfig, Losses, Mode, Turn
from vidstyle.training.pairs import PairBatch, PairConfig, sample_pairs
from vidstyle.training.pictures import Example, gather
from vidstyle.training.recipe import Recipe
from vidstyle.training.section import Section
from vidstyle.training.sequences import ClipTerms
from vidstyle.training.sheet import write_sheet
from vidstyle.training.strengths import at_levels, measure_dial
from vidstyle.training.teachers import InkTeacher
from vidstyle.training.tutors import Tutor


class PairedLosses(Section):
    """The weight of each term in the generator's loss; pictures are in -1 … 1."""

    l1: float = Field(default=1.0, ge=0, description="distance to the target")
    edges: float = Field(default=0.5, ge=0, description="distance between the finite differences of both")
    crispness: float = Field(default=0.0, ge=0, description="distance of the highest steps to the target's, and grain")
    temporal: float = Field(default=0.5, ge=0, description="change under a small warp, noise and brightness")
    adversarial: float = Field(default=0.01, ge=0, description="GAN, once the discriminator takes part")


class Pix2pixRecipe(Recipe):
    """A generator learns to draw each picture as its target is drawn (Isola et al. 2017)."""

    mode: Literal["pix2pix"]
    discriminator: DiscriminatorConfig = DiscriminatorConfig()
    teacher: Tutor = InkTeacher()
    pairs: PairConfig = PairConfig()
    clips: ClipTerms = ClipTerms()
    losses: PairedLosses = PairedLosses()
    levels: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        default=(0.25, 0.5, 0.75),
        description="strengths that the teacher draws for an adjustable generator, beside 0 and 1",
    )


class Pix2pix(Mode):
    """L1 and edges against the target, compound regularization, and a PatchGAN that sees source and drawing."""

    teaches_strength = True

    def __init__(self, recipe: Pix2pixRecipe, run: Path) -> None:
        super().__init__(recipe, recipe.clips, run)
        self.recipe = recipe
        self.teacher = recipe.teacher.resolved(recipe.beside)
        examples = gather(
            recipe.material.sources,
            recipe.root,
            self.teacher,
            cache=run / "targets",
            seed=recipe.seed,
            recipe=recipe.name,
        )
        self.examples = examples
        learned = [example for example in examples if example.source.train]
        adjustable = is_adjustable(self.generator)
        self.learned = learned
        self.drawn = at_levels(learned, self.teacher, recipe.levels, run / "targets") if adjustable else learned
        self.held_out = [example for example in examples if not example.source.train]
        self.looks = [example.target for example in self.learned]
        self.held_looks = [example.target for example in self.held_out]
        self.judges["pairs"] = recipe.discriminator.build(6, recipe.seed + 1)

    def play(self, step: int, share: float, engine: Engine) -> Turn:
        """Draw crops and second looks at them; the discriminator sees source and drawing together."""
        weights, judge = self.recipe.losses, self.recipe.discriminator
        seed = self.seed + engine.processes.rank
        batch = sample_pairs(self.drawn, self.recipe.pairs, seed=seed, step=step).to(engine.device)
        sources, targets = torch.cat([batch.crops, batch.moved]), torch.cat([batch.targets, batch.moved_targets])
        with engine.forward():
            results = self.draw(sources, batch.strengths.repeat(2))
        turn = Turn(self._terms(batch, results, targets), [])
        if weights.adversarial and share >= judge.start:
            network, rng = self.judges["pairs"], np.random.default_rng([seed, step, 4])
            turn.terms["adversarial"] = generator_loss(network(torch.cat([sources, results], 1)).float(), judge.loss)
            real, fake = torch.cat([sources, targets], 1), torch.cat([sources, results.detach()], 1)
            turn.judging.append(lambda: judge.punish(network, real, fake, rng))
        turn.weighted = [getattr(weights, name) * term for name, term in turn.terms.items()]
        return turn

    def measure(self, generator: nn.Module, examples: list[Example]) -> dict[str, float]:
        """Give how near the generator is to the targets, and how still it holds."""
        return measure_pairs(generator, examples, self.teacher) | measure_dial(generator, examples)

    def draw_sheet(self, path: Path, generator: nn.Module) -> None:
        """Write rows of source | target | result."""
        write_sheet(path, generator, self.held_out)

    def _terms(self, batch: PairBatch, results: Tensor, targets: Tensor) -> Losses:
        count = len(batch.crops)
        warped = warp_differentiable(results[:count], batch.flow)
        crisp = {"crispness": crispness_loss(results, targets)} if self.recipe.losses.crispness else {}
        return crisp | {
            "l1": (results - targets).abs().mean(),
            "edges": edge_loss(results, targets),
            "temporal": compound_loss(results[count:], warped, batch.inside),
        }
