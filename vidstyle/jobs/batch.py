"""A list of shots from reading to the last clip: the library's one function behind `vidstyle batch`."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from vidstyle.config import RenderConfig
from vidstyle.errors import ShotListError
from vidstyle.jobs.conforming import conform
from vidstyle.jobs.estimates import with_times
from vidstyle.jobs.executors import OnShot
from vidstyle.jobs.job import BatchConfig, Job, Outcome
from vidstyle.jobs.ledger import Ledger
from vidstyle.jobs.planning import Plan, plan_batch
from vidstyle.jobs.running import run_batch
from vidstyle.shots import Edit, ListConfig, read_edit

_MEDIA = ".media"  # what an OTIOZ brings along


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What came of a batch: an outcome for each shot, in the order of the cut, and the lists that lead to them.

    Shots that were not asked for are among them as skipped, where they were finished before.
    """

    plan: Plan
    outcomes: tuple[Outcome, ...]
    conformed: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Those that failed."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "failed")


def plan_list(
    path: Path, folder: Path, render: RenderConfig | None = None, batch: BatchConfig | None = None,
    lists: ListConfig | None = None, *, roots: Sequence[Path] = (),
) -> Plan:  # fmt: skip
    """Plan a list's shots and write nothing: what `--dry-run` shows.

    Raises what `read_edit` and `plan_batch` raise.
    """
    with tempfile.TemporaryDirectory(prefix="vidstyle-otioz-") as media:
        return plan_edit(read_edit(path, lists, media=Path(media)), folder, render, batch, roots=roots)


def plan_edit(
    edit: Edit, folder: Path, render: RenderConfig | None = None, batch: BatchConfig | None = None,
    *, roots: Sequence[Path] = (),
) -> Plan:  # fmt: skip
    """Plan the shots of a list that was read, as `plan_list`. Raises what `plan_batch` raises."""
    batch = batch or BatchConfig()
    plan = plan_batch(edit, folder, render or RenderConfig(), batch, roots=roots, ledger=Ledger.look(folder))
    return _timed(plan, Ledger.look(folder), batch)


def render_list(
    path: Path, folder: Path, render: RenderConfig | None = None, batch: BatchConfig | None = None,
    lists: ListConfig | None = None, *, roots: Sequence[Path] = (), on_plan: Callable[[Plan], None] | None = None,
    on_shot: OnShot | None = None, on_outcome: Callable[[Outcome], None] | None = None,
) -> BatchResult:  # fmt: skip
    """Render every shot of a list into `folder`, and write the edit back with the results in it.

    A shot that fails is an outcome; the others go on. Called again, it does what is not done yet.

    Raises:
        ShotListError: the list can't be read, or the plan has problems; nothing was rendered then.
        ConfigError, PluginError: a setting is wrong, or something is not installed.
        TargetError: another batch is at work in `folder`, or it can't be written.
    """
    edit = read_edit(path, lists, media=folder / _MEDIA)
    return render_edit(
        edit, folder, render, batch, roots=roots, on_plan=on_plan, on_shot=on_shot, on_outcome=on_outcome
    )


def render_edit(
    edit: Edit, folder: Path, render: RenderConfig | None = None, batch: BatchConfig | None = None,
    *, roots: Sequence[Path] = (), on_plan: Callable[[Plan], None] | None = None,
    on_shot: OnShot | None = None, on_outcome: Callable[[Outcome], None] | None = None,
) -> BatchResult:  # fmt: skip
    """Render every shot of a list that was read, as `render_list`; raises what that raises, but for reading."""
    batch = batch or BatchConfig()
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger(folder))
        plan = plan_batch(edit, folder, render or RenderConfig(), batch, roots=roots, ledger=ledger)
        if plan.problems:
            raise ShotListError("\n".join([*plan.problems, "nothing was rendered; mend these first"]), path=edit.path)
        plan = _timed(plan, ledger, batch)
        if on_plan is not None:
            on_plan(plan)
        outcomes = []
        for outcome in run_batch(plan, ledger, batch, on_shot):
            outcomes.append(outcome)
            if on_outcome is not None:
                on_outcome(outcome)
        outcomes += [Outcome(job, "skipped", sha256=_hash_of(job, ledger)) for job in plan.others]
        order = {event.shot: place for place, event in enumerate(edit.events)}
        outcomes.sort(key=lambda outcome: order[outcome.job.name])
        conformed, warnings = conform(plan, outcomes)
    return BatchResult(plan, tuple(outcomes), conformed, (*plan.warnings, *warnings))


def _hash_of(job: Job, ledger: Ledger) -> str:
    """The last result's hash."""
    return next(entry.sha256 for entry in reversed(ledger.of(job.name)) if entry.event == "done")


def _timed(plan: Plan, ledger: Ledger, batch: BatchConfig) -> Plan:
    trial = batch.trial and not plan.problems
    return replace(plan, jobs=tuple(with_times(plan.jobs, ledger.all(), trial=trial)))
