"""Hours of shots in one process, as many short ones: memory, file handles and threads after each.

    python -m tests.benchmarks.soak [--shots N] > tests/benchmarks/results/soak.txt
    python -m tests.benchmarks.soak --plot docs/pictures/soak.svg < tests/benchmarks/results/soak.txt

Each shot is opened, marked, stylized, blended, encoded with its sound, and its frames kept on the way, so that all that
a shot opens was opened and closed N times. The style is a small untrained network, at a size where a shot takes a tenth
of a second: it is the number of shots that leaks would grow with. Memory is VmRSS.
"""

import argparse
import gc
import os
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch

from tests.benchmarks.plots import figure, plot
from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle import Shot, render_shot
from vidstyle.config import RenderConfig, load_config

FRAMES = 6


class Held(NamedTuple):
    """What this process holds after so many shots."""

    shots: int
    mebibytes: float
    handles: int
    threads: int
    temporary: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shots", type=int, default=2000)
    parser.add_argument("--plot", type=Path, help="draw the figures on standard input there, instead of measuring")
    asked = parser.parse_args()
    if asked.plot:
        asked.plot.write_text(draw([Held(*map(int, line.split())) for line in sys.stdin if line.split()[0].isdigit()]))
    else:
        measure(asked.shots)


def measure(count: int) -> None:
    """Print a table of what is held."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        held = list(soak(Path(folder), count, every=max(1, count // 40)))
    print(f"Took {time.monotonic() - begun:.0f} s for {count} shots of {FRAMES} frames, {platform.machine()}, "
          f"{os.cpu_count()} cores, torch {torch.__version__}")  # fmt: skip
    print("shots    MiB  handles  threads  files left")
    for row in held:
        print(f"{row.shots:5}  {row.mebibytes:5.0f}  {row.handles:7}  {row.threads:7}  {row.temporary:10}")
    settled = [row for row in held if row.shots >= count // 4]
    growth = settled[-1].mebibytes - settled[0].mebibytes
    print(f"from shot {settled[0].shots} on: {growth:+.1f} MiB, "
          f"{1024 * growth / max(1, settled[-1].shots - settled[0].shots):+.2f} KiB a shot")  # fmt: skip


def draw(held: list[Held]) -> str:
    """Give the figures as plots, an SVG."""
    drawn = {"memory, MiB": "mebibytes", "file handles": "handles", "threads": "threads"}
    points = {title: [(float(row.shots), float(getattr(row, key))) for row in held] for title, key in drawn.items()}
    return figure([plot(f"{title}, over shots", each) for title, each in points.items()])


def soak(folder: Path, count: int, every: int = 1) -> Iterator[Held]:
    """Render `count` shots one after another, and tell what is held after every so many."""
    (scratch := folder / "out").mkdir()
    save_small_style(folder / "small")
    source = make_clip(folder / "a.mov", frames=FRAMES, width=64, height=48, audio=("pcm_s16le",))
    config = load_config(flags={"style": str(folder / "small"), "device": "cpu", "work.every": 0.0})
    for number in range(1, count + 1):
        _render(source, scratch / f"{number % 2}.mov", config)
        if number % every == 0 or number == 1:
            gc.collect()
            yield held(number, scratch)


def _render(source: Path, target: Path, config: RenderConfig) -> None:
    report = render_shot(Shot(source), target, config, overwrite=True)
    assert report.written == FRAMES


def held(shots: int, scratch: Path) -> Held:
    """Ask the system what this process holds."""
    status = Path("/proc/self/status").read_text()
    kibibytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    handles = len(list(Path("/proc/self/fd").iterdir()))
    tasks = len(list(Path("/proc/self/task").iterdir()))
    assert threading.active_count() <= tasks
    return Held(shots, kibibytes / 1024, handles, tasks, len([*scratch.iterdir()]))


if __name__ == "__main__":
    main()
