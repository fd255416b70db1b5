"""Workers of a Ray cluster, one core each: what two do against one, and what a shot costs beside its rendering.

    python -m tests.benchmarks.cluster [--rounds N] > tests/benchmarks/results/cluster.txt

Each node of the cluster is bound to a core of its own, and has room for one worker; `ink` draws 8 short shots. Frames
per second are those while workers are at work, start-up is told by itself: from the call until the first shot is begun.
Beside is what passes between a shot's begin and end in the ledger that is not rendering: sending it, proving the result
and writing it down. The last line is for tests/benchmarks/scale.py.
"""

import argparse
import json
import logging
import os
import platform
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import ray
import torch
from ray.cluster_utils import Cluster

from tests.clips import make_clip
from vidstyle.config import load_config
from vidstyle.jobs.batch import render_list
from vidstyle.jobs.job import BatchConfig, ClusterConfig

SHOTS, FRAMES, WIDTH, HEIGHT = 8, 24, 256, 144


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112  # else 15: workers would give way to whatever else the machine does
    cores = sorted(os.sched_getaffinity(0))
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    for core in cores[:2]:
        os.sched_setaffinity(0, {core})  # what a node starts inherits it
        cluster.add_node(num_cpus=1)
    os.sched_setaffinity(0, set(cores))
    ray.init(address=cluster.address, log_to_driver=False, logging_level=logging.ERROR)
    try:
        with tempfile.TemporaryDirectory() as name:
            rows = measure(Path(name), rounds)
    finally:
        ray.shutdown()
        cluster.shutdown()
    show(rows)


def measure(folder: Path, rounds: int) -> list[dict[str, Any]]:
    """One worker and two by turns, so that whatever else the machine does meets both."""
    for number in range(SHOTS):
        make_clip(folder / f"{number}.mov", frames=FRAMES, width=WIDTH, height=HEIGHT, seed=number, rate=Fraction(24))
    rows = [f"{number:03},{number}.mov,0,{FRAMES - 1}" for number in range(SHOTS)]
    (folder / "a.csv").write_text("\n".join(["shot,source,in,out", *rows]) + "\n")
    return [run(folder, workers, turn) for turn in range(rounds) for workers in (1, 2)]


def run(folder: Path, workers: int, turn: int) -> dict[str, Any]:
    """Render the list with so many workers."""
    flags = {"device": "cpu", "decode.threads": 1, "encode.threads": 1, "stylize.backend": "torch"}
    batch = BatchConfig(
        trial=False, handles=0, executor="ray", jobs=workers, cluster=ClusterConfig(memory=1.5), template="{shot}.mov"
    )
    begun, heard = time.monotonic(), list[float]()
    load = os.getloadavg()[0]
    result = render_list(
        folder / "a.csv", folder / f"out-{workers}-{turn}", load_config(flags=flags), batch,
        on_shot=lambda _job, _progress: heard.append(time.monotonic()),
    )  # fmt: skip
    ended = time.monotonic()
    assert not result.failed, [outcome.message for outcome in result.failed]
    reports = [(outcome, outcome.report) for outcome in result.outcomes if outcome.report]
    busy = sum(outcome.seconds for outcome in result.outcomes) / workers
    return {
        "workers": workers, "load": load, "fps": SHOTS * FRAMES / busy, "start": ended - begun - busy,
        "render": median(report.seconds for _, report in reports),
        "beside": median(outcome.seconds - report.seconds for outcome, report in reports),
    }  # fmt: skip


def show(rows: list[dict[str, Any]]) -> None:
    """Print every run, medians and the scaling."""
    print(f"{SHOTS} shots of {FRAMES} frames, {WIDTH}x{HEIGHT}, ink, one core each; {platform.machine()}, "
          f"{os.cpu_count()} cores, torch {torch.__version__}, ray {ray.__version__}")  # fmt: skip
    print("workers    fps  s/shot  beside, s  start, s  load before")
    for row in rows:
        print(f"{row['workers']:7} {row['fps']:6.2f} {row['render']:7.2f} {row['beside']:10.2f} "
              f"{row['start']:9.1f} {row['load']:12.1f}")  # fmt: skip
    medians = {
        workers: {key: median(row[key] for row in rows if row["workers"] == workers) for key in rows[0]}
        for workers in (1, 2)
    }
    print(f"two workers against one: {medians[2]['fps'] / medians[1]['fps']:.2f} times the frames")
    print(json.dumps({"beside": round(medians[2]["beside"], 3), "start": round(medians[2]["start"], 1)}))


if __name__ == "__main__":
    main()
