"""Training from a recipe to a style folder."""

import json
import platform
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

import torch

from vidstyle.networks import DataSource, StyleCard, TrainingRecord, save_style
from vidstyle.networks.style import SHEET
from vidstyle.training.checkpoints import load_checkpoint, save_checkpoint
from vidstyle.training.evaluate import measure
from vidstyle.training.pictures import Example, gather
from vidstyle.training.recipe import Recipe
from vidstyle.training.sheet import write_sheet
from vidstyle.training.trainer import Trainer

REPORT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands. `losses` are means since the last report; `minutes` count all runs together."""

    step: int
    steps: int
    minutes: float
    losses: dict[str, float]


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """How a training ended. Where time or the signal of that number ended it, `finished` is false: resume it."""

    finished: bool
    step: int
    minutes: float
    folder: Path
    signal: int = 0
    figures: dict[str, float] | None = None


def train(
    recipe: Recipe,
    *,
    run: Path,
    out: Path | None = None,
    resume: bool = False,
    max_minutes: float | None = None,
    device: torch.device | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> TrainingReport:
    """Train the style that `recipe` describes.

    Writes checkpoints, targets, a log and samples to `run`, and the finished style to `out` (default: run/style).
    SIGINT and SIGTERM save a checkpoint and end the training; `resume` goes on from it, to the same weights bit for bit
    on the same machine.

    Raises TrainingError when material is missing, the training diverges, or there is nothing fit to resume.
    """
    run.mkdir(parents=True, exist_ok=True)
    material = recipe.material.sources
    examples = gather(
        material, recipe.root, recipe.teacher, cache=run / "targets", seed=recipe.seed, recipe=recipe.name
    )
    learned = [example for example in examples if example.source.train]
    held_out = [example for example in examples if not example.source.train]
    trainer = Trainer(recipe, learned, device or torch.device("cpu"))
    if resume:
        trainer.restore(load_checkpoint(run, recipe=recipe.name))
    with _caught_signals() as caught:
        _loop(trainer, run, held_out, caught, max_minutes, on_progress)
    save_checkpoint(run, trainer.state())
    minutes = round(trainer.seconds / 60, 1)
    if trainer.step < recipe.schedule.steps:
        return TrainingReport(False, trainer.step, minutes, run, signal=caught[0] if caught else 0)
    folder = out or run / "style"
    figures = measure(trainer.average, held_out, recipe.teacher)
    save_style(folder, _card(trainer, examples, figures), trainer.average)
    write_sheet(folder / SHEET, trainer.average, held_out)
    return TrainingReport(True, trainer.step, minutes, folder, figures=figures)


def _loop(
    trainer: Trainer,
    run: Path,
    held_out: list[Example],
    caught: list[int],
    max_minutes: float | None,
    on_progress: Callable[[Progress], None],
) -> None:
    schedule = trainer.recipe.schedule
    started = last = time.monotonic()
    deadline = started + 60 * max_minutes if max_minutes is not None else float("inf")
    due = {"report": started + REPORT_SECONDS, "checkpoint": started, "sample": started}
    due["checkpoint"] += 60 * schedule.checkpoint_minutes
    seen: list[dict[str, float]] = []
    while trainer.step < schedule.steps and not caught and last < deadline:
        seen.append(trainer.advance())
        now = time.monotonic()
        trainer.seconds, last = trainer.seconds + now - last, now
        if now >= due["report"] or trainer.step == schedule.steps:
            _report(trainer, run, seen, on_progress)
            seen, due["report"] = [], now + REPORT_SECONDS
        if now >= due["checkpoint"]:
            save_checkpoint(run, trainer.state())
            due["checkpoint"] = now + 60 * schedule.checkpoint_minutes
        if now >= due["sample"]:
            write_sheet(run / "samples" / f"{trainer.step:06d}.jpg", trainer.average, held_out)
            due["sample"] = now + 60 * schedule.sample_minutes
            last = time.monotonic()


def _report(trainer: Trainer, run: Path, seen: list[dict[str, float]], on_progress: Callable[[Progress], None]) -> None:
    names = {name for losses in seen for name in losses}
    means = {name: sum(losses.get(name, 0.0) for losses in seen) / len(seen) for name in sorted(names)}
    progress = Progress(trainer.step, trainer.recipe.schedule.steps, trainer.seconds / 60, means)
    with (run / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(asdict(progress)) + "\n")
    on_progress(progress)


@contextmanager
def _caught_signals() -> Iterator[list[int]]:
    """A list that SIGINT or SIGTERM is appended to, instead of ending the program. Only the main thread can catch."""
    caught: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield caught
        return

    def catch(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        caught.append(number)

    before = {number: signal.signal(number, catch) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _card(trainer: Trainer, examples: list[Example], figures: dict[str, float]) -> StyleCard:
    recipe = trainer.recipe
    used = [source for source in recipe.material.sources if source.train]
    counts = {source.name: sum(example.source is source for example in examples) for source in used}
    record = TrainingRecord(
        recipe=recipe.file.name,
        mode=recipe.mode,
        seed=recipe.seed,
        steps=trainer.step,
        minutes=round(trainer.seconds / 60, 1),
        device=f"{trainer.device.type}, {torch.get_num_threads()} threads, {platform.machine()}",
        data=tuple(
            DataSource(name=source.name, licence=source.licence, source=source.source, pictures=counts[source.name])
            for source in used
        ),
        figures=figures,
    )
    return StyleCard(
        name=recipe.name,
        title=recipe.title,
        description=recipe.description,
        generator=recipe.generator,
        sha256="0" * 64,
        stability=recipe.stability,
        licence=recipe.licence,
        limits=recipe.limits,
        training=record,
    )
