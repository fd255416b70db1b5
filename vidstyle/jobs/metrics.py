"""Figures of a batch for Prometheus: a text file that node_exporter collects, or pushed to a gateway where asked.

The text is Prometheus' exposition format 0.0.4: `# HELP`, `# TYPE`, then `name{label="value"} number`.
"""

import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from socket import gethostname
from typing import Protocol, runtime_checkable

from vidstyle.errors import ConfigError
from vidstyle.jobs.job import Job, Outcome
from vidstyle.jobs.planning import Plan
from vidstyle.media.opening import translate_write_errors
from vidstyle.progress import Progress

EVERY = 5.0  # seconds between two writings
_ANSWER = 5.0  # seconds for a gateway to answer
_PAUSE = 60.0  # seconds after it did not

_Sample = tuple[dict[str, str], float]


@runtime_checkable
class Watcher(Protocol):
    """Whoever is told how a batch goes."""

    def plan(self, plan: Plan) -> None:
        """Hear the plan, once."""
        ...

    def progress(self, job: Job, progress: Progress | None) -> None:
        """Hear how far a shot is."""
        ...

    def outcome(self, outcome: Outcome) -> None:
        """Hear what came of a shot."""
        ...


@contextmanager
def watched(watcher: Watcher, path: Path | None, push: str | None, *, batch: str) -> Iterator[Watcher]:
    """Let figures be kept of all that `watcher` is told, where a file or a gateway is named for them."""
    if path is None and push is None:
        yield watcher
        return
    metrics = Metrics(path, push, batch=batch)
    try:
        yield _Both(watcher, metrics)
    finally:
        metrics.close()
        for warning in metrics.warnings:
            print(f"vidstyle: warning: {warning}", file=sys.stderr)


class _Both:
    def __init__(self, *watchers: Watcher) -> None:
        self._watchers = watchers

    def plan(self, plan: Plan) -> None:
        for watcher in self._watchers:
            watcher.plan(plan)

    def progress(self, job: Job, progress: Progress | None) -> None:
        for watcher in self._watchers:
            watcher.progress(job, progress)

    def outcome(self, outcome: Outcome) -> None:
        for watcher in self._watchers:
            watcher.outcome(outcome)


class Metrics:
    """Counts what a batch tells, and writes it down now and then; `close` writes the last state.

    Convention: frames are those rendered by this run, its failed attempts included; frames per second those of all
    shots at work; GPU memory is the most that any process has held. A gateway that does not answer stops
    nothing: `warnings` tells it, once.

    Raises:
        TargetError, ClipWriteError: the file can't be written.
        ConfigError: the gateway's URL is none.
    """

    def __init__(self, path: Path | None = None, push: str | None = None, *, batch: str = "") -> None:
        if push is not None and urllib.parse.urlsplit(push).scheme not in ("http", "https"):
            raise ConfigError(f"--metrics-push {push} is no http URL; write http://HOST:9091", key="metrics.push")
        self.warnings: list[str] = []
        self._path, self._push = path, push
        self._labels = {"batch": batch}
        self._jobs: tuple[Job, ...] = ()
        self._running: dict[str, Progress] = {}
        self._ended: dict[str, Outcome] = {}
        self._rendered: Counter[str] = Counter()  # frames of each shot
        self._held = 0
        self._written = self._pushed = float("-inf")
        self._begun = time.monotonic()
        if path is not None:
            self._write()  # what can't be written is told now, not in the night

    def plan(self, plan: Plan) -> None:
        """Note what is to be rendered."""
        self._jobs = plan.jobs
        self._now_and_then()

    def progress(self, job: Job, progress: Progress | None) -> None:
        """Note how far a shot is."""
        if progress is not None:
            before = self._running.get(job.name)
            goes_on = before is not None and progress.frames >= before.frames
            self._rendered[job.name] += progress.frames - (before.frames if goes_on and before else progress.before)
            self._running[job.name] = progress
            self._held = max(self._held, progress.gpu_bytes)
            self._now_and_then()

    def outcome(self, outcome: Outcome) -> None:
        """Note what came of a shot."""
        self._running.pop(outcome.job.name, None)
        self._ended[outcome.job.name] = outcome
        self._now_and_then()

    def close(self) -> None:
        """Write the last state, whatever the time."""
        self._running.clear()
        self._written = self._pushed = float("-inf")
        self._now_and_then()

    def text(self) -> str:
        """The figures as Prometheus reads them."""
        lines = []
        for name, kind, told, samples in self._families():
            lines += [f"# HELP vidstyle_{name} {told}", f"# TYPE vidstyle_{name} {kind}"]
            for labels, value in samples:
                shown = ",".join(f'{key}="{_escaped(text)}"' for key, text in (self._labels | labels).items())
                lines.append(f"vidstyle_{name}{{{shown}}} {value:.10g}")
        return "\n".join(lines) + "\n"

    def _families(self) -> Iterator[tuple[str, str, str, Sequence[_Sample]]]:
        ended, done = self._ended.values(), [each for each in self._ended.values() if each.status == "done"]
        states = Counter(outcome.status for outcome in ended)
        at_work = [name for name in self._running if name not in self._ended]
        counts = {status: float(states[status]) for status in ("done", "skipped", "failed")}
        counts |= {"rendering": len(at_work), "waiting": max(0, len(self._jobs) - len(ended) - len(at_work))}
        yield "shots", "gauge", "Shots by what came of them.", [({"status": key}, n) for key, n in counts.items()]
        yield "frames_total", "counter", "Frames rendered.", [({}, sum(self._rendered.values()))]
        yield "frames_wanted", "gauge", "Frames of all shots.", [({}, sum(job.frames for job in self._jobs))]
        fps = sum(self._running[name].fps for name in at_work)
        yield "frames_per_second", "gauge", "Frames per second of the shots at work.", [({}, fps)]
        failures = Counter((outcome.error, str(outcome.exit_code)) for outcome in ended if outcome.status == "failed")
        told = [({"error": error, "code": code}, float(n)) for (error, code), n in sorted(failures.items())]
        yield "failures_total", "counter", "Shots that failed, by error and exit code.", told
        further = sum(max(0, outcome.attempts - 1) for outcome in ended)
        yield "retries_total", "counter", "Further attempts at shots.", [({}, further)]
        yield "shot_seconds_sum", "counter", "Seconds that finished shots took.", [({}, sum(d.seconds for d in done))]
        yield "shot_seconds_count", "counter", "Finished shots that were timed.", [({}, len(done))]
        yield "gpu_memory_bytes", "gauge", "Most GPU memory that a process held.", [({}, self._held)]
        yield "run_seconds", "gauge", "Seconds since the batch began.", [({}, time.monotonic() - self._begun)]

    def _now_and_then(self) -> None:
        now = time.monotonic()
        if self._path is not None and now - self._written >= EVERY:
            self._try(self._write)
            self._written = now
        if self._push is not None and now - self._pushed >= EVERY:
            self._pushed = now if self._try(self._send) else now + _PAUSE

    def _try(self, write: Callable[[], None]) -> bool:
        """A figure that does not get out stops no render."""
        try:
            write()
        except (OSError, urllib.error.URLError) as error:
            told = f"metrics: {error}"
            if told not in self.warnings:
                self.warnings.append(told)
            return False
        return True

    def _write(self) -> None:
        """Replace the file as a whole, as node_exporter asks for."""
        assert self._path is not None
        partial = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")
        with translate_write_errors(self._path):
            try:
                partial.write_text(self.text(), encoding="utf-8")
                partial.replace(self._path)
            finally:
                partial.unlink(missing_ok=True)

    def _send(self) -> None:
        assert self._push is not None
        grouping = f"/metrics/job/vidstyle/instance/{urllib.parse.quote(gethostname(), safe='')}"
        request = urllib.request.Request(self._push.rstrip("/") + grouping, self.text().encode(), method="PUT")
        request.add_header("Content-Type", "text/plain; version=0.0.4")
        with urllib.request.urlopen(request, timeout=_ANSWER):
            pass


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
