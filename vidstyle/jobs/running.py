"""Renders the jobs of a plan, one after another or several at once; a shot that fails stops no other."""

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from vidstyle.errors import VidstyleError
from vidstyle.jobs.deciding import hash_of
from vidstyle.jobs.job import Job, Outcome
from vidstyle.jobs.ledger import Entry, Ledger
from vidstyle.jobs.planning import Plan
from vidstyle.jobs.rendering import Failure, render_job
from vidstyle.jobs.sidecar import sidecar_of, write_sidecar
from vidstyle.jobs.workers import Workers
from vidstyle.progress import Progress
from vidstyle.report import RenderReport

OnShot = Callable[[Job, Progress | None], None]


def run_batch(
    plan: Plan, ledger: Ledger, *, retry: int = 0, jobs: int = 1, on_shot: OnShot | None = None
) -> Iterator[Outcome]:
    """Render what the plan says, and yield what came of each shot as soon as it is known; skipped ones first.

    Raises ClipWriteError where the ledger itself can't be written.
    """
    tell = on_shot or (lambda _job, _progress: None)
    for job in plan.jobs:
        if job.action == "skip":
            yield Outcome(job, "skipped", sha256=ledger.of(job.name)[-1].sha256)
    waiting = list(plan.to_render)
    if jobs == 1 or len(waiting) < 2:  # noqa: PLR2004
        for job in waiting:
            yield _attempts(job, plan, ledger, retry, tell)
        return
    with Workers(min(jobs, len(waiting))) as workers:
        yield from _together(waiting, plan, ledger, retry, tell, workers)


def _attempts(job: Job, plan: Plan, ledger: Ledger, retry: int, tell: OnShot) -> Outcome:
    for attempt in range(1, retry + 2):
        _begin(job, ledger, plan.folder)
        started = time.monotonic()
        made = render_job(job, functools.partial(tell, job))
        outcome = _end(job, made, plan, ledger, attempt, time.monotonic() - started)
        if outcome.status == "done" or not (isinstance(made, Failure) and made.may_pass) or attempt > retry:
            break
        job = replace(job, action="go on")
    return outcome


def _together(
    waiting: Sequence[Job], plan: Plan, ledger: Ledger, retry: int, tell: OnShot, workers: Workers
) -> Iterator[Outcome]:
    queue, attempts, started = list(waiting), dict[str, int](), dict[str, float]()
    while queue or workers.busy:
        while queue and workers.idle:
            job = queue.pop(0)
            attempts[job.name] = attempts.get(job.name, 0) + 1
            _begin(job, ledger, plan.folder)
            started[job.name] = time.monotonic()
            workers.give(job)
        for job, told in workers.wait():
            if isinstance(told, Progress):
                tell(job, told)
                continue
            outcome = _end(job, told, plan, ledger, attempts[job.name], time.monotonic() - started[job.name])
            if isinstance(told, Failure) and told.may_pass and attempts[job.name] <= retry:
                queue.append(replace(job, action="go on"))
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
