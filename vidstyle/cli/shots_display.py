"""Progress of many shots: a live table on a terminal, lines elsewhere."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from vidstyle.cli.plan_table import duration, plan_lines, plan_table
from vidstyle.cli.telling import log
from vidstyle.farm.lines import SchedulerLines, choose_format

if TYPE_CHECKING:
    from vidstyle.jobs.job import Job, Outcome
    from vidstyle.jobs.planning import Plan
    from vidstyle.progress import Progress

EVERY = 3.0  # seconds between two lines about one shot
_ROWS = 12  # of the live table, beside the head


class Display:
    """Says what is planned, how far each shot is and what came of it: log lines on stderr."""

    def __init__(self) -> None:
        self.begun: dict[str, Progress] = {}
        self.ended: dict[str, Outcome] = {}
        self.jobs: tuple[Job, ...] = ()
        self._last: dict[str, float] = {}

    def plan(self, plan: "Plan") -> None:
        """Tell the plan, once."""
        self.jobs = plan.jobs
        typer.echo(plan_table(plan), err=True)

    def progress(self, job: "Job", progress: "Progress | None") -> None:
        """Note how far a shot is."""
        if progress is None:
            return
        self.begun[job.name] = progress
        if self._due(job.name) or progress.frames == progress.total:
            self.tell_progress(job, progress)

    def outcome(self, outcome: "Outcome") -> None:
        """Tell what came of a shot."""
        self.ended[outcome.job.name] = outcome
        self.begun.pop(outcome.job.name, None)
        self.tell_outcome(outcome)

    def tell_progress(self, job: "Job", progress: "Progress") -> None:
        """Say how far a shot and the whole batch are."""
        typer.echo(
            f"vidstyle: {job.name}: {progress.frames}/{progress.total} frames, {progress.fps:.2f} fps; "
            f"{len(self.ended)}/{len(self.jobs)} shots, {duration(self.left)} left",
            err=True,
        )

    def tell_outcome(self, outcome: "Outcome") -> None:
        """Say what came of a shot."""
        told = {"done": f"{outcome.seconds:.1f} s", "skipped": outcome.job.reason, "failed": outcome.message}
        typer.echo(f"vidstyle: {outcome.job.name}: {outcome.status}, {told[outcome.status]}", err=True)

    @property
    def left(self) -> float | None:
        """Seconds until the last shot is done, by what has been rendered; None where nothing has."""
        rates = [progress.fps for progress in self.begun.values() if progress.fps]
        done = [outcome for outcome in self.ended.values() if outcome.status == "done" and outcome.seconds]
        paces = [outcome.job.frames / outcome.seconds for outcome in done]
        if not rates and not paces:
            return None
        open_frames = sum(job.frames for job in self.jobs if job.name not in self.ended and job.action != "skip")
        open_frames -= sum(progress.frames for progress in self.begun.values())
        return max(0, open_frames) / (sum(rates) if rates else sum(paces) / len(paces))

    def _due(self, name: str) -> bool:
        now = time.monotonic()
        if now - self._last.get(name, float("-inf")) < EVERY:
            return False
        self._last[name] = now
        return True


class _Lines(Display):
    """The same as JSON lines on stdout."""

    def plan(self, plan: "Plan") -> None:
        self.jobs = plan.jobs
        for line in plan_lines(plan):
            typer.echo(line)

    def tell_progress(self, job: "Job", progress: "Progress") -> None:
        eta = None if progress.eta is None else round(progress.eta, 1)
        line = {"event": "progress", "shot": job.name, "frames": progress.frames, "total": progress.total}
        typer.echo(json.dumps(line | {"fps": round(progress.fps, 2), "eta_seconds": eta}))

    def tell_outcome(self, outcome: "Outcome") -> None:
        line = {"event": outcome.status, "shot": outcome.job.name, "target": str(outcome.job.target)}
        line |= {"reason": outcome.job.reason, "seconds": round(outcome.seconds, 3)}  # type: ignore[dict-item]
        if outcome.status == "failed":
            line |= {"error": outcome.error, "message": outcome.message}
        if outcome.report is not None:
            line |= {"report": outcome.report.model_dump(mode="json")}  # type: ignore[dict-item]
        typer.echo(json.dumps(line))


class _Table(Display):
    """A table that is drawn anew in place."""

    def __init__(self, live: Live) -> None:
        super().__init__()
        self._live = live

    def plan(self, plan: "Plan") -> None:
        super().plan(plan)
        self._live.update(self._drawn())

    def tell_progress(self, job: "Job", progress: "Progress") -> None:  # noqa: ARG002 (all is drawn)
        self._live.update(self._drawn())

    def tell_outcome(self, outcome: "Outcome") -> None:  # noqa: ARG002 (all is drawn)
        self._live.update(self._drawn())

    def _due(self, name: str) -> bool:  # noqa: ARG002 (rich draws no more often than it should)
        return True

    def _drawn(self) -> Table:
        left = f"{duration(self.left)} left"
        table = Table(title=f"{len(self.ended)} of {len(self.jobs)} shots, {left}", box=None, title_justify="left")
        for title in ("shot", "frames", "fps", "ETA", ""):
            table.add_column(title, justify="right" if title in ("frames", "fps", "ETA") else "left")
        waiting = [job for job in self.jobs if job.name not in self.ended and job.name not in self.begun]
        for outcome in [*self.ended.values()][-_ROWS // 2 :]:
            told = outcome.message.splitlines()[0] if outcome.message else f"{outcome.seconds:.0f} s"
            table.add_row(outcome.job.name, str(outcome.job.frames), "", "", f"{outcome.status} {told}")
        for name, progress in self.begun.items():
            frames = f"{progress.frames}/{progress.total}"
            table.add_row(name, frames, f"{progress.fps:.2f}", duration(progress.eta), "rendering", style="bold")
        for job in waiting[: _ROWS // 2]:
            table.add_row(job.name, str(job.frames), "", "", "waiting", style="dim")
        return table


class _Scheduler(Display):
    """The progress of the whole batch as a scheduler reads it; what came of each shot as log lines."""

    def __init__(self, lines: SchedulerLines) -> None:
        super().__init__()
        self._lines = lines
        self._started = time.monotonic()

    def tell_progress(self, job: "Job", progress: "Progress") -> None:
        from vidstyle.progress import Progress

        log.known.update(shot=job.name, frame=progress.frames)
        total = sum(each.frames for each in self.jobs)
        done = sum(outcome.job.frames for outcome in self.ended.values())
        done += sum(each.frames for each in self.begun.values())
        self._lines(Progress(done, total, time.monotonic() - self._started))

    def _due(self, name: str) -> bool:  # noqa: ARG002 (the lines know when they are due)
        return True


@contextmanager
def shots_display(*, as_json: bool, progress: str = "auto") -> Iterator[Display]:
    """Give what shows the progress of many shots, as `--progress` asks."""
    form = choose_format(progress)
    if form is not None and not (as_json and progress == "auto"):
        yield _Scheduler(SchedulerLines(form, shot="batch"))
    elif as_json:
        yield _Lines()
    elif sys.stderr.isatty():
        with Live(console=Console(stderr=True), refresh_per_second=4, transient=False) as live:
            yield _Table(live)
    else:
        yield Display()
