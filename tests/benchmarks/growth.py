"""How cost grows: with the number of frames, and with their size."""

import tempfile
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.speed import Flags, Job, Row, alone, render, timed
from tests.clips import make_clip
from tests.styles import save_small_style

LENGTHS = (100, 300, 1_000, 3_000, 10_000)
SIZES = {"360p": (640, 360), "540p": (960, 540), "720p": (1280, 720), "1080p": (1920, 1080), "2160p": (3840, 2160)}
_SMALL = (96, 64)  # px, of the frames whose number grows


def lengths(most: int) -> list[Row]:
    """Render small moving texture of growing length with a small network, so that every stage runs."""
    with tempfile.TemporaryDirectory() as name:
        save_small_style(Path(name) / "small")
        job = Job(Path(name) / "a.mp4", str(Path(name) / "small"), repeats=1)
        return [_grown(replace(job, frames=count), f"{count} frames", _SMALL) for count in LENGTHS if count <= most]


def sizes(job: Job, largest: int) -> list[Row]:
    """Render moving texture of growing size in the style itself."""
    with tempfile.TemporaryDirectory() as name:
        job = replace(job, clip=Path(name) / "a.mp4", frames=8, repeats=1)
        return [_grown(job, size, shape) for size, shape in SIZES.items() if shape[1] <= largest]


def _grown(job: Job, name: str, shape: tuple[int, int]) -> Row:
    """Measure in a process that has not made the clip: its frames, all in memory at once, would be the peak."""
    make_clip(job.clip, frames=job.frames, width=shape[0], height=shape[1], motion=(2, 1), audio=())
    return alone(_rendered, job, name, {})


def _rendered(job: Job, name: str, flags: Flags) -> Row:
    row = Row(name)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "b.mp4"
        render(job, target, flags, 2)
        timed(row, lambda: render(job, target, flags, job.frames), job.frames, job.repeats)
    return row
