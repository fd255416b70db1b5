"""Real clips, written again without a style: every frame, time, packet and tag is there again."""

import numpy as np
import pytest

from tests.conftest import SHARED
from tests.media.evidence import audio_packets, copy_clip, planes, video_times
from vidstyle.frames import Span
from vidstyle.media import probe

FRAMES = 24
CLIPS = SHARED / "media" / "clips"
NAMES = sorted(path.name for path in CLIPS.glob("*")) if CLIPS.is_dir() else ["none"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_first_frames_keep_times_planes_tags_and_sound(real_clips, tmp_path, name):
    source, target = real_clips / name, tmp_path / "b.mkv"
    reader, _, tally = copy_clip(source, target, span=Span(0, FRAMES), encoder="ffv1")
    assert tally.frames == FRAMES
    assert (reader.tally.concealed, reader.tally.dropped) == (0, 0)
    for before, after in zip(planes(source, FRAMES), planes(target), strict=True):
        assert all(map(np.array_equal, before, after))
    expected = video_times(source, FRAMES)
    assert max(abs(a - b) for a, b in zip(video_times(target), expected, strict=True)) <= 0.0005
    for source_track, track in zip(audio_packets(source), audio_packets(target), strict=True):
        assert track
        assert [packet for _, packet in track] == [packet for _, packet in source_track[: len(track)]]
    tags, found = (probe(path).video.tags.model_dump(exclude={"chroma_location"}) for path in (source, target))
    assert found == tags


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [  # AAC of one and two channels, sound before picture, MP3, Opus in Matroska, no sound, odd rates
        *("mdn_stream.mp4", "mdn_friday.mp4", "mdn_flower.mp4", "moviepy_chaplin.mp4", "decord_pancake.mkv"),
        *("skv_bikes.mp4", "media3_sample_with_increasing_timestamps_360p.mp4"),
    ],
)
def test_a_whole_clip_keeps_every_time_and_packet(real_clips, tmp_path, name):
    source = real_clips / name
    target = tmp_path / f"b{source.suffix}"
    reader, _, tally = copy_clip(source, target, speed="ultrafast", quality=35)
    assert video_times(target) == video_times(source)
    assert audio_packets(target) == audio_packets(source)
    assert tally.frames == reader.tally.decoded == len(video_times(source))
    before, after = probe(source).video, probe(target).video
    assert after.tags == before.tags
    assert (after.rotation, after.timecode) == (before.rotation, before.timecode)
    assert (after.sample_aspect_ratio or 1) == (before.sample_aspect_ratio or 1)
