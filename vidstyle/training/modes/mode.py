"""What all modes share."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from vidstyle.errors import TrainingError
from vidstyle.networks import (
    DISCRIMINATORS,
    TemporalDiscriminator,
    build_generator,
    is_adjustable,
    load_style,
    with_strength,
)
from vidstyle.networks.initialization import initialize
from vidstyle.training.engine import Engine
from vidstyle.training.losses import Adversarial, discriminator_loss, generator_loss, gradient_penalty, r1_penalty
from vidstyle.training.pairs import sample_looks
from vidstyle.training.pictures import Example, gather
from vidstyle.training.recipe import Recipe
from vidstyle.training.section import Section
from vidstyle.training.sequences import ClipTerms, Sequence, gather_sequences, sample_sequences
from vidstyle.training.teachers import Picture, Teacher
from vidstyle.training.temporal import draw_sequence, moving_stills, temporal_losses, to_network

Losses = dict[str, Tensor]


class DiscriminatorConfig(Section):
    """The network that tells drawings from real ones, and how it is punished."""

    kind: str = Field(default="patch", description="patch, pixel or dense")
    width: int = Field(default=24, ge=1, description="channels of its first layer; of a dense one, neurons")
    layers: int = Field(default=2, ge=1, le=5, description="of a PatchGAN: 1, 2, 3 judge 16, 34, 70 pixels")
    start: float = Field(default=0.4, ge=0, le=1, description="share of the steps after which it takes part")
    loss: Adversarial = Field(default="least-squares", description="how both players are punished")
    spectral: bool = Field(default=False, description="spectral norm (Miyato et al. 2018) on its layers")
    penalty: float = Field(default=0.0, ge=0, description="weight of the gradient penalty (WGAN-GP; 10 there)")
    r1: float = Field(default=0.0, ge=0, description="weight of the R1 penalty (Mescheder et al. 2018; 10 there)")

    def build(self, channels: int, seed: int) -> nn.Module:
        """Make one for pictures of so many channels."""
        options = {"layers": self.layers} if self.kind in ("patch", "dense") else {}
        network = DISCRIMINATORS.get(self.kind)(channels=channels, width=self.width, **options)
        initialize(network, seed=seed)
        if self.spectral:
            for layer in list(network.modules()):
                if isinstance(layer, nn.Conv2d | nn.Linear):
                    nn.utils.parametrizations.spectral_norm(layer)
        return network

    def punish(self, judge: nn.Module, real: Tensor, fake: Tensor, rng: np.random.Generator) -> Tensor:
        """Give the discriminator's loss with its penalties; `fake` carries no gradient."""
        loss = discriminator_loss(judge(real).float(), judge(fake).float(), self.loss)
        if self.penalty:
            share = torch.from_numpy(rng.random((len(real), 1, 1, 1))).to(real)
            loss = loss + self.penalty * gradient_penalty(judge, real, fake[: len(real)], share)
        if self.r1:
            loss = loss + self.r1 * r1_penalty(judge, real)
        return loss


@dataclass(slots=True)
class Turn:
    """What one step of a mode comes to.

    Convention: `terms` are told, as they are; `weighted` are the generators' losses; `judging` gives the
    discriminators' losses, asked for once the generators have taken their step.
    """

    terms: Losses
    weighted: list[Tensor]
    judging: list[Callable[[], Tensor]] = field(default_factory=list)


class Mode(ABC):
    """What is trained, and what it is punished for.

    Convention: `networks["generator"]` is what will be shipped; all pictures inside are in -1 … 1. `learned` are
    pictures to draw, `held_out` such that nothing is learned from, `looks` what drawings should look like,
    `held_looks` such of these that nothing is learned from.

    Raises TrainingError where the generator is adjustable and the mode can't teach it strengths.
    """

    teaches_strength = False

    def __init__(self, recipe: Recipe, clips: ClipTerms, run: Path) -> None:
        self.clips, self.seed, self.run = clips, recipe.seed, run
        self.networks, self.judges = nn.ModuleDict(), nn.ModuleDict()
        self.networks["generator"] = build_generator(recipe.generator)
        initialize(self.networks["generator"], seed=recipe.seed)
        if recipe.start is not None:
            _start_from(recipe.start, self.networks["generator"], recipe)
        if is_adjustable(self.generator) and not self.teaches_strength:
            message = (
                f"mode {recipe.mode} can't teach strengths, because nothing tells what lies between; use pix2pix or "
            )
            raise TrainingError(f"{message}perceptual, or another generator", recipe=recipe.name)
        self.examples: list[Example] = []
        self.learned: list[Example] = []
        self.held_out: list[Example] = []
        self.looks: list[Picture] = []
        self.held_looks: list[Picture] = []
        self.sequences: list[Sequence] = []
        if clips.weigh:
            sources = tuple(source for source in recipe.material.sources if source.train and source.role == "content")
            self.sequences = gather_sequences(sources, recipe.root, clips, recipe.name)
        if clips.adversarial:
            self.judges["temporal"] = TemporalDiscriminator(width=16, layers=2)
            initialize(self.judges["temporal"], seed=recipe.seed + 9)

    def gather(self, recipe: Recipe, teacher: Teacher | None = None) -> tuple[list[Example], list[Example]]:
        """Take in a recipe's pictures; gives those that are works, to learn from and held out."""
        self.examples = gather(
            recipe.material.sources, recipe.root, teacher,
            cache=self.run / "targets", seed=recipe.seed, recipe=recipe.name,
        )  # fmt: skip
        found = {(each.source.role, each.source.train): list[Example]() for each in self.examples}
        for example in self.examples:
            found[example.source.role, example.source.train].append(example)
        self.learned, self.held_out = found.get(("content", True), []), found.get(("content", False), [])
        return found.get(("style", True), []), found.get(("style", False), [])

    @property
    def generator(self) -> nn.Module:
        """What will be shipped."""
        return self.networks["generator"]

    def draw(self, pictures: Tensor, strengths: Tensor) -> Tensor:
        """Let the generator draw, each picture at its strength where it takes one."""
        told = with_strength(self.generator, pictures, strengths)
        drawn: Tensor = self.generator(told.contiguous(memory_format=torch.channels_last))
        return drawn.float()

    @abstractmethod
    def play(self, step: int, share: float, engine: Engine) -> Turn:
        """Draw the pictures of a step and say what they cost; `share` of all steps is done."""

    @abstractmethod
    def measure(self, generator: nn.Module, examples: list[Example]) -> dict[str, float]:
        """Give figures of a generator on some pictures; the best checkpoint has the least `score` on held-out ones."""

    @abstractmethod
    def draw_sheet(self, path: Path, generator: nn.Module) -> None:
        """Write a contact sheet of held-out pictures."""

    def memory(self) -> dict[str, Any]:
        """Give what a resumed training needs beside the networks: nothing, unless a mode says otherwise."""
        return {}

    def recall(self, memory: dict[str, Any]) -> None:
        """Take back what `memory` gave."""
        if memory:
            raise ValueError(f"{type(self).__name__} remembers nothing, but {', '.join(memory)} came")

    def advance(self, step: int, share: float, engine: Engine) -> Losses:
        """Take one step of all generators, then one of all discriminators; gives the losses."""
        turn = self.play(step, share, engine)
        if self.clips.weigh:
            self._add_clips(turn, step, engine)
        engine.descend("networks", torch.stack(turn.weighted).sum())
        if turn.judging:
            turn.terms["discriminator"] = torch.stack([judge() for judge in turn.judging]).sum()
            engine.descend("judges", turn.terms["discriminator"])
        return {name: term.detach() for name, term in turn.terms.items()}

    def _add_clips(self, turn: Turn, step: int, engine: Engine) -> None:
        """Let the generator draw consecutive frames, and add their temporal terms."""
        seed = self.seed + engine.processes.rank
        batch = sample_sequences(self.sequences, self.clips, seed=seed, step=step).to(engine.device)
        with engine.forward():
            drawn = draw_sequence(
                self.generator,
                batch,
                features=self.clips.features > 0,
                encode=lambda images: with_strength(self.generator, to_network(images)),
            )
        losses = temporal_losses(drawn, batch, self.clips)
        if self.clips.adversarial:
            judge, rng = self.judges["temporal"], np.random.default_rng([seed, step, 3])
            stills = sample_looks(self.looks, self.clips.size, self.clips.count, rng).to(engine.device)
            losses["moving"] = self.clips.adversarial * generator_loss(judge(drawn.clip).float())
            real, fake = moving_stills(stills, batch), drawn.clip.detach()
            turn.judging.append(lambda: discriminator_loss(judge(real).float(), judge(fake).float()))
        turn.terms |= losses
        turn.weighted += losses.values()


def _start_from(start: str, generator: nn.Module, recipe: Recipe) -> None:
    style = load_style(str(recipe.beside(Path(start))) if "/" in start else start)
    if (style.card.generator, style.card.value_range) != (recipe.generator, "-1..1"):
        wanted, found = (f"{spec.name} {spec.options}" for spec in (recipe.generator, style.card.generator))
        message = f"start = {start!r} is a {found} for {style.card.value_range}, the recipe's generator a {wanted} for"
        raise TrainingError(f"{message} -1..1; make them the same, or drop start", recipe=recipe.name)
    generator.load_state_dict(style.generator.state_dict())
