"""Who renders the jobs of a batch: this process, several of this machine, or whatever a plug-in brings."""

import functools
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Protocol, TypeAlias, runtime_checkable

from vidstyle.jobs.job import BatchConfig, Job
from vidstyle.jobs.rendering import Failure, render_job
from vidstyle.progress import Progress
from vidstyle.registry import Entry, Registry
from vidstyle.report import RenderReport

OnShot: TypeAlias = Callable[[Job, Progress], None]
Made: TypeAlias = RenderReport | Failure


@runtime_checkable
class Executor(Protocol):
    """Renders jobs; a context manager, whose end stops those that are still at work and leaves nothing behind.

    Convention: `give` follows a `free_for` that was true of the same job; every job that was given comes out of `wait`
    exactly once, a worker that died as a Failure. An executor writes no ledger, and tries nothing again by itself.
    """

    def __enter__(self) -> "Executor": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def free_for(self, job: Job) -> bool:
        """Whether there is a place for this job now."""
        ...

    def give(self, job: Job) -> None:
        """Let it be rendered."""
        ...

    def wait(self) -> Iterator[tuple[Job, Made]]:
        """Wait a second at most, or until something is made where that is longer, and yield what was made."""
        ...


ExecutorFactory: TypeAlias = Callable[[Sequence[Job], BatchConfig, OnShot], Executor]


class Serial:
    """One shot after another, in this process."""

    def __init__(self, _jobs: Sequence[Job], _batch: BatchConfig, on_shot: OnShot) -> None:
        self._on_shot = on_shot
        self._job: Job | None = None

    def __enter__(self) -> "Serial":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def free_for(self, job: Job) -> bool:  # noqa: ARG002 (one place is like another)
        """Whether none was given."""
        return self._job is None

    def give(self, job: Job) -> None:
        """Let it be rendered by the next `wait`."""
        self._job = job

    def wait(self) -> Iterator[tuple[Job, Made]]:
        """Render what was given."""
        job, self._job = self._job, None
        if job is not None:
            yield job, render_job(job, functools.partial(self._on_shot, job))


EXECUTORS: Registry[ExecutorFactory] = Registry(
    "executors",
    {
        "serial": "vidstyle.jobs.executors:Serial",
        "processes": "vidstyle.jobs.workers:Workers",
        "ray": Entry("vidstyle.farm.ray:cluster_executor", extra="farm"),
    },
)


def executor_for(jobs: Sequence[Job], batch: BatchConfig, on_shot: OnShot) -> Executor:
    """Make the executor that `batch` names; by itself it takes processes where several shots may be at work.

    Raises PluginError where there is none of that name, or its package is not installed.
    """
    usual = "processes" if (batch.jobs or 1) > 1 and len(jobs) > 1 else "serial"
    return EXECUTORS.get(batch.executor or usual)(jobs, batch, on_shot)
