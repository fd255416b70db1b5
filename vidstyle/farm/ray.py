"""Renders the jobs of a batch on the machines of a Ray cluster.

The cluster places, watches and isolates the workers. Which shot goes where, what is tried again and what is remembered
stays with the batch: an attempt that no ledger knows of could be made twice.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from vidstyle.errors import ConfigError, DeviceError
from vidstyle.farm.dividing import Divided
from vidstyle.farm.lending import pack, styles_of
from vidstyle.farm.ray_cluster import connected, demand, nodes, room, told
from vidstyle.farm.ray_worker import Place, RayWorker
from vidstyle.farm.store import Store
from vidstyle.jobs.executors import Executor, Made, OnShot
from vidstyle.jobs.job import BatchConfig, Job
from vidstyle.jobs.rendering import Failure

_GRACE = 20.0  # seconds for a worker to put away its finished frames
_LOOK = 1.0  # seconds between two looks at how far a shot is, and the longest wait for anything
_LOST = 75  # exit code: another attempt may succeed
_MOST_LOST = 20  # workers in a row that never came to life


def cluster_executor(jobs: Sequence[Job], batch: BatchConfig, on_shot: OnShot) -> Executor:
    """Make the executor for a batch: of whole shots, or of parts where `part_frames` says so.

    Raises ConfigError where parts are to go through a store: they are joined where they lie.
    """
    if batch.part_frames is None:
        return RayExecutor(jobs, batch, on_shot)
    if batch.cluster.store is not None:
        message = "--part-frames needs a file system that all machines share, not --store; leave one of them out"
        raise ConfigError(message, key="part_frames")
    return Divided(RayExecutor, jobs, batch, on_shot)


@dataclass(slots=True, eq=False)
class _Worker:
    actor: Any
    coming: Any  # its Place, as soon as it is there
    place: Place | None = None
    job: Job | None = None
    making: Any = None
    look: Any = None
    looked: float = field(default_factory=time.monotonic)

    @property
    def idle(self) -> bool:
        return self.place is not None and self.job is None


class RayExecutor:
    """As many workers as there is room for, or as `jobs` says; see `vidstyle.jobs.executors.Executor`.

    Convention: after an error that may pass, a shot goes to a node where it has not failed yet, where there is one.

    Raises, on entering, what `connected` raises; DeviceError also where no node has room for a worker for `patience`.
    """

    def __init__(self, jobs: Sequence[Job], batch: BatchConfig, on_shot: OnShot) -> None:
        self._jobs, self._config, self._on_shot = jobs, batch.cluster, on_shot
        self._count = batch.jobs
        self._workers: list[_Worker] = []
        self._failed_on: dict[str, set[str]] = {}
        self._moved: set[str] = set()
        self._stillborn = 0
        self._alive = time.monotonic()
        self._store = Store(self._config.store) if self._config.store else None
        self._stack = ExitStack()

    def __enter__(self) -> "RayExecutor":
        with ExitStack() as stack:
            stack.enter_context(connected(self._config))
            self._wanted = demand(self._jobs, self._config)
            names = styles_of(job.config.style for job in self._jobs)
            packed = {name: pack(name) for name in names}
            # A list keeps Ray from fetching it for a worker whose machine has the style already.
            self._styles = {name: (digest, [ray.put(files)]) for name, (digest, files) in packed.items()}
            stack.callback(self._stop)
            places = sum(room(self._wanted).values())
            for _ in range(min(len(self._jobs), self._count or max(1, places))):
                self._workers.append(self._start())
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def free_for(self, job: Job) -> bool:
        """Whether a worker is idle that may take it; one is moved to another node where that is better."""
        return self._choose(job) is not None

    def give(self, job: Job) -> None:
        """Let a worker render it."""
        worker = self._choose(job)
        assert worker is not None
        if self._store is not None:
            self._store.send(job)
        self._moved.discard(job.name)
        worker.job, worker.look = job, None
        worker.making = worker.actor.render.remote(job, job.name in self._failed_on)

    def wait(self) -> Iterator[tuple[Job, Made]]:
        """Wait until something is told, and yield what was made; a worker that is lost has made a failure."""
        for worker in self._workers:
            if worker.job is not None and worker.look is None and time.monotonic() - worker.looked > _LOOK:
                worker.look = worker.actor.look.remote()
        pending = [ref for each in self._workers for ref in (each.coming, each.making, each.look) if ref is not None]
        found, waiting = ray.wait(pending, timeout=_LOOK) if pending else ([], [])
        found += ray.wait(waiting, num_returns=len(waiting), timeout=0)[0] if waiting else []
        self._check_patience()
        for worker in list(self._workers):
            for ref in (worker.coming, worker.look, worker.making):
                if ref is not None and ref in found:
                    yield from self._hear(worker, ref)

    def _hear(self, worker: _Worker, ref: Any) -> Iterator[tuple[Job, Made]]:
        """Take what a worker says; it is replaced where that is its death."""
        job = worker.job
        try:
            said = ray.get(ref, timeout=60)
        except RayError as error:
            if ref is worker.look:  # if it is lost, its shot says so
                worker.look, worker.looked = None, time.monotonic()
            elif worker in self._workers:
                yield from self._lose(worker, error)
            return
        if ref is worker.coming:
            worker.coming, worker.place, self._stillborn = None, said, 0
        elif ref is worker.look:
            worker.look, worker.looked = None, time.monotonic()
            if said is not None and job is not None:
                self._on_shot(job, said)
        else:
            assert job is not None
            worker.job = worker.making = worker.look = None
            yield job, self._note(worker, job, self._store.collect(job, said) if self._store else said)

    def _note(self, worker: _Worker, job: Job, made: Made) -> Made:
        """Remember where a shot has failed."""
        if isinstance(made, Failure) and made.may_pass and worker.place is not None:
            self._failed_on.setdefault(job.name, set()).add(worker.place.node)
            made = Failure(made.error, f"{made.message} (on {worker.place.host})", made.exit_code, may_pass=True)
        return made

    def _lose(self, worker: _Worker, error: RayError) -> Iterator[tuple[Job, Made]]:
        self._workers.remove(worker)
        with suppress(RayError, ValueError):
            ray.kill(worker.actor)
        why = " ".join(str(error).split())
        if worker.place is None:
            self._stillborn += 1
            if self._stillborn >= _MOST_LOST or not isinstance(error, RayActorError):
                raise DeviceError(f"no worker comes to life: {why[-500:]}", device="ray") from error
        self._workers.append(self._start())
        if worker.job is not None:
            hint = "out of memory? ask for more with --worker-memory" if "emory" in why else "run it alone to see more"
            message = f"the worker that rendered it was lost ({type(error).__name__}); {hint}"
            yield worker.job, self._note(worker, worker.job, Failure("WorkerLost", message, _LOST, may_pass=True))

    def _choose(self, job: Job) -> _Worker | None:
        idle = [worker for worker in self._workers if worker.idle]
        failed_on = self._failed_on.get(job.name, set())
        fresh = [worker for worker in idle if worker.place and worker.place.node not in failed_on]
        if fresh or not idle:
            return fresh[0] if fresh else None
        if all(worker.place is None or worker.place.node in failed_on for worker in self._workers):
            return None if self._move(idle[0], job, failed_on) else idle[0]
        return None  # one on another node is at work, and will be free

    def _move(self, worker: _Worker, job: Job, failed_on: set[str]) -> bool:
        """Start a worker anew on a node where the shot has not failed; once for each attempt."""
        if any(each.place is None for each in self._workers):
            return True  # one is on its way, perhaps to such a node
        others = [node for node, places in room(self._wanted).items() if places and node not in failed_on]
        if not others or job.name in self._moved:
            return False
        self._moved.add(job.name)
        self._workers.remove(worker)
        ray.kill(worker.actor)
        self._workers.append(self._start(others[0]))
        return True

    def _start(self, node: str | None = None) -> _Worker:
        strategy: Any = NodeAffinitySchedulingStrategy(node, soft=True) if node else "SPREAD"
        threads = max(1, int(self._wanted["num_cpus"]))
        # No restarts or retries of Ray's own: the batch tries again, goes on from what is finished, and writes it down.
        make: Any = ray.remote(RayWorker).options(**self._wanted, max_concurrency=3, scheduling_strategy=strategy)
        actor = make.remote(threads, self._styles, self._config.store)
        return _Worker(actor, actor.place.remote())

    def _check_patience(self) -> None:
        """Raise DeviceError where there has been no worker for too long."""
        if any(worker.place is not None for worker in self._workers):
            self._alive = time.monotonic()
        elif time.monotonic() - self._alive > self._config.patience:
            there = "; ".join(_has(resources) for resources in nodes().values()) or "no node"
            message = f"no node has had room for a worker ({told(self._wanted)}) for {self._config.patience:g} s"
            raise DeviceError(f"{message}; the cluster has: {there}. Ask for less, or wait", device="ray")

    def _stop(self) -> None:
        """Let workers put away what is finished, and end them all."""
        busy = [worker for worker in self._workers if worker.making is not None]
        with suppress(RayError):
            for worker in busy:
                worker.actor.stop.remote()
            if busy:
                ray.wait([worker.making for worker in busy], num_returns=len(busy), timeout=_GRACE)
        for worker in self._workers:
            with suppress(RayError, ValueError):
                ray.kill(worker.actor)
        self._workers.clear()


def _has(resources: dict[str, float]) -> str:
    gpus = f", {resources['GPU']:g} GPU" if resources.get("GPU") else ""
    return f"{resources.get('CPU', 0):g} CPU{gpus}, {resources.get('memory', 0) / 1e9:.1f} GB"
