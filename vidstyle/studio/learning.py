"""Trains a style for the page: a recipe of what was dropped, and the library's training for so many minutes."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from vidstyle.devices import resolve_device
from vidstyle.studio.sessions import Session, Upload
from vidstyle.studio.tasks import Task
from vidstyle.training import Progress, TrainingReport, load_recipe, train

LEAST = 20  # pictures of a look
_FINISH = 0.1  # share of the time in which the rates fall to zero
_ENDLESS = 1_000_000  # steps, which the minutes cut short
_SIDES = [200, 256]


class Lesson(BaseModel):
    """What is to be learned."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$", description="the new style's")
    minutes: float = Field(gt=0, description="how long to train")
    looks: tuple[str, ...] = Field(description="uploads that show the look: pictures")
    content: tuple[str, ...] = Field(min_length=1, description="uploads that are to be drawn: clips and pictures")
    licence: str = Field(default="LicenseRef-unknown", description="of the pictures, as an SPDX expression")


def lesson_work(session: Session, lesson: Lesson, device: str) -> Callable[[Task], None]:
    """Work that trains a style; it goes into the session's own styles.

    Raises HTTPException where there are too few pictures, or they are not here.
    """
    looks, content = ([session.upload(key) for key in keys] for keys in (lesson.looks, lesson.content))
    if len(looks) < LEAST:
        raise HTTPException(422, f"a look takes at least {LEAST} pictures; {len(looks)} are here, drop some more")
    if lesson.name in session.styles():
        raise HTTPException(422, f"there is a style called {lesson.name!r} already; choose another name")

    def work(task: Task) -> None:
        task.begin("looking at the pictures")
        recipe, run = _write_recipe(task.folder, lesson, looks, content), task.folder / "run"
        out = session.folder / "styles" / lesson.name
        chosen = resolve_device(device)

        def on_progress(progress: Progress) -> None:
            _note(task, run, progress, lesson.minutes)
            task.check()

        task.begin("training")
        learned = lesson.minutes * (1 - _FINISH)
        stopped = train(load_recipe(recipe), run=run, max_minutes=learned, device=chosen, on_progress=on_progress)
        task.begin("finishing")
        steps = stopped.step + max(1, round(stopped.step * _FINISH))
        report = train(
            load_recipe(recipe, [f"schedule.steps={steps}"]), run=run, out=out, resume=True, device=chosen,
            on_progress=on_progress,
        )  # fmt: skip
        _finish(task, run, report, lesson)

    return work


def _note(task: Task, run: Path, progress: Progress, minutes: float) -> None:
    task.frames, task.total = progress.step, None
    task.fps = progress.step / max(progress.minutes * 60, 1e-9)
    task.eta = max(0.0, 60 * (minutes - progress.minutes))
    task.told |= {"losses": progress.losses, "minutes": progress.minutes, "share": min(1.0, progress.minutes / minutes)}
    _show_samples(task, run)


def _show_samples(task: Task, run: Path) -> None:
    samples = sorted(path.name for path in (run / "samples").glob("*.jpg"))
    task.told["samples"] = [f"run/samples/{name}" for name in samples]


def _finish(task: Task, run: Path, report: TrainingReport, lesson: Lesson) -> None:
    _show_samples(task, run)
    (task.folder / "sheet.jpg").write_bytes((report.folder / "sheet.jpg").read_bytes())
    task.results["sheet"] = "sheet.jpg"
    packed = shutil.make_archive(str(task.folder / lesson.name), "zip", report.folder.parent, report.folder.name)
    task.results["style"] = Path(packed).name
    task.told |= {"style": lesson.name, "steps": report.step, "figures": report.figures, "share": 1.0}


def _write_recipe(folder: Path, lesson: Lesson, looks: Sequence[Upload], content: Sequence[Upload]) -> Path:
    """Write the recipe into `folder`, and links to the uploads beside it.

    Convention: of several files to be drawn the last one is held out; one alone is learned from and looked at.
    """
    sources = [_source("look", folder, looks, lesson, role="style")]
    held = content[-1:]
    sources += [_source("content", folder, content[:-1] or content, lesson)]
    sources += [_source("held-out", folder, held, lesson, train=False)]
    path = folder / "recipe.toml"
    title, sample = lesson.name.replace("-", " ").capitalize(), max(0.2, lesson.minutes / 12)
    head = _HEAD.format(name=lesson.name, title=title, steps=_ENDLESS, sample=sample)
    path.write_text(head + "\n".join(sources), encoding="utf-8")
    return path


def _source(name: str, folder: Path, uploads: Sequence[Upload], lesson: Lesson, **more: Any) -> str:
    """One table of the recipe; the pictures are linked into a folder of its own, numbered."""
    own = folder / name
    own.mkdir()
    for number, upload in enumerate(uploads):
        (own / f"{number:04}-{upload.path.name}").hardlink_to(upload.path)
    told = {"name": name, "path": name, "licence": lesson.licence, "source": "dropped into the studio", "every": 12}
    lines = [f"{key} = {json.dumps(value)}" for key, value in (told | {"sides": _SIDES} | more).items()]
    return "\n[[material.sources]]\n" + "\n".join(lines) + "\n"


# Small enough to show something within minutes on a CPU: half of the width and depth of models/recipes/watercolour.
_HEAD = """name = "{name}"
title = "{title}"
description = "Trained in the studio on dropped pictures (CycleGAN, unpaired)."
licence = "LicenseRef-unknown"
mode = "cyclegan"

[generator]
name = "resnet"
options = {{ width = 12, blocks = 3, norm = "instance", upsample = "resize" }}

[discriminator]
width = 24
layers = 2
start = 0.0

[pairs]
size = 96
count = 1

[losses]
temporal = 5.0

[schedule]
steps = {steps}
rate = 4e-4
rate_discriminator = 2e-4
momentum = 0.5
average = 0.99
decay_from = 0.9
evaluations = 1
sample_minutes = {sample:.2f}

[material]
root = "."
"""
