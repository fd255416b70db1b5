"""Some of the difficult real files; `python -m tests.benchmarks.torture` renders all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.child import Child
from tests.benchmarks.torture import tried

FILES = [
    "decord_unordered.mov", "fate_hevc_multiview.mp4", "fate_vp9_vp90-2-05-resize.mp4", "gpacfuzz_gpac.mp4",
    "media3_sample_audio_only.mp4", "media3_sample_fragmented_clearkey.mp4", "media3_sample_scte35.ts",
    "moviepy_pigs.gif", "mp4parse_chunk_out_of_range.mp4", "mp4parse_minimal.mp4", "mp4parse_zero_empty_stsc.mp4",
    "mp4parse_invalid_userdata.mp4", "fate_msvideo1_skating.avi", "zero_length.mp4",
]  # fmt: skip


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    with Child() as child:
        yield child


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_difficult_file_gives_a_right_clip_or_one_clear_line(shared: Path, child: Child, name: str):
    file = shared / "media" / "torture" / name
    if not file.exists():
        pytest.skip(f"real material absent: {name}")
    line, right = tried(child, file, ink=False)
    assert right, line
