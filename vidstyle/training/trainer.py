"""The optimization: steps, a watch against divergence, and everything that a checkpoint must hold."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from vidstyle.errors import TrainingError
from vidstyle.registry import Registry
from vidstyle.training.engine import Engine
from vidstyle.training.modes.mode import Mode
from vidstyle.training.recipe import Recipe

PATIENCE = 200  # steps
MODES: Registry[Callable[[Recipe, Path], Mode]] = Registry(
    "modes",
    {
        "pix2pix": "vidstyle.training.modes.pix2pix:Pix2pix",
        "cyclegan": "vidstyle.training.modes.cyclegan:Cyclegan",
        "perceptual": "vidstyle.training.modes.perceptual:Perceptual",
        "reference": "vidstyle.training.modes.reference:Reference",
    },
)


class Trainer:
    """One training in progress. `step` counts finished steps, `seconds` the time they took, all runs together."""

    def __init__(self, recipe: Recipe, run: Path, device: torch.device) -> None:
        self.recipe = recipe
        self.step, self.seconds = 0, 0.0
        self.mode: Mode = MODES.get(recipe.mode)(recipe, run)
        self.engine = Engine(self.mode.networks, self.mode.judges, recipe.schedule, device)
        self._best, self._bad, self._smooth = math.inf, 0, math.inf

    @property
    def progress(self) -> float:
        """The share of the steps that is done, 0..1."""
        return self.step / self.recipe.schedule.steps

    def advance(self) -> dict[str, float]:
        """Take one step; returns the losses.

        Raises TrainingError when the training diverges.
        """
        self.engine.begin(self.step)
        losses = self.mode.advance(self.step, self.progress, self.engine)
        self.engine.update_average(self.step)
        self.step += 1
        told = {name: loss.item() for name, loss in losses.items()}
        self._watch(told)
        return told

    def state(self) -> dict[str, Any]:
        """All that `restore` needs: tensors, numbers and strings."""
        watch = {"best": self._best, "bad": self._bad, "smooth": self._smooth}
        facts = {"step": self.step, "seconds": self.seconds, "recipe": self.recipe.fingerprint(), "watch": watch}
        return self.engine.state() | facts | {"memory": self.mode.memory()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`. Raises TrainingError when it is of another recipe; only the schedule may differ."""
        if state.get("recipe") != self.recipe.fingerprint():
            message = "the checkpoint is of a recipe with other settings; only [schedule] may change between runs"
            raise TrainingError(f"{message}. Restore the recipe, or train anew without --resume", recipe=self.name)
        self.engine.restore(state)
        self.mode.recall(state["memory"])
        self.step, self.seconds = state["step"], state["seconds"]
        self._best, self._bad, self._smooth = (state["watch"][key] for key in ("best", "bad", "smooth"))

    @property
    def name(self) -> str:
        """The recipe's name, for messages."""
        return self.recipe.name

    def _watch(self, losses: dict[str, float]) -> None:
        if not all(math.isfinite(loss) for loss in losses.values()):
            self._diverged(f"a loss is not a number: {losses}")
        # Adversarial terms rise and fall by nature; the others only fall.
        told = sum(loss for name, loss in losses.items() if name not in ("adversarial", "moving", "discriminator"))
        smooth = told if math.isinf(self._smooth) else 0.99 * self._smooth + 0.01 * told
        self._smooth, self._best = smooth, min(self._best, smooth)
        self._bad = self._bad + 1 if smooth > 3 * self._best else 0
        if self._bad >= PATIENCE:
            self._diverged(f"the losses are at {smooth:.3f}, their best was {self._best:.3f}")

    def _diverged(self, why: str) -> None:
        message = f"training diverged at step {self.step}: {why}; lower schedule.rate or losses.adversarial"
        raise TrainingError(message, recipe=self.name)
