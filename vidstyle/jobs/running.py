"""Renders the jobs of a plan with some executor, and keeps the ledger; a shot that fails stops no other."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from vidstyle.errors import VidstyleError
from vidstyle.jobs.deciding import hash_of
from vidstyle.jobs.executors import Executor, OnShot, executor_for
from vidstyle.jobs.job import BatchConfig, Job, Outcome
from vidstyle.jobs.ledger import Entry, Ledger
from vidstyle.jobs.planning import Plan
from vidstyle.jobs.rendering import Failure
from vidstyle.jobs.sidecar import sidecar_of, write_sidecar
from vidstyle.report import RenderReport


def run_batch(plan: Plan, ledger: Ledger, batch: BatchConfig, on_shot: OnShot | None = None) -> Iterator[Outcome]:
    """Render what the plan says, and yield what came of each shot as soon as it is known; skipped ones first.

    An error that may pass is met with another attempt at once, `batch.attempts` in all.

    Raises:
        ClipWriteError: the ledger itself can't be written.
        PluginError, DeviceError: there is no such executor, or it has no workers.
    """
    for job in plan.jobs:
        if job.action == "skip":
            yield Outcome(job, "skipped", sha256=ledger.of(job.name)[-1].sha256)
    if not plan.to_render:
        return
    with executor_for(plan.to_render, batch, on_shot or (lambda _job, _progress: None)) as executor:
        yield from _render(plan, ledger, batch.attempts, executor)


def _render(plan: Plan, ledger: Ledger, most: int, executor: Executor) -> Iterator[Outcome]:
    queue, attempts, started = list(plan.to_render), dict[str, int](), dict[str, float]()
    while queue or started:
        while (place := next((n for n, job in enumerate(queue) if executor.free_for(job)), None)) is not None:
            job = queue.pop(place)
            attempts[job.name] = attempts.get(job.name, 0) + 1
            _begin(job, ledger, plan.folder)
            started[job.name] = time.monotonic()
            executor.give(job)
        for job, made in executor.wait():
            outcome = _end(job, made, plan, ledger, attempts[job.name], time.monotonic() - started.pop(job.name))
            if isinstance(made, Failure) and made.may_pass and attempts[job.name] < most:
                queue.insert(0, replace(job, action="go on"))
            else:
                yield outcome


def _begin(job: Job, ledger: Ledger, folder: Path) -> None:
    target = job.target.relative_to(folder).as_posix()
    ledger.add(Entry(event="begun", shot=job.name, version=job.version, target=target, facts=dict(job.facts)))


def _end(job: Job, made: RenderReport | Failure, plan: Plan, ledger: Ledger, attempt: int, seconds: float) -> Outcome:
    if isinstance(made, RenderReport):
        made = _with_sidecar(job, plan, made)
    common: dict[str, Any] = {
        "shot": job.name,
        "version": job.version,
        "target": job.target.relative_to(plan.folder).as_posix(),
    }
    if isinstance(made, Failure):
        told: dict[str, Any] = {"error": made.error, "message": made.message, "exit_code": made.exit_code}
        ledger.add(Entry(event="failed", seconds=round(seconds, 3), **common, **told))
        return Outcome(job, "failed", seconds=seconds, attempts=attempt, **told)
    sha256 = made.outcome.sha256 if made.outcome is not None else hash_of(job.target)
    warnings = tuple(dict.fromkeys((*job.warnings, *made.warnings)))
    ledger.add(
        Entry(
            event="done", frames=made.written, pixels=job.pixels, seconds=round(seconds, 3), sha256=sha256,
            frame_hash=made.frame_hash, warnings=warnings, **common,
        )
    )  # fmt: skip
    return Outcome(job, "done", made, sha256=sha256, attempts=attempt, seconds=seconds, warnings=warnings)


def _with_sidecar(job: Job, plan: Plan, report: RenderReport) -> RenderReport | Failure:
    try:
        write_sidecar(sidecar_of(job, plan.edit, report), job.target)
    except VidstyleError as error:
        return Failure(type(error).__name__, str(error), error.exit_code, may_pass=True)
    return report
