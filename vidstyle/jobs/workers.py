"""Processes that render one shot each, and are replaced when they die."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType

import torch

from vidstyle.jobs.job import Job
from vidstyle.jobs.rendering import Failure, render_job
from vidstyle.progress import Progress
from vidstyle.report import RenderReport

_GRACE = 20.0  # seconds for a process to put away its finished frames
_LOST = 75  # exit code: another attempt may succeed


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    job: Job | None = None


class Workers:
    """Some processes; a context manager, whose end stops those that are still at work."""

    def __init__(self, count: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._threads = max(1, (os.cpu_count() or 1) // count)
        self._count = count
        self._workers: list[_Worker] = []
        self._lost: deque[tuple[Job, Failure]] = deque()

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

    @property
    def busy(self) -> bool:
        """Whether any of them is at work."""
        return bool(self._lost) or any(worker.job is not None for worker in self._workers)

    @property
    def idle(self) -> bool:
        """Whether any of them is not."""
        return any(worker.job is None for worker in self._workers)

    def give(self, job: Job) -> None:
        """Let one that is idle render `job`."""
        worker = next(worker for worker in self._workers if worker.job is None)
        worker.job = job
        with suppress(OSError):  # it died meanwhile: `wait` finds that out
            worker.pipe.send(job)

    def wait(self) -> Iterator[tuple[Job, Progress | RenderReport | Failure]]:
        """Wait until something is told, and yield it; a process that died tells a failure."""
        while self._lost:
            yield self._lost.popleft()
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
            if not isinstance(told, Progress):
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
    signal.signal(signal.SIGTERM, _stop)
    torch.set_num_threads(threads)
    with suppress(EOFError, OSError, _Stopped):
        while True:
            job = pipe.recv()
            # A pipe whose other end was killed raises here, in the middle of a shot, and so ends the orphan.
            pipe.send(render_job(job, pipe.send))


class _Stopped(BaseException):
    pass


def _stop(_number: int, _frame: object) -> None:
    raise _Stopped
