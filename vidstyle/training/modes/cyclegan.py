"""Unpaired mode: pictures to draw on the one side, drawings of anything on the other."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from vidstyle.motion.luma import luma
from vidstyle.motion.warp import warp_differentiable
from vidstyle.networks import GeneratorSpec, build_generator
from vidstyle.networks.initialization import initialize
from vidstyle.training.engine import Engine
from vidstyle.training.evaluate import measure_unpaired
from vidstyle.training.losses import compound_loss, edge_loss, generator_loss, hue_loss
from vidstyle.training.modes.mode import DiscriminatorConfig, Losses, Mode, Turn
from vidstyle.training.pairs import PairConfig, sample_looks, sample_pairs
from vidstyle.training.pictures import Example
from vidstyle.training.pool import ImagePool
from vidstyle.training.recipe import Recipe
from vidstyle.training.section import Section
from vidstyle.training.sequences import ClipTerms
from vidstyle.training.sheet import write_drawings
from vidstyle.training.tutors import Tutor


class CycleLosses(Section):
    """The weight of each term in the generators' loss; pictures are in -1 … 1."""

    adversarial: float = Field(default=1.0, ge=0, description="GAN, for both directions")
    cycle: float = Field(default=10.0, ge=0, description="L1 between a picture and what comes back of it")
    identity: float = Field(default=5.0, ge=0, description="L1 between a drawing and the drawing of it")
    temporal: float = Field(default=0.0, ge=0, description="change under a small warp, noise and brightness")
    drawing: float = Field(
        default=0.0,
        ge=0,
        description="distance of the finite differences of light to the teacher's",
    )
    hue: float = Field(default=0.0, ge=0, description="distance of colour to the teacher's, over squares of 8 px")


class CycleganRecipe(Recipe):
    """A generator and its inverse learn from pictures and drawings that do not belong together (Zhu et al. 2017)."""

    mode: Literal["cyclegan"]
    inverse: GeneratorSpec | None = Field(default=None, description="the way back; none: like the generator")
    discriminator: DiscriminatorConfig = DiscriminatorConfig(width=64, layers=3, start=0)
    grey: bool = Field(
        default=False,
        description="for looks without colour: what comes back is compared, and judged, by its brightness alone",
    )
    teacher: Tutor | None = Field(
        default=None,
        description="draws what must come back in the pictures' place; none: the pictures themselves. Begin with a "
        "style that draws like it: the way there then need not keep what the teacher leaves out; `losses.drawing` "
        "sees to it that it does not learn to leave the drawing to the way back",
    )
    pool: int = Field(default=50, ge=1, description="drawings of the past that the discriminators see again")
    pairs: PairConfig = PairConfig()
    clips: ClipTerms = ClipTerms()
    losses: CycleLosses = CycleLosses()

    @model_validator(mode="after")
    def _has_looks(self) -> "CycleganRecipe":
        if not any(source.role == "style" and source.train for source in self.material.sources):
            raise ValueError("material.sources holds nothing to look like; give one of them role = 'style'")
        return self


class Cyclegan(Mode):
    """Adversarial, cycle and identity losses in both directions, and compound regularization on the way there."""

    def __init__(self, recipe: CycleganRecipe, run: Path) -> None:
        super().__init__(recipe, recipe.clips, run)
        self.recipe = recipe
        works, held_works = self.gather(recipe, recipe.teacher and recipe.teacher.resolved(recipe.beside))
        self.looks = [example.picture for example in works]
        self.held_looks = [example.picture for example in held_works] or self.looks
        self.networks["inverse"] = build_generator(recipe.inverse or recipe.generator)
        initialize(self.networks["inverse"], seed=recipe.seed + 1)
        for number, name in enumerate(("style", "content")):
            self.judges[name] = recipe.discriminator.build(3, recipe.seed + 2 + number)
        self.pools = {name: ImagePool(recipe.pool) for name in ("style", "content")}

    def play(self, step: int, share: float, engine: Engine) -> Turn:
        """Draw there and back, from both sides."""
        seed = self.seed + engine.processes.rank
        rng = np.random.default_rng([seed, step, 4])
        batch = sample_pairs(self.learned, self.recipe.pairs, seed=seed, step=step).to(engine.device)
        count, size = self.recipe.pairs.count, self.recipe.pairs.size
        looks = sample_looks(self.looks, size, count, rng).to(engine.device)
        there, back = self.networks["generator"], self.networks["inverse"]
        with engine.forward():
            drawn, moved, same_look = there(torch.cat([batch.crops, batch.moved, looks])).float().split(count)
            plain, same_picture = back(torch.cat([looks, batch.targets])).float().split(count)
            again, look_again = back(drawn).float(), there(plain).float()
        # Colour can't come back out of a look that has none; asked for, it would be hidden in the drawing.
        pictures, again, same_picture, plain_seen = map(self._seen, (batch.targets, again, same_picture, plain))
        terms: Losses = {
            "cycle": (again - pictures).abs().mean() + (look_again - looks).abs().mean(),
            "identity": (same_look - looks).abs().mean() + (same_picture - pictures).abs().mean(),
            "temporal": compound_loss(moved, warp_differentiable(drawn, batch.flow), batch.inside),
        }
        if self.recipe.losses.drawing:
            terms["drawing"] = edge_loss(luma(drawn), luma(batch.targets))
        if self.recipe.losses.hue:
            terms["hue"] = hue_loss(drawn, batch.targets)
        turn = Turn(terms, [])
        if share >= self.recipe.discriminator.start:
            sides = {"style": (looks, drawn), "content": (pictures, plain_seen)}
            judge = self.recipe.discriminator
            logits = [self.judges[name](fake).float() for name, (_, fake) in sides.items()]
            terms["adversarial"] = torch.stack([generator_loss(each, judge.loss) for each in logits]).sum()
            turn.judging = [
                lambda name=name, real=real, fake=fake: self._judge(name, real, fake.detach(), rng)  # type: ignore[misc]
                for name, (real, fake) in sides.items()
            ]
        turn.weighted = [getattr(self.recipe.losses, name) * term for name, term in terms.items()]
        return turn

    def measure(self, generator: nn.Module, examples: list[Example]) -> dict[str, float]:
        """Give how much of the content is left, how near the drawings' looks are, and how still they hold."""
        return measure_unpaired(generator, examples, self.held_looks)

    def draw_sheet(self, path: Path, generator: nn.Module) -> None:
        """Write rows of source | result | a drawing to look like."""
        write_drawings(path, generator, self.held_out, self.held_looks)

    def memory(self) -> dict[str, Any]:
        """Give the drawings of the past."""
        return {name: pool.memory() for name, pool in self.pools.items()}

    def recall(self, memory: dict[str, Any]) -> None:
        """Take back what `memory` gave."""
        device = next(self.generator.parameters()).device
        for name, pool in self.pools.items():
            pool.recall(memory[name], device)

    def _seen(self, pictures: Tensor) -> Tensor:
        return luma(pictures).expand_as(pictures) if self.recipe.grey else pictures

    def _judge(self, name: str, real: Tensor, fake: Tensor, rng: np.random.Generator) -> Tensor:
        return self.recipe.discriminator.punish(self.judges[name], real, self.pools[name].exchange(fake, rng), rng)
