"""A store that all machines reach: what is put comes back, and what goes wrong is told in our words."""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle.config import load_config
from vidstyle.errors import ClipWriteError, ConfigError, PluginError
from vidstyle.jobs.batch import plan_list
from vidstyle.jobs.job import BatchConfig, Job
from vidstyle.jobs.rendering import Failure
from vidstyle.media.manifest import sha256_of
from vidstyle.report import RenderReport
from vidstyle.stages.mask import MaskConfig

pytest.importorskip("fsspec", reason="fsspec is absent: pip install 'vidstyle[farm]'")
from vidstyle.farm.store import Store, through_store


@pytest.fixture
def store() -> Store:
    return Store(f"memory://{uuid4().hex}")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    make_clip(tmp_path / "a.mov", frames=4, width=48, height=32, audio=())
    save_small_style(tmp_path / "small")
    (tmp_path / "a.csv").write_text("shot,source,in,out\n010,a.mov,0,3\n")
    flags = {"style": str(tmp_path / "small"), "device": "cpu", "blend.stability": 0.0, "encode.encoder": "ffv1"}
    batch = BatchConfig(trial=False, handles=0, template="{shot}.mkv")
    (planned,) = plan_list(tmp_path / "a.csv", tmp_path / "out", load_config(flags=flags), batch).jobs
    planned.target.parent.mkdir()
    return planned


def test_what_is_put_comes_back_and_is_listed(store: Store, tmp_path: Path):
    (tmp_path / "a").write_bytes(b"one")
    store.put(tmp_path / "a", "folder/a")
    store.get("folder/a", tmp_path / "deep" / "b")
    assert (tmp_path / "deep" / "b").read_bytes() == b"one"
    assert store.names("folder") == ["a"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["b"]


def test_a_file_that_is_there_is_sent_again_only_where_asked(store: Store, tmp_path: Path):
    (tmp_path / "a").write_bytes(b"one")
    store.put(tmp_path / "a", "a")
    (tmp_path / "a").write_bytes(b"two")
    store.put(tmp_path / "a", "a", anew=False)
    store.get("a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"one"
    store.put(tmp_path / "a", "a")
    store.get("a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"two"


def test_what_is_not_there_is_an_error_of_ours_that_may_pass(store: Store, tmp_path: Path):
    with pytest.raises(ClipWriteError, match="is the store there"):
        store.get("gone", tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_store_of_no_known_kind_is_refused():
    with pytest.raises((ConfigError, PluginError), match="can't be reached"):
        Store("nothing://bucket")


def test_a_job_goes_there_and_back(store: Store, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VIDSTYLE_CACHE", str(tmp_path / "cache"))
    store.send(job)
    job.source.unlink()  # the other machine does not have it
    made = through_store(job, store.url, lambda _progress: None)
    assert isinstance(made, RenderReport)
    assert not job.target.exists()
    report = store.collect(job, made)
    assert isinstance(report, RenderReport)
    assert report.target == job.target
    assert report.outcome is not None
    assert sha256_of(job.target) == report.outcome.sha256
    assert not list((tmp_path / "cache" / "work").iterdir())


def test_a_result_that_came_otherwise_is_a_failure_that_may_pass(
    store: Store, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("VIDSTYLE_CACHE", str(tmp_path / "cache"))
    store.send(job)
    made = through_store(job, store.url, lambda _progress: None)
    (tmp_path / "broken").write_bytes(b"half")
    store.put(tmp_path / "broken", f"results/010/v{job.version:03}/{job.target.name}")
    failure = store.collect(job, made)
    assert isinstance(failure, Failure)
    assert failure.may_pass
    assert "otherwise than it was sent" in failure.message


def test_files_that_do_not_travel_are_told_before(store: Store, job: Job):
    config = job.config.model_copy(update={"mask": MaskConfig(file=Path("matte.mov"))})
    with pytest.raises(ConfigError, match="share a file system"):
        store.send(replace(job, config=config))
