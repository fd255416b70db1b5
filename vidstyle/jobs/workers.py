"""Processes that render one shot each, and are replaced when they die."""

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType

from vidstyle.devices import cores, keep_to
from vidstyle.jobs.executors import Made, OnShot
from vidstyle.jobs.job import BatchConfig, Job
from vidstyle.jobs.rendering import Failure, render_job
from vidstyle.progress import Progress
from vidstyle.stopping import Stopped, on_signal

_GRACE = 30.0  # seconds for a process to put away its finished frames, more than work.grace
_LOST = 75  # exit code: another attempt may succeed


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    job: Job | None = None


class Workers:
    """Some processes; a context manager, whose end stops those that are still at work."""

    def __init__(self, jobs: Sequence[Job], batch: BatchConfig, on_shot: OnShot) -> None:
        count = max(1, min(batch.jobs or 1, len(jobs)))
        self._on_shot = on_shot
        self._context = multiprocessing.get_context("spawn")
        self._threads = max(1, cores() // count)
        self._count = count
        self._workers: list[_Worker] = []

    def __enter__(self) -> "Workers":
        self._workers = [self._start() for _ in range(self._count)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            if worker.job is not None and worker.process.is_alive():
                worker.process.terminate()  # unwinds like Ctrl-C: what is finished is kept
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join(_GRACE)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()

    def free_for(self, job: Job) -> bool:  # noqa: ARG002 (one process is like another)
        """Whether any of them is idle."""
        return any(worker.job is None for worker in self._workers)

    def give(self, job: Job) -> None:
        """Let one that is idle render `job`."""
        worker = next(worker for worker in self._workers if worker.job is None)
        worker.job = job
        with suppress(OSError):  # it died meanwhile: `wait` finds that out
            worker.pipe.send(job)

    def wait(self) -> Iterator[tuple[Job, Made]]:
        """Wait until something is told, and yield what was made; a process that died has made a failure."""
        by_pipe = {worker.pipe: worker for worker in self._workers if worker.job is not None}
        for pipe in wait(list(by_pipe), timeout=1.0) if by_pipe else ():
            worker = by_pipe[pipe]  # type: ignore[index]
            job = worker.job
            assert job is not None
            try:
                told = worker.pipe.recv()
            except (EOFError, OSError):
                yield job, self._replace(worker)
                continue
            if isinstance(told, Progress):
                self._on_shot(job, told)
                continue
            worker.job = None
            yield job, told

    def _replace(self, worker: _Worker) -> Failure:
        worker.process.join()
        code = worker.process.exitcode or 0
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        self._workers[self._workers.index(worker)] = self._start()
        hint = "out of memory? fewer --jobs need less" if code == -signal.SIGKILL else "run it alone to see more"
        return Failure("WorkerLost", f"the process that rendered it {how}; {hint}", _LOST, may_pass=True)

    def _start(self) -> _Worker:
        here, there = self._context.Pipe()
        process = self._context.Process(target=_work, args=(there, self._threads), daemon=True)
        process.start()
        there.close()
        return _Worker(process, here)


def _work(pipe: Connection, threads: int) -> None:
    """The life of a process: render what comes, until the pipe or the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; who started us says when to stop
    signal.signal(signal.SIGTERM, on_signal)
    keep_to(threads)
    with suppress(EOFError, OSError, Stopped):
        while True:
            job = pipe.recv()
            # A pipe whose other end was killed raises here, in the middle of a shot, and so ends the orphan.
            pipe.send(render_job(job, pipe.send))
