import functools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import pytest
import torch

from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle.config import load_config
from vidstyle.errors import ConfigError
from vidstyle.farm.dividing import Divided, PartJob, divide, render_part
from vidstyle.jobs import executors
from vidstyle.jobs.batch import BatchResult, render_list
from vidstyle.jobs.executors import Made, Serial
from vidstyle.jobs.job import BatchConfig, Job
from vidstyle.jobs.rendering import Failure, render_job
from vidstyle.media import ClipReader
from vidstyle.progress import Progress

BATCH = BatchConfig(
    trial=False, handles=0, template="{shot}_v{version:03}.mkv", executor="ray", part_frames=16, retry=1
)


class OnePlace(Serial):
    """Renders what it is given, parts too, in this process; `fails` says which to fail once, and how."""

    fails: ClassVar[dict[str, Failure]] = {}
    given: ClassVar[list[str]] = []

    def __init__(self, jobs: Sequence[Job], batch: BatchConfig, on_shot: executors.OnShot) -> None:
        super().__init__(jobs, batch, on_shot)
        self.jobs = [job.name for job in jobs]

    def wait(self) -> Iterator[tuple[Job, Made]]:
        job, self._job = self._job, None
        if job is None:
            return
        self.given.append(job.name)
        if job.name in self.fails:
            yield job, self.fails.pop(job.name)
            return
        tell = functools.partial(self._on_shot, job)
        yield job, render_part(job, tell) if isinstance(job, PartJob) else render_job(job, tell)


@pytest.fixture(autouse=True)
def one_place(monkeypatch: pytest.MonkeyPatch) -> type[OnePlace]:
    def make(jobs: Sequence[Job], batch: BatchConfig, on_shot: executors.OnShot) -> executors.Executor:
        return Divided(OnePlace, jobs, batch, on_shot) if batch.part_frames else OnePlace(jobs, batch, on_shot)

    monkeypatch.setattr("vidstyle.jobs.running.executor_for", make)
    monkeypatch.setattr(OnePlace, "fails", {})
    monkeypatch.setattr(OnePlace, "given", [])
    return OnePlace


@pytest.fixture
def film(tmp_path: Path) -> Path:
    make_clip(tmp_path / "long.mov", frames=40, width=64, height=48, rate=Fraction(24))
    make_clip(tmp_path / "short.mov", frames=10, width=64, height=48, seed=1, rate=Fraction(24))
    save_small_style(tmp_path / "small")
    (tmp_path / "a.csv").write_text("shot,source,in,out\nlong,long.mov,0,39\nshort,short.mov,0,9\n")
    return tmp_path


def run(film: Path, batch: BatchConfig = BATCH, heard: list[tuple[str, Progress]] | None = None) -> BatchResult:
    flags = {"style": str(film / "small"), "device": "cpu", "encode.encoder": "ffv1", "blend.stability": 0}
    told = [] if heard is None else heard
    return render_list(
        film / "a.csv", film / "out", load_config(flags=flags), batch,
        on_shot=lambda job, progress: told.append((job.name, progress)),
    )  # fmt: skip


def frames(path: Path) -> torch.Tensor:
    with ClipReader(path) as reader:
        return torch.cat([batch.images for batch in reader.frames()])


def test_a_long_shot_is_one_clip_of_its_parts_and_a_short_one_stays_whole(film, one_place):
    heard: list[tuple[str, Progress]] = []
    result = run(film, heard=heard)
    assert [outcome.status for outcome in result.outcomes] == ["done", "done"]
    assert one_place.given == ["long 1/3", "long 2/3", "long 3/3", "short"]
    assert sorted(path.name for path in (film / "out").glob("*.mkv")) == ["long_v001.mkv", "short_v001.mkv"]
    assert list((film / "out").glob("*.render.json")) == []
    report = next(outcome.report for outcome in result.outcomes if outcome.job.name == "long")
    assert (report.written, report.target) == (40, film / "out" / "long_v001.mkv")
    of_long = [progress for name, progress in heard if name == "long"]
    assert [progress.frames for progress in of_long] == sorted(progress.frames for progress in of_long)
    assert (of_long[-1].frames, of_long[-1].total) == (40, 40)
    assert {name for name, _ in heard} == {"long", "short"}

    (film / "out").rename(film / "in parts")
    run(film, BATCH.model_copy(update={"part_frames": None}))
    whole = film / "out" / "long_v001.mkv"
    assert torch.equal(frames(film / "in parts" / "long_v001.mkv"), frames(whole))  # nothing is blended here


def test_what_was_finished_of_a_failed_attempt_is_not_rendered_again(film, one_place):
    one_place.fails["long 2/3"] = Failure("WorkerLost", "gone", 75, may_pass=True)
    result = run(film)
    long = next(outcome for outcome in result.outcomes if outcome.job.name == "long")
    assert (long.status, long.attempts) == ("done", 2)
    assert one_place.given.count("long 1/3") == 2  # looked at again, and left alone
    assert long.report.written == 40
    assert long.report.seconds > 0


def test_a_part_that_can_not_be_made_ends_its_shot_alone(film, one_place):
    one_place.fails["long 1/3"] = Failure("ClipReadError", "broken", 65, may_pass=False)
    result = run(film)
    outcomes = {outcome.job.name: outcome for outcome in result.outcomes}
    assert (outcomes["long"].status, outcomes["long"].exit_code) == ("failed", 65)
    assert outcomes["short"].status == "done"
    assert "long 3/3" not in one_place.given
    assert not (film / "out" / "long_v001.mkv").exists()


def test_no_part_is_longer_than_asked_for(film):
    plan = run(film).plan
    long = next(job for job in plan.jobs if job.name == "long")
    assert [part.part for part in divide(long, 13)] == ["1/4", "2/4", "3/4", "4/4"]
    assert divide(long, 40) == []


def test_parts_need_a_cluster():
    with pytest.raises(ValueError, match="add --executor ray"):
        BatchConfig(part_frames=100)


def test_parts_do_not_go_through_a_store(film):
    cluster_executor = pytest.importorskip("vidstyle.farm.ray", reason="Ray is absent").cluster_executor
    batch = BATCH.model_copy(update={"cluster": BATCH.cluster.model_copy(update={"store": "file:///tmp/store"})})
    with pytest.raises(ConfigError, match="leave one of them out"):
        cluster_executor([], batch, lambda _job, _progress: None)
