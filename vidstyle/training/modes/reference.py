"""Reference mode: pictures to draw, and many works, each of which may be asked for as the style."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from vidstyle.motion.warp import warp_differentiable
from vidstyle.networks.reference import ReferenceGenerator
from vidstyle.training.engine import Engine
from vidstyle.training.evaluate import measure_unpaired
from vidstyle.training.evenly import evenly
from vidstyle.training.losses import (
    compound_loss,
    generator_loss,
    gram,
    moments,
    relative_content_loss,
    relative_style_loss,
    texture_loss,
    total_variation,
)
from vidstyle.training.modes.mode import DiscriminatorConfig, Losses, Mode, Turn
from vidstyle.training.modes.perceptual import Features
from vidstyle.training.pairs import PairBatch, PairConfig, sample_looks, sample_pairs
from vidstyle.training.pictures import Example, scaled
from vidstyle.training.recipe import Recipe
from vidstyle.training.section import Section
from vidstyle.training.sequences import ClipTerms
from vidstyle.training.sheet import render, write_rows
from vidstyle.training.sight import open_eyes
from vidstyle.training.strengths import sample_strengths
from vidstyle.training.teachers import Picture
from vidstyle.training.temporal import from_network
from vidstyle.training.textures import draw_textures


class ReferenceLosses(Section):
    """The weight of each term; content and style are relative, 1 where nothing of them is reached."""

    content: float = Field(default=1.0, ge=0, description="difference of features to the picture's")
    style: float = Field(default=4.0, ge=0, description="difference of Gram matrices to the work's")
    texture: float = Field(default=1.0, ge=0, description="difference of features' moments to the work's: strokes")
    identity: float = Field(default=0.5, ge=0, description="L1 of a work drawn in its own look; much forbids strokes")
    variation: float = Field(default=0.5, ge=0, description="squared difference of neighbouring pixels")
    temporal: float = Field(default=2.0, ge=0, description="change under a small warp, noise and brightness")
    adversarial: float = Field(default=0.2, ge=0, description="a discriminator that compares with the work itself")


class ReferenceRecipe(Recipe):
    """A generator learns to draw in the look of whatever picture it is shown (Ghiasi et al. 2017)."""

    mode: Literal["reference"]
    features: Features
    look: int = Field(default=256, ge=64, description="short side that works are brought to, pixels: brush size")
    distance: int = Field(
        default=1, ge=1, description="drawings are compared with works at 1/distance of the size: larger brushes"
    )
    works: int = Field(default=2, ge=1, description="works that take part in a step; pairs.count divides among them")
    sight: int = Field(
        default=1000, ge=0, description="steps in which the encoder alone learns to see, before the first of all"
    )
    textures: int = Field(default=0, ge=0, description="textures drawn by code among the works")
    discriminator: DiscriminatorConfig = DiscriminatorConfig(width=32, layers=3, start=0.15)
    pairs: PairConfig = PairConfig()
    clips: ClipTerms = ClipTerms()
    losses: ReferenceLosses = ReferenceLosses()

    @model_validator(mode="after")
    def _fits(self) -> "ReferenceRecipe":
        if {source.train for source in self.material.sources if source.role == "style"} != {True, False}:
            raise ValueError("material.sources needs works (role = 'style') with train = true, and some held out")
        if self.generator.name != "reference":
            raise ValueError("generator.name must be reference: no other generator looks at pictures")
        if self.pairs.count % self.works:
            raise ValueError(f"pairs.count {self.pairs.count} can't be divided among {self.works} works")
        return self


@dataclass(frozen=True, slots=True)
class _Seen:
    """Crops of works: what is looked at (`shown`) and another place of the same work (`real`), one row a crop."""

    shown: Tensor
    real: Tensor


class Reference(Mode):
    """Content and Gram losses to whichever work is shown, identity, and a discriminator that compares with the work."""

    def __init__(self, recipe: ReferenceRecipe, run: Path) -> None:
        super().__init__(recipe, recipe.clips, run)
        self.recipe = recipe
        works, held_works = self.gather(recipe)
        self.looks = [scaled(example.picture, recipe.look) for example in works]
        self.looks += draw_textures(recipe.textures, side=recipe.look, seed=recipe.seed)
        self.held_looks = [scaled(example.picture, recipe.look) for example in held_works]
        self.eyes = recipe.features.load(recipe.beside(recipe.features.weights), recipe.name)
        self.judges["work"] = recipe.discriminator.build(6, recipe.seed + 2)

    def play(self, step: int, share: float, engine: Engine) -> Turn:
        """Draw crops, each in the look of a work, second looks at them, and a work in its own look."""
        if step == 0 and self.recipe.sight:
            self._open_eyes(engine)
        seed = self.seed + engine.processes.rank
        rng = np.random.default_rng([seed, step, 5])
        batch = sample_pairs(self.learned, self.recipe.pairs, seed=seed, step=step).to(engine.device)
        seen = self._seen(rng, engine.device)
        strengths = sample_strengths(len(batch.crops), rng).to(engine.device)
        self.eyes.to(engine.device)
        drawn, moved, own = self._draw(batch, seen, strengths, engine)
        terms = self._compared(batch, seen, strengths, drawn) | {
            "identity": (own - seen.shown[:1]).abs().mean(),
            "variation": total_variation(drawn),
            "temporal": compound_loss(moved, warp_differentiable(drawn, batch.flow), batch.inside),
        }
        turn = Turn(terms, [])
        if share >= self.recipe.discriminator.start and self.recipe.losses.adversarial:
            judge, config = self.judges["work"], self.recipe.discriminator
            far = self._from_afar(drawn)
            shown, works = (crops[..., : far.shape[-2], : far.shape[-1]] for crops in (seen.shown, seen.real))
            fake = torch.cat((shown, far), 1)
            terms["adversarial"] = generator_loss(judge(fake).float(), config.loss)
            other = torch.cat((shown, works.roll(1, 0)), 1)  # drawn well, but not as the work shown is
            real, wrong = torch.cat((shown, works), 1), [fake.detach()] + [other] * (self.recipe.works > 1)
            turn.judging = [lambda: config.punish(judge, real, torch.cat(wrong), rng)]
        turn.weighted = [getattr(self.recipe.losses, name) * term for name, term in terms.items()]
        return turn

    def measure(self, generator: nn.Module, examples: list[Example]) -> dict[str, float]:
        """Give the figures of `measure_unpaired`, averaged over held-out works, each with two pictures.

        `score` = texture / texture_source + content + flicker / 10: edges, which strokes break, are not asked for.
        """
        rows = []
        for place, work in enumerate(evenly(self.held_looks, 6)):
            chosen = [examples[(2 * place + number) % len(examples)] for number in range(2)]
            painter, distance = _dressed(generator, work), self.recipe.distance
            rows.append(measure_unpaired(painter, chosen, [work], self.eyes, distance=distance))
        figures = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
        strokes = figures["texture"] / max(figures["texture_source"], 1e-6)
        figures["score"] = strokes + figures["content"] + figures["flicker"] / 10
        return {key: round(value, 4) for key, value in figures.items()}

    def draw_sheet(self, path: Path, generator: nn.Module) -> None:
        """Write rows of a held-out work and four pictures in its look; above them the pictures themselves."""
        pictures = [example.picture for example in evenly(self.held_out, 4)]
        pictures = [pictures[place % len(pictures)] for place in range(4)]
        rows = [(np.full_like(pictures[0], 255), *pictures)]
        for work in evenly(self.held_looks, 7):
            painter = _dressed(generator, work)
            rows.append((work, *(render(painter, picture) for picture in pictures)))
        write_rows(path, rows, width=1500)

    def _open_eyes(self, engine: Engine) -> None:
        generator = self.generator
        assert isinstance(generator, ReferenceGenerator)  # the recipe says so
        size, steps = self.recipe.pairs.size, self.recipe.sight
        open_eyes(generator.eye, self.eyes, self.looks, size=size, steps=steps, seed=self.seed)
        engine.processes.share(generator.eye)

    def _seen(self, rng: np.random.Generator, device: torch.device) -> _Seen:
        """Choose works, and two crops of each for every picture that is drawn in its look."""
        size, each = self.recipe.pairs.size, self.recipe.pairs.count // self.recipe.works
        works = [self.looks[rng.integers(len(self.looks))] for _ in range(self.recipe.works)]
        crops = torch.cat([sample_looks([work], size, 2 * each, rng) for work in works]).to(device)
        return _Seen(crops[0::2], crops[1::2])

    def _draw(self, batch: PairBatch, seen: _Seen, strengths: Tensor, engine: Engine) -> tuple[Tensor, Tensor, Tensor]:
        generator = self.generator
        assert isinstance(generator, ReferenceGenerator)  # the recipe says so
        with engine.forward():
            looks = generator.see(seen.shown)
            asked = torch.cat((batch.crops, batch.moved, seen.shown[:1]))
            strength = torch.cat((strengths, strengths, strengths.new_ones(1)))[:, None]
            results = generator.painter.paint(
                asked.contiguous(memory_format=torch.channels_last), torch.cat((looks, looks, looks[:1])), strength
            )
        drawn, moved, own = torch.split(results.float(), [len(strengths), len(strengths), 1])
        return drawn, moved, own

    def _from_afar(self, pictures: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool2d(pictures, self.recipe.distance)

    def _compared(self, batch: PairBatch, seen: _Seen, strengths: Tensor, drawn: Tensor) -> Losses:
        """Content and style: what a network sees of the drawings against what it sees of pictures and works."""
        features = self.recipe.features
        found = self.eyes(from_network(self._from_afar(drawn)))
        with torch.no_grad():
            picture, work = (self.eyes(from_network(x)) for x in (self._from_afar(batch.crops), seen.shown))
            share = strengths[:, None, None]
            grams = [torch.lerp(gram(picture[s - 1]), gram(work[s - 1]), share) for s in features.style]
            strokes = [torch.lerp(moments(picture[s - 1]), moments(work[s - 1]), share) for s in features.style]
        style = [found[s - 1] for s in features.style]
        return {
            "content": relative_content_loss(
                [found[s - 1] for s in features.content], [picture[s - 1] for s in features.content]
            ),
            "style": relative_style_loss(style, grams),
            "texture": texture_loss(style, strokes),
        }


def _dressed(generator: nn.Module, work: Picture) -> nn.Module:
    assert isinstance(generator, ReferenceGenerator)  # the recipe says so
    device = next(generator.parameters()).device
    image = torch.from_numpy(work).permute(2, 0, 1)[None].float().to(device) / 127.5 - 1
    return generator.dressed(image)
