"""Long shots in parts for a cluster's workers: given out as shots are, and joined by who gave them out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from types import TracebackType

from vidstyle.farm.chunks import ChunkConfig
from vidstyle.farm.joining import join_parts
from vidstyle.farm.parts import Record, record_path
from vidstyle.farm.rendering import render_task
from vidstyle.jobs.executors import Executor, Made, OnShot
from vidstyle.jobs.job import BatchConfig, Job
from vidstyle.jobs.rendering import Failure, made_or_failed
from vidstyle.progress import OnProgress, Progress
from vidstyle.report import RenderReport, report_of

MakeExecutor = Callable[[Sequence[Job], BatchConfig, OnShot], Executor]


@dataclass(frozen=True, slots=True)
class PartJob(Job):
    """A part of a job's shot, `part` of the form i/n; its result lies beside the job's target."""

    part: str = "1/1"

    @property
    def name(self) -> str:
        """The shot's name and which part of it this is."""
        return f"{self.event.shot} {self.part}"


def divide(job: Job, most: int) -> list[PartJob]:
    """Give the parts of a job, of at most `most` frames before borders move to cuts; none where it is short enough."""
    count = -(-job.frames // most)
    same = {each.name: getattr(job, each.name) for each in fields(job)}
    return [PartJob(**same, part=f"{place}/{count}") for place in range(1, count + 1)] if count > 1 else []


def render_part(job: PartJob, on_progress: OnProgress) -> Made:
    """Render a part of a shot, or find that it was rendered before; an error of it comes back as a value."""

    def render() -> RenderReport:
        ours = job.action in ("go on", "anew")
        chunk = ChunkConfig(chunk=job.part)
        (done,) = render_task(job.shot, job.target, job.config, chunk, overwrite=ours, on_progress=on_progress)
        if done.report is not None:
            return done.report
        return report_of(Record.expect(record_path(done.target)).report)

    return made_or_failed(render)


@dataclass(slots=True)
class _Divided:
    """A shot at work in parts."""

    job: Job
    parts: list[PartJob]
    made: dict[str, Made] = field(default_factory=dict)
    heard: dict[str, Progress] = field(default_factory=dict)

    @property
    def failures(self) -> list[Failure]:
        return [made for made in self.made.values() if isinstance(made, Failure)]

    @property
    def progress(self) -> Progress:
        told = self.heard.values()
        return Progress(
            frames=sum(each.frames for each in told),
            total=self.job.frames,
            seconds=max(each.seconds for each in told),
            before=sum(each.before for each in told),
            gpu_bytes=max(each.gpu_bytes for each in told),
        )


class Divided:
    """Gives long shots to another executor in parts; see `vidstyle.jobs.executors.Executor`.

    Convention: a shot counts as one, whose attempt ends when all of its parts are made or one can't be. What was
    finished of a failed attempt is found by the next one. Parts that wait go before other shots.
    """

    def __init__(self, make: MakeExecutor, jobs: Sequence[Job], batch: BatchConfig, on_shot: OnShot) -> None:
        assert batch.part_frames is not None  # else nothing is divided
        self._most, self._on_shot = batch.part_frames, on_shot
        self._shots: dict[str, _Divided] = {}
        self._waiting: list[PartJob] = []
        leaves: list[Job] = []
        for job in jobs:
            leaves += divide(job, self._most) or [job]
        self._executor = make(leaves, batch, self._hear)

    def __enter__(self) -> "Divided":
        self._executor.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.__exit__(kind, error, trace)

    def free_for(self, job: Job) -> bool:
        """Whether no part waits, and there is a place for this job's first one."""
        parts = divide(job, self._most)
        return not self._waiting and self._executor.free_for(parts[0] if parts else job)

    def give(self, job: Job) -> None:
        """Let it be rendered: its first part now, the others as places become free."""
        parts = divide(job, self._most)
        if not parts:
            self._executor.give(job)
            return
        self._shots[job.name] = _Divided(job, parts)
        self._executor.give(parts[0])
        self._waiting += parts[1:]

    def wait(self) -> Iterator[tuple[Job, Made]]:
        """Wait until something is told; a shot is made when its last part is, and joined then."""
        self._feed()
        for leaf, made in self._executor.wait():
            shot = self._shots.get(leaf.event.shot) if isinstance(leaf, PartJob) else None
            if shot is None or not isinstance(leaf, PartJob):
                yield leaf, made
                continue
            shot.made[leaf.part] = made
            if isinstance(made, Failure) and not made.may_pass:
                self._give_up(shot)
            if len(shot.made) == len(shot.parts):
                del self._shots[shot.job.name]
                yield shot.job, _joined(shot)
        self._feed()

    def _feed(self) -> None:
        while self._waiting and self._executor.free_for(self._waiting[0]):
            self._executor.give(self._waiting.pop(0))

    def _give_up(self, shot: _Divided) -> None:
        """Begin no further part of a shot that can't be whole; those at work come to their end."""
        left = [part for part in self._waiting if part.event.shot == shot.job.name]
        self._waiting = [part for part in self._waiting if part not in left]
        shot.parts = [part for part in shot.parts if part not in left]

    def _hear(self, leaf: Job, progress: Progress) -> None:
        shot = self._shots.get(leaf.event.shot) if isinstance(leaf, PartJob) else None
        if shot is None or not isinstance(leaf, PartJob):
            self._on_shot(leaf, progress)
            return
        shot.heard[leaf.part] = progress
        self._on_shot(shot.job, shot.progress)


def _joined(shot: _Divided) -> Made:
    """Join the parts of a shot, and remove them once that is done."""
    if shot.failures:
        return min(shot.failures, key=lambda failure: failure.may_pass)  # what won't pass says more

    def join() -> RenderReport:
        job = shot.job
        reports = [made for made in shot.made.values() if isinstance(made, RenderReport)]
        records = [record_path(report.target) for report in reports]
        _, warnings = join_parts(records, job.target, source=job.source, overwrite=True)
        for report in reports:
            record_path(report.target).unlink(missing_ok=True)
            report.target.unlink(missing_ok=True)  # pictures of a sequence stay: they are the whole's
        record_path(job.target).unlink(missing_ok=True)
        return _summed(reports, job, warnings)

    return made_or_failed(join)


def _summed(reports: Sequence[RenderReport], job: Job, warnings: Sequence[str]) -> RenderReport:
    """One report of several. The hash over all frames is known to nobody: no one has seen them all."""
    told = [warning for report in reports for warning in report.warnings]
    cuts = [report.cuts for report in reports]
    sums = {
        name: sum(getattr(report, name) for report in reports)
        for name in ("decoded", "concealed", "dropped", "written", "resumed", "seconds")
    }
    return reports[0].model_copy(
        update=sums
        | {
            "target": job.target,
            "span": str(job.placement.span),
            "packets": {},
            "frame_hash": "",
            "cuts": None if None in cuts else tuple(sorted(cut for each in cuts for cut in each or ())),
            "outcome": None,
            "warnings": tuple(dict.fromkeys((*told, *warnings))),
        }
    )
