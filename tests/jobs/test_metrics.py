"""Figures for Prometheus: read back by the rules of its text format, and pushed to a gateway that listens here."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.jobs.conftest import table
from vidstyle import RenderConfig
from vidstyle.errors import ConfigError, TargetError
from vidstyle.jobs import metrics as module
from vidstyle.jobs.batch import plan_list
from vidstyle.jobs.job import BatchConfig, Outcome
from vidstyle.jobs.metrics import Metrics
from vidstyle.jobs.planning import Plan
from vidstyle.progress import Progress


@pytest.fixture
def plan(tmp_path: Path, render: RenderConfig, plates: Path) -> Plan:
    """Three shots of six frames."""
    path = table(tmp_path / "a.csv", "010,A001.mov,4,9", "020,A002.mov,4,9", "030,B001.mov,4,9")
    batch = BatchConfig(trial=False, handles=0, template="{shot}.mkv")
    return plan_list(path, tmp_path / "out", render, batch, roots=[plates])


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "EVERY", 0.0)


def samples(text: str) -> dict[str, float]:
    """Read the text format: every line a comment or a sample, every family with its help and type before it."""
    found, known = dict[str, float](), set[str]()
    for line in text.splitlines():
        if comment := re.fullmatch(r"# (HELP|TYPE) (vidstyle_\w+) (.+)", line):
            known.add(f"{comment[1]} {comment[2]}")
            continue
        sample = re.fullmatch(r'(vidstyle_\w+)\{((?:\w+="(?:[^"\\]|\\.)*",?)+)\} (\S+)', line)
        assert sample, line
        assert {f"HELP {sample[1]}", f"TYPE {sample[1]}"} <= known
        labels = re.sub(r'batch="(?:[^"\\]|\\.)*"', "", sample[2]).strip(",")
        found[f"{sample[1].removeprefix('vidstyle_')}[{labels}]"] = float(sample[3])
    assert text.endswith("\n")
    return found


def test_a_file_says_how_far_a_batch_is(tmp_path: Path, plan: Plan):
    file = tmp_path / "vidstyle.prom"
    metrics = Metrics(file, batch='night "cut"')
    metrics.plan(plan)
    first, second, third = plan.jobs
    metrics.progress(first, Progress(2, 6, 1.0, gpu_bytes=5_000))
    metrics.progress(first, Progress(4, 6, 2.0, gpu_bytes=4_000))
    metrics.progress(second, Progress(5, 6, 1.0, before=2))
    found = samples(file.read_text())
    assert found['shots[status="rendering"]'] == 2
    assert found['shots[status="waiting"]'] == 1
    assert found["frames_total[]"] == 4 + 3
    assert found["frames_wanted[]"] == 18
    assert found["frames_per_second[]"] == pytest.approx(2 + 3)
    assert found["gpu_memory_bytes[]"] == 5_000
    metrics.progress(first, Progress(1, 6, 1.0))  # begun anew
    metrics.outcome(Outcome(first, "done", attempts=2, seconds=3.0))
    metrics.outcome(Outcome(second, "failed", error="DeviceError", exit_code=75))
    metrics.outcome(Outcome(third, "skipped"))
    metrics.close()
    found = samples(file.read_text())
    assert [found[f'shots[status="{each}"]'] for each in ("done", "failed", "skipped", "rendering")] == [1, 1, 1, 0]
    assert found["frames_total[]"] == 8
    assert found['failures_total[error="DeviceError",code="75"]'] == 1
    assert found["retries_total[]"] == 1
    assert (found["shot_seconds_sum[]"], found["shot_seconds_count[]"]) == (3.0, 1)
    assert r'batch="night \"cut\""' in file.read_text()
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_a_file_that_cannot_be_written_is_told_before_any_work(tmp_path: Path):
    with pytest.raises(TargetError, match="gone"):
        Metrics(tmp_path / "gone" / "vidstyle.prom")


def test_what_is_no_url_is_refused():
    with pytest.raises(ConfigError, match="no http URL"):
        Metrics(push="gateway:9091")


@pytest.fixture
def gateway() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    heard: list[tuple[str, str, str]] = []

    class Heard(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            heard.append((self.path, self.headers["Content-Type"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Heard)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_gateway_gets_the_same(gateway: tuple[str, list[tuple[str, str, str]]], plan: Plan):
    url, heard = gateway
    metrics = Metrics(push=url + "/", batch="cut")
    metrics.plan(plan)
    metrics.close()
    path, kind, body = heard[-1]
    assert path.startswith("/metrics/job/vidstyle/instance/")
    assert kind == "text/plain; version=0.0.4"
    assert samples(body)['shots[status="waiting"]'] == 3
    assert metrics.warnings == []


def test_a_gateway_that_does_not_answer_stops_nothing_and_is_told_once(plan: Plan):
    metrics = Metrics(push="http://127.0.0.1:9", batch="cut")
    metrics.plan(plan)
    metrics.outcome(Outcome(plan.jobs[0], "skipped"))
    metrics.close()
    assert len(metrics.warnings) == 1
