"""The optimization: steps, schedule, moving average, and everything that a checkpoint must hold."""

import copy
import math
from typing import Any

import torch
from torch import Tensor, nn

from vidstyle.errors import TrainingError
from vidstyle.motion.warp import warp_differentiable
from vidstyle.networks import PatchDiscriminator, build_generator
from vidstyle.networks.initialization import initialize
from vidstyle.training.losses import discriminator_loss, edge_loss, generator_loss, temporal_loss
from vidstyle.training.pairs import PairBatch, sample_pairs
from vidstyle.training.pictures import Example
from vidstyle.training.recipe import Recipe

PATIENCE = 200


class Trainer:
    """One training in progress. `step` counts finished steps, `seconds` the time they took, all runs together."""

    def __init__(self, recipe: Recipe, examples: list[Example], device: torch.device) -> None:
        self.recipe, self.examples, self.device = recipe, examples, device
        self.step, self.seconds = 0, 0.0
        self.generator = build_generator(recipe.generator)
        initialize(self.generator, seed=recipe.seed)
        self.generator.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.generator).eval().requires_grad_(False)
        judge = recipe.discriminator
        self.discriminator = PatchDiscriminator(channels=6, width=judge.width, layers=judge.layers)
        initialize(self.discriminator, seed=recipe.seed + 1)
        self.discriminator.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.adam = torch.optim.Adam(self.generator.parameters(), betas=(0.9, 0.99))
        self.adam_discriminator = torch.optim.Adam(self.discriminator.parameters(), betas=(0.5, 0.99))
        self._best, self._bad, self._smooth = math.inf, 0, math.inf

    @property
    def progress(self) -> float:
        """The share of the steps that is done, 0..1."""
        return self.step / self.recipe.schedule.steps

    def advance(self) -> dict[str, float]:
        """Take one step; returns the losses.

        Raises TrainingError when the training diverges.
        """
        batch = sample_pairs(self.examples, self.recipe.pairs, seed=self.recipe.seed, step=self.step)
        self._set_rates()
        losses = self._step(batch)
        self._update_average()
        self.step += 1
        self._watch(losses)
        return losses

    def state(self) -> dict[str, Any]:
        """All that `restore` needs: tensors, numbers and strings."""
        parts = {name: getattr(self, name).state_dict() for name in _PARTS}
        watch = {"best": self._best, "bad": self._bad, "smooth": self._smooth}
        return parts | {"step": self.step, "seconds": self.seconds, "recipe": _fingerprint(self.recipe), "watch": watch}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`. Raises TrainingError when it is of another recipe; only the schedule may differ."""
        if state.get("recipe") != _fingerprint(self.recipe):
            message = "the checkpoint is of a recipe with other settings; only [schedule] may change between runs"
            raise TrainingError(f"{message}. Restore the recipe, or train anew without --resume", recipe=self.name)
        for name in _PARTS:
            getattr(self, name).load_state_dict(state[name])
        self.step, self.seconds = state["step"], state["seconds"]
        self._best, self._bad, self._smooth = (state["watch"][key] for key in ("best", "bad", "smooth"))

    @property
    def name(self) -> str:
        """The recipe's name, for messages."""
        return self.recipe.name

    def _step(self, batch: PairBatch) -> dict[str, float]:
        weights, count = self.recipe.losses, len(batch.crops)
        sources = torch.cat([batch.crops, batch.moved]).to(self.device, memory_format=torch.channels_last)
        targets = torch.cat([batch.targets, batch.moved_targets]).to(self.device)
        results = self.generator(sources)
        warped = warp_differentiable(results[:count], batch.flow.to(self.device))
        terms: dict[str, Tensor] = {
            "l1": (results - targets).abs().mean(),
            "edges": edge_loss(results, targets),
            "temporal": temporal_loss(results[count:], warped, batch.inside.to(self.device)),
        }
        judging = weights.adversarial > 0 and self.progress >= self.recipe.discriminator.start
        if judging:
            terms["adversarial"] = generator_loss(self.discriminator(torch.cat([sources, results], 1)))
        total = torch.stack([getattr(weights, name) * term for name, term in terms.items()]).sum()
        self._descend(total)
        if judging:
            terms["discriminator"] = self._step_discriminator(sources, targets, results.detach())
        return {name: term.item() for name, term in terms.items()}

    def _descend(self, total: Tensor) -> None:
        self.adam.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.generator.parameters(), self.recipe.schedule.clip)
        self.adam.step()

    def _step_discriminator(self, sources: Tensor, targets: Tensor, results: Tensor) -> Tensor:
        real = self.discriminator(torch.cat([sources, targets], 1))
        fake = self.discriminator(torch.cat([sources, results], 1))
        loss = discriminator_loss(real, fake)
        self.adam_discriminator.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.adam_discriminator.step()
        return loss.detach()

    def _set_rates(self) -> None:
        schedule = self.recipe.schedule
        falling = (1 - self.progress) / max(1 - schedule.decay_from, 1e-9)
        factor = min(1.0, (self.step + 1) / max(schedule.warmup, 1), max(falling, 0.0))
        rates = ((self.adam, schedule.rate), (self.adam_discriminator, schedule.rate_discriminator))
        for adam, rate in rates:
            for group in adam.param_groups:
                group["lr"] = rate * factor

    def _update_average(self) -> None:
        # Young averages forget faster, or the random start would linger for thousands of steps.
        decay = min(self.recipe.schedule.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, current in zip(self.average.parameters(), self.generator.parameters(), strict=True):
                mean.lerp_(current, 1 - decay)

    def _watch(self, losses: dict[str, float]) -> None:
        if not all(math.isfinite(loss) for loss in losses.values()):
            self._diverged(f"a loss is not a number: {losses}")
        smooth = losses["l1"] if math.isinf(self._smooth) else 0.99 * self._smooth + 0.01 * losses["l1"]
        self._smooth, self._best = smooth, min(self._best, smooth)
        self._bad = self._bad + 1 if smooth > 3 * self._best else 0
        if self._bad >= PATIENCE:
            self._diverged(f"L1 is {smooth:.3f}, its best was {self._best:.3f}")

    def _diverged(self, why: str) -> None:
        message = f"training diverged at step {self.step}: {why}; lower schedule.rate or losses.adversarial"
        raise TrainingError(message, recipe=self.name)


_PARTS = ("generator", "average", "discriminator", "adam", "adam_discriminator")


def _fingerprint(recipe: Recipe) -> str:
    """What may not change between runs: all but the schedule and what only the card says."""
    free = {"schedule", "title", "description", "licence", "limits", "stability", "material"}
    return recipe.model_dump_json(exclude=free)
