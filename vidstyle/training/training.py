"""Training from a recipe to a style folder."""

import platform
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import torch

from vidstyle.media.lock import TargetLock
from vidstyle.networks import DataSource, StyleCard, TrainingRecord, is_adjustable, read_style, save_style
from vidstyle.networks.checkpoints.proof import write_golden
from vidstyle.networks.style import SHEET
from vidstyle.training.checkpoints import CHECKPOINT, load_checkpoint, save_checkpoint
from vidstyle.training.journal import Evaluation, Journal, Progress, means
from vidstyle.training.recipe import Recipe
from vidstyle.training.trainer import Trainer

REPORT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """How a training ended. Where time or the signal of that number ended it, `finished` is false: resume it.

    Convention: `figures` are those of the step `best`, whose weights the style has.
    """

    finished: bool
    step: int
    minutes: float
    folder: Path
    signal: int = 0
    figures: dict[str, float] | None = None
    best: int | None = None


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

    Writes checkpoints, targets, a log, evaluations and samples to `run`, and the best generator as a style to `out`
    (default: run/style). SIGINT and SIGTERM save a checkpoint and end the training; `resume` goes on from it, to the
    same weights bit for bit on the same machine.

    Raises:
        TrainingError: material is missing, the training diverges, or there is nothing fit to resume.
        TargetBusyError: another training is at work in `run`.
    """
    run.mkdir(parents=True, exist_ok=True)
    if not resume:  # a teacher may draw for minutes before the first step
        on_progress(Progress(0, recipe.schedule.steps, 0.0, {}))
    trainer = Trainer(recipe, run, device or torch.device("cpu"))
    journal = Journal(run, silent=trainer.engine.processes.rank > 0)
    with nullcontext() if journal.silent else TargetLock(run / CHECKPOINT):
        return _train(trainer, journal, out or run / "style", max_minutes, on_progress, resume=resume)


def _train(
    trainer: Trainer,
    journal: Journal,
    folder: Path,
    max_minutes: float | None,
    on_progress: Callable[[Progress], None],
    *,
    resume: bool,
) -> TrainingReport:
    recipe, run, processes = trainer.recipe, journal.run, trainer.engine.processes
    if resume:
        trainer.restore(load_checkpoint(run, recipe=recipe.name))
        journal.resume(trainer.step)
    else:
        journal.begin(recipe)
    with _caught_signals() as caught:
        _loop(trainer, journal, caught, max_minutes, on_progress)
    if not journal.silent:
        save_checkpoint(run, trainer.state())
    processes.wait()
    minutes = round(trainer.seconds / 60, 1)
    if trainer.step < recipe.schedule.steps:
        return TrainingReport(False, trainer.step, minutes, run, signal=caught[0] if caught else 0)
    best = journal.best
    assert best is not None  # the last step is always evaluated
    if not journal.silent:
        journal.recall_best(trainer.engine.average)
        save_style(folder, _card(trainer, best), trainer.engine.average)
        write_golden(read_style(folder))
        trainer.mode.draw_sheet(folder / SHEET, trainer.engine.average)
    return TrainingReport(True, trainer.step, minutes, folder, figures=best.held_out, best=best.step)


def _loop(
    trainer: Trainer,
    journal: Journal,
    caught: list[int],
    max_minutes: float | None,
    on_progress: Callable[[Progress], None],
) -> None:
    schedule, processes = trainer.recipe.schedule, trainer.engine.processes
    started = last = time.monotonic()
    first = trainer.step
    deadline = started + 60 * max_minutes if max_minutes is not None else float("inf")
    due = {"report": started + REPORT_SECONDS, "checkpoint": started, "sample": started}
    due["checkpoint"] += 60 * schedule.checkpoint_minutes
    seen: list[dict[str, float]] = []
    while trainer.step < schedule.steps and not processes.agree(bool(caught) or last >= deadline):
        seen.append(trainer.advance())
        now = time.monotonic()
        trainer.seconds, last = trainer.seconds + now - last, now
        if now >= due["report"] or trainer.step == schedule.steps:
            speed = (trainer.step - first) / max(now - started, 1e-9)
            remaining = (schedule.steps - trainer.step) / max(speed, 1e-9) / 60
            told = Progress(trainer.step, schedule.steps, trainer.seconds / 60, means(seen), remaining)
            journal.report(told, on_progress)
            seen, due["report"] = [], now + REPORT_SECONDS
        if _is_evaluated(trainer.step, schedule.steps, schedule.evaluations):
            journal.evaluate(trainer)
        if now >= due["checkpoint"] and not journal.silent:
            save_checkpoint(journal.run, trainer.state())
            due["checkpoint"] = now + 60 * schedule.checkpoint_minutes
        if now >= due["sample"]:
            journal.sample(trainer)
            due["sample"] = now + 60 * schedule.sample_minutes
        last = time.monotonic()  # evaluations, sheets and checkpoints are no training


def _is_evaluated(step: int, steps: int, evaluations: int) -> bool:
    """Evenly over the steps, the last one among them: by number, so that a resumed training evaluates the same."""
    return step * evaluations // steps > (step - 1) * evaluations // steps


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


def _card(trainer: Trainer, best: Evaluation) -> StyleCard:
    recipe, examples = trainer.recipe, trainer.mode.examples
    used = [source for source in recipe.material.sources if source.train]
    counts = {source.name: sum(example.source is source for example in examples) for source in used}
    record = TrainingRecord(
        recipe=recipe.file.name,
        mode=recipe.mode,
        seed=recipe.seed,
        steps=trainer.step,
        minutes=round(trainer.seconds / 60, 1),
        device=f"{trainer.engine.device.type}, {torch.get_num_threads()} threads, {platform.machine()}",
        start=recipe.start,
        data=tuple(
            DataSource(name=source.name, licence=source.licence, source=source.source, pictures=counts[source.name])
            for source in used
        ),
        figures=best.held_out,
    )
    return StyleCard(
        name=recipe.name,
        title=recipe.title,
        description=recipe.description,
        generator=recipe.generator,
        sha256="0" * 64,
        adjustable=is_adjustable(trainer.mode.generator),
        stability=recipe.stability,
        licence=recipe.licence,
        limits=recipe.limits,
        training=record,
    )
