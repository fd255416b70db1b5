"""Batches on a real Ray cluster of several nodes: what is killed is done again, nothing twice, every frame the same."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle.config import load_config
from vidstyle.errors import DeviceError
from vidstyle.jobs.batch import BatchResult, render_list
from vidstyle.jobs.job import BatchConfig, ClusterConfig
from vidstyle.progress import Progress

ray = pytest.importorskip("ray", reason="Ray is absent: pip install 'vidstyle[farm]'")
Cluster = pytest.importorskip("ray.cluster_utils").Cluster
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Ray's own pipes and sockets
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SHOTS = ("010", "020", "030", "040")
BATCH = BatchConfig(
    trial=False, handles=0, template="{shot}_v{version:03}.mkv", executor="ray",
    cluster=ClusterConfig(memory=0.5, patience=120),
)  # fmt: skip


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head without cores and one node of one core; this process is connected to it."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112  # else 15, and other tests come first
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    made.add_node(num_cpus=1)
    ray.init(address=made.address, log_to_driver=False, logging_level="ERROR")
    yield made
    ray.shutdown()
    made.shutdown()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of four shots, big enough that one can be killed in the middle of them, and their style."""
    folder = tmp_path_factory.mktemp("film")
    for seed, name in enumerate(SHOTS):
        make_clip(folder / f"{name}.mov", frames=30, width=160, height=96, seed=seed, rate=Fraction(24), audio=())
    save_small_style(folder / "small")
    rows = [f"{name},{name}.mov,0,29" for name in SHOTS]
    (folder / "a.csv").write_text("\n".join(["shot,source,in,out", *rows]) + "\n")
    return folder


@pytest.fixture(scope="module")
def serial(film: Path) -> dict[str, str]:
    """The frames' hashes of a run in one process."""
    result = run(film, film / "serial", BATCH.model_copy(update={"executor": "serial"}))
    return hashes(result)


def run(film: Path, out: Path, batch: BatchConfig = BATCH, on_shot: Callable[..., None] | None = None) -> BatchResult:
    flags = {"style": str(film / "small"), "device": "cpu", "encode.encoder": "ffv1", "decode.batch": 1}
    config = load_config(flags=flags | {"work.every": 0.2})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vidstyle.farm.ray._LOOK", 0.05)  # a shot takes a second: often enough to be met in its middle
        return render_list(film / "a.csv", out, config, batch, on_shot=on_shot)


def hashes(result: BatchResult) -> dict[str, str]:
    assert [outcome.message for outcome in result.failed] == []
    return {outcome.job.name: outcome.report.frame_hash for outcome in result.outcomes if outcome.report}


def events(out: Path, kind: str) -> list[str]:
    lines = [json.loads(line) for line in (out / "ledger.jsonl").read_text().splitlines()]
    return sorted(line["shot"] for line in lines if line["event"] == kind)


def at_work() -> list[int]:
    """Processes that render a shot of a Ray cluster on this machine."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::RayWorker"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def once(act: Callable[[], None]) -> Callable[..., None]:
    """Act when a shot is first heard of, in the middle of it."""
    done: list[bool] = []

    def on_shot(_job: object, progress: Progress) -> None:
        if not done and 0 < progress.frames < 30:
            done.append(True)
            act()

    on_shot.done = done  # type: ignore[attr-defined]
    return on_shot


def left_over(out: Path) -> list[str]:
    return [path.name for path in out.rglob(".*") if path.name.endswith((".part", ".vidstyle"))]


def test_frames_are_those_of_one_process_and_the_driver_alone_writes_the_ledger(cluster, film, serial, tmp_path):
    assert hashes(run(film, tmp_path / "out")) == serial
    assert events(tmp_path / "out", "begun") == events(tmp_path / "out", "done") == sorted(SHOTS)
    assert {outcome.status for outcome in run(film, tmp_path / "out").outcomes} == {"skipped"}


def test_a_worker_killed_within_a_shot_costs_that_attempt_alone(cluster, film, serial, tmp_path):
    kill = once(lambda: [os.kill(pid, signal.SIGKILL) for pid in at_work()])
    result = run(film, tmp_path / "out", on_shot=kill)
    assert kill.done
    assert hashes(result) == serial
    assert events(tmp_path / "out", "done") == sorted(SHOTS)
    (lost,) = events(tmp_path / "out", "failed")
    assert {outcome.job.name: outcome.attempts for outcome in result.outcomes} == dict.fromkeys(SHOTS, 1) | {lost: 2}
    assert left_over(tmp_path / "out") == []


def test_a_shot_goes_to_another_node_where_it_failed_and_may_pass(cluster, film, serial, tmp_path):
    (tmp_path / "file").touch()
    broken = cluster.add_node(num_cpus=1, env_vars={"VIDSTYLE_CACHE": str(tmp_path / "file" / "below")})
    try:
        result = run(film, tmp_path / "out")
        assert hashes(result) == serial
        failed = events(tmp_path / "out", "failed")
        assert failed
        assert {outcome.job.name for outcome in result.outcomes if outcome.attempts > 1} == set(failed)
        assert max(outcome.attempts for outcome in result.outcomes) == 2
    finally:
        cluster.remove_node(broken)


def test_a_node_that_goes_within_a_shot_loses_nothing(cluster, film, serial, tmp_path):
    node = cluster.add_node(num_cpus=1)
    remove = once(lambda: cluster.remove_node(node, allow_graceful=False))
    result = run(film, tmp_path / "out", BATCH.model_copy(update={"jobs": 2}), on_shot=remove)
    assert remove.done
    assert hashes(result) == serial
    assert events(tmp_path / "out", "done") == sorted(SHOTS)
    assert len(events(tmp_path / "out", "failed")) <= 1
    assert left_over(tmp_path / "out") == []


def test_long_shots_are_rendered_in_parts_and_a_killed_worker_costs_no_finished_part(cluster, film, serial, tmp_path):
    kill = once(lambda: [os.kill(pid, signal.SIGKILL) for pid in at_work()])
    node = cluster.add_node(num_cpus=1)
    try:
        result = run(film, tmp_path / "out", BATCH.model_copy(update={"part_frames": 16, "jobs": 2}), on_shot=kill)
    finally:
        cluster.remove_node(node)
    assert kill.done
    assert [outcome.message for outcome in result.failed] == []
    assert {outcome.job.name: outcome.report.written for outcome in result.outcomes} == dict.fromkeys(SHOTS, 30)
    assert events(tmp_path / "out", "done") == sorted(SHOTS)
    assert sorted(path.name for path in (tmp_path / "out").glob("*.mkv")) == [f"{name}_v001.mkv" for name in SHOTS]
    assert left_over(tmp_path / "out") == []


DRIVER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[4])
from tests.farm.test_ray import BATCH, run
cluster = BATCH.cluster.model_copy(update={"address": sys.argv[1]})
run(Path(sys.argv[2]), Path(sys.argv[3]), BATCH.model_copy(update={"cluster": cluster}),
    on_shot=lambda job, progress: print(job.name, progress.frames, flush=True))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_driver_that_ends_leaves_no_worker_and_another_goes_on(cluster, film, serial, tmp_path, number):
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", DRIVER, cluster.address, str(film), str(tmp_path / "out"), root]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as driver:
        assert driver.stdout is not None
        assert any(line.split()[0] in SHOTS and line.split()[1] != "30" for line in driver.stdout)
        driver.send_signal(number)
        driver.wait(60)
    until = time.monotonic() + 60
    while at_work() and time.monotonic() < until:
        time.sleep(0.2)
    assert at_work() == []
    finished = events(tmp_path / "out", "done")
    if number == signal.SIGINT:
        assert not [name for name in left_over(tmp_path / "out") if name.endswith(".part")]
    result = run(film, tmp_path / "out")
    again = {outcome.job.name for outcome in result.outcomes if outcome.status == "done"}
    assert again == set(SHOTS) - set(finished)
    assert {name: serial[name] for name in again} == hashes(result)
    assert events(tmp_path / "out", "done") == sorted(SHOTS)
    assert left_over(tmp_path / "out") == []


def test_machines_without_a_common_file_system_go_through_a_store(cluster, film, serial, tmp_path):
    store = BATCH.cluster.model_copy(update={"store": (tmp_path / "store").as_uri()})
    result = run(film, tmp_path / "out", BATCH.model_copy(update={"cluster": store}))
    assert hashes(result) == serial
    assert len([*(tmp_path / "store" / "sources").rglob("*.mov")]) == len(SHOTS)
    for outcome in result.outcomes:
        (there,) = (tmp_path / "store" / "results" / outcome.job.name).rglob("*.mkv")
        assert there.read_bytes() == outcome.job.target.read_bytes()
        assert outcome.report is not None
        assert outcome.report.target == outcome.job.target


def test_asking_for_more_than_any_node_has_says_what_there_is(cluster, film, tmp_path):
    greedy = BATCH.cluster.model_copy(update={"cpus": 64, "patience": 3})
    with pytest.raises(DeviceError, match=r"64 CPU, 0.5 GB\) for 3 s; the cluster has: .*1 CPU"):
        run(film, tmp_path / "out", BATCH.model_copy(update={"cluster": greedy}))
