"""What a run folder tells of a training: losses, evaluations, sheets, and the best generator so far."""

import csv
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import nn

from vidstyle.training.evenly import evenly
from vidstyle.training.recipe import Recipe
from vidstyle.training.trainer import Trainer

LOG, EVALUATIONS, BEST, SAMPLES, RECIPE = "log.csv", "evaluations.jsonl", "best.safetensors", "samples", "recipe.json"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands. `losses` are means since the last report; `minutes` count all runs together.

    Convention: `remaining` is an estimate of the minutes to come, at this run's speed; None, and no losses, before the
    first step: the material is taken in, and drawn by the teacher.
    """

    step: int
    steps: int
    minutes: float
    losses: dict[str, float]
    remaining: float | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good the average was at a step: on held-out pictures, and on as many that it has learned from."""

    step: int
    held_out: dict[str, float]
    learned: dict[str, float]

    @property
    def score(self) -> float:
        """The figure that the best checkpoint has the least of."""
        return self.held_out["score"]


class Journal:
    """Writes a run folder, and knows which evaluation was the best.

    Convention: `silent` processes, all but the first, write nothing. What an interrupted run wrote after its last
    checkpoint is dropped when it is resumed.
    """

    def __init__(self, run: Path, *, silent: bool = False) -> None:
        self.run, self.silent = run, silent
        self.evaluations: list[Evaluation] = []

    @property
    def best(self) -> Evaluation | None:
        """The evaluation with the least score."""
        return min(self.evaluations, key=lambda each: each.score, default=None)

    def begin(self, recipe: Recipe) -> None:
        """Forget what an earlier training left, and note what this one is."""
        if not self.silent:
            told = {"file": str(recipe.file.resolve()), "recipe": recipe.model_dump(mode="json")}
            (self.run / RECIPE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
            for name in (LOG, EVALUATIONS, BEST):
                (self.run / name).unlink(missing_ok=True)

    def resume(self, step: int) -> None:
        """Go on after `step`."""
        path = self.run / EVALUATIONS
        self.evaluations = [each for each in read_evaluations(path) if each.step <= step]
        if not self.silent:
            path.write_text("".join(json.dumps(asdict(each)) + "\n" for each in self.evaluations), encoding="utf-8")
            self._cut_log(step)

    def report(self, progress: Progress, on_progress: Callable[[Progress], None]) -> None:
        """Note losses and tell them."""
        if self.silent:
            return
        path = self.run / LOG
        names = ["step", "minutes", *progress.losses]
        fresh = not path.exists() or _header(path) != names
        with path.open("a", encoding="utf-8", newline="") as log:
            table = csv.writer(log)
            if fresh:  # terms that begin later begin a new table below the old one
                table.writerow(names)
            losses = (f"{loss:.6g}" for loss in progress.losses.values())
            table.writerow([progress.step, f"{progress.minutes:.3f}", *losses])
        on_progress(progress)

    def evaluate(self, trainer: Trainer) -> Evaluation:
        """Measure the average on held-out and on learned pictures; keep it if it is the best so far."""
        mode, average = trainer.mode, trainer.engine.average
        learned = evenly(mode.learned, len(mode.held_out))
        made = Evaluation(trainer.step, mode.measure(average, mode.held_out), mode.measure(average, learned))
        best = self.best
        self.evaluations.append(made)
        if self.silent:
            return made
        with (self.run / EVALUATIONS).open("a", encoding="utf-8") as log:
            log.write(json.dumps(asdict(made)) + "\n")
        if best is None or made.score < best.score:
            part = (self.run / BEST).with_suffix(".part")
            save_file({name: tensor.cpu().contiguous() for name, tensor in average.state_dict().items()}, part)
            part.replace(self.run / BEST)
        return made

    def sample(self, trainer: Trainer) -> None:
        """Draw a contact sheet."""
        if not self.silent:
            trainer.mode.draw_sheet(self.run / SAMPLES / f"{trainer.step:06d}.jpg", trainer.engine.average)

    def recall_best(self, generator: nn.Module) -> None:
        """Put the best weights into `generator`."""
        generator.load_state_dict(load_file(self.run / BEST))

    def _cut_log(self, step: int) -> None:
        path = self.run / LOG
        if not path.exists():
            return
        rows = path.read_text(encoding="utf-8").splitlines()
        kept = [row for row in rows if not row[:1].isdigit() or int(row.split(",")[0]) <= step]
        path.write_text("".join(row + "\n" for row in kept), encoding="utf-8")


def read_evaluations(path: Path) -> list[Evaluation]:
    """Read the evaluations of a run; none where there is no such file."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [Evaluation(**json.loads(line)) for line in lines]


def read_log(path: Path) -> dict[str, list[tuple[int, float]]]:
    """Read a log as steps and values of each loss, by its name."""
    found: dict[str, list[tuple[int, float]]] = {}
    names: list[str] = []
    for row in csv.reader(path.read_text(encoding="utf-8").splitlines()):
        if row[0] == "step":
            names = row
            continue
        for name, value in list(zip(names, row, strict=True))[2:]:
            found.setdefault(name, []).append((int(row[0]), float(value)))
    return found


def _header(path: Path) -> list[str]:
    heads = [row for row in path.read_text(encoding="utf-8").splitlines() if row.startswith("step,")]
    return heads[-1].split(",") if heads else []


def means(seen: list[dict[str, Any]]) -> dict[str, float]:
    """Give the mean of each loss over the steps that had it."""
    names = dict.fromkeys(name for losses in seen for name in losses)
    return {name: _mean([losses[name] for losses in seen if name in losses]) for name in names}


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
