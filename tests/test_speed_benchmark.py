"""The benchmark of speed measures what it says, on small material."""

import shutil
from pathlib import Path

import av
import pytest

from tests.benchmarks.peers import png_dump, streaming
from tests.benchmarks.speed import HEAD, Job, Row, backend, river, stages
from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle.networks import load_style

pytestmark = pytest.mark.slow


@pytest.fixture
def job(tmp_path: Path) -> Job:
    save_small_style(tmp_path / "small")
    clip = make_clip(tmp_path / "a.mp4", frames=6, width=96, height=64, motion=(2, 1), audio=())
    return Job(clip, str(tmp_path / "small"), frames=6, repeats=2)


@pytest.mark.parametrize("way", [png_dump, streaming])
def test_a_peer_writes_every_frame_in_the_style(job: Job, tmp_path: Path, way):
    if way is png_dump and not _has_ffmpeg():
        pytest.skip("the program ffmpeg is not on PATH")
    way(job.clip, tmp_path / "b.mp4", load_style(job.style), 5)
    with av.open(tmp_path / "b.mp4") as made, av.open(job.clip) as source:
        pairs = list(zip(made.decode(video=0), source.decode(video=0), strict=False))
    assert len(pairs) == 5
    for ours, theirs in pairs:
        assert abs(ours.to_ndarray(format="rgb24").astype(int) - theirs.to_ndarray(format="rgb24")).mean() > 5


def test_a_render_is_measured_with_what_it_does_to_the_picture(job: Job):
    row = river(job, "whole", {})
    assert len(row.wall) == len(row.processor) == 2
    assert row.flicker is not None
    assert row.sharpness is not None
    assert row.memory > 100
    assert len(str(row)) <= len(HEAD) + len(row.note) + 4


def test_a_back_end_is_measured_against_float32(job: Job):
    row = backend(job, "torch", "bf16", False)
    assert row.codes is not None
    assert 0 < row.codes[0] < row.codes[1]
    assert len(row.wall) == 2


def test_every_stage_is_measured(job: Job):
    rows = stages(job)
    assert [row.name.split()[0] for row in rows] == ["decode", "marks", "motion", "network", "blend", "encode"]
    assert all(isinstance(row, Row) and len(row.wall) == 2 and min(row.wall) > 0 for row in rows)


def _has_ffmpeg() -> bool:
    return shutil.which("ffmpeg") is not None
