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
    return [alone(_length, count) for count in LENGTHS if count <= most]


def sizes(job: Job, largest: int) -> list[Row]:
    """Render moving texture of growing size in the style itself."""
    return [alone(_size, job, name) for name, (_, height) in SIZES.items() if height <= largest]


def _length(count: int) -> Row:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_small_style(folder / "small")
        width, height = _SMALL
        clip = make_clip(folder / "a.mp4", frames=count, width=width, height=height, motion=(2, 1), audio=())
        return _rendered(Job(clip, str(folder / "small"), count, 1), f"{count} frames", {})


def _size(job: Job, name: str) -> Row:
    width, height = SIZES[name]
    with tempfile.TemporaryDirectory() as folder:
        clip = make_clip(Path(folder) / "a.mp4", frames=8, width=width, height=height, motion=(3, 1), audio=())
        return _rendered(replace(job, clip=clip, frames=8, repeats=1), name, {})


def _rendered(job: Job, name: str, flags: Flags) -> Row:
    row = Row(name)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "b.mp4"
        render(job, target, flags, 2)
        timed(row, lambda: render(job, target, flags, job.frames), job.frames, job.repeats)
    return row
