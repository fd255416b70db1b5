"""Progress for whoever watches: a bar on a terminal, a line every few seconds elsewhere."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from vidstyle.progress import OnProgress, Progress

EVERY = 3.0  # seconds between two lines


@contextmanager
def progress_display(*, as_json: bool, title: str = "frames") -> Iterator[OnProgress]:
    """Give the callback that shows a job's progress: JSON lines on stdout, else a bar or log lines on stderr."""
    if as_json:
        yield _Lines(_json_line, err=False)
    elif sys.stderr.isatty():
        with _bar(title) as on_progress:
            yield on_progress
    else:
        yield _Lines(_log_line, err=True)


class _Lines:
    """Says the first progress at once, then one line every `EVERY` seconds."""

    def __init__(self, write: Callable[[Progress], str], *, err: bool) -> None:
        self._write = write
        self._err = err
        self._last = float("-inf")

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._last < EVERY and progress.frames != progress.total:
            return
        self._last = now
        typer.echo(self._write(progress), err=self._err)


def _json_line(progress: Progress) -> str:
    eta = None if progress.eta is None else round(progress.eta, 1)
    line = {"event": "progress", "frames": progress.frames, "total": progress.total}
    return json.dumps(line | {"fps": round(progress.fps, 2), "eta_seconds": eta})


def _log_line(progress: Progress) -> str:
    total = "?" if progress.total is None else progress.total
    eta = "unknown" if progress.eta is None else f"{progress.eta:.0f} s"
    return f"vidstyle: {progress.frames}/{total} frames, {progress.fps:.2f} fps, {eta} left"


@contextmanager
def _bar(title: str) -> Iterator[OnProgress]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[fps]:.2f} fps"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None, fps=0.0)

        def on_progress(progress: Progress) -> None:
            bar.update(task, completed=progress.frames, total=progress.total, fps=progress.fps)

        yield on_progress
