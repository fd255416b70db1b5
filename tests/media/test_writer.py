"""What is written equals what was read."""

import hashlib
from fractions import Fraction

import numpy as np
import pytest

from tests.clips import make_clip
from tests.media.evidence import audio_packets, copy_clip, longest_run, planes, video_times
from vidstyle.frames import FrameBatch, Span
from vidstyle.media import ClipReader, ClipWriter, EncodeConfig, probe

UNEVEN = (0, 512, 700, 740, 3000, 9001, 9040, 20000)


@pytest.mark.parametrize(
    ("suffix", "encoder", "pix_fmt", "audio"),
    [
        (".mp4", "x264", "yuv420p", ("aac",)),
        (".mp4", "x264", "yuv420p", ("aac", "aac", "ac3", "libopus", "flac")),
        (".mp4", "x264", "yuv444p", ()),
        (".mp4", "x265", "yuv420p10le", ("aac",)),
        (".mov", "x264", "yuv422p10le", ("pcm_s16le", "pcm_s24le")),
        (".mov", "prores", "yuv422p10le", ("pcm_s16le",)),
        (".mp4", "av1", "yuv420p10le", ("libopus",)),
        (".mp4", "vp9", "yuv420p", ("aac",)),
    ],
)
@pytest.mark.parametrize("pts", [None, UNEVEN], ids=["constant", "variable"])
def test_every_frame_time_and_audio_packet_survives(tmp_path, suffix, encoder, pix_fmt, audio, pts):
    source = make_clip(tmp_path / f"a{'.mov' if suffix == '.mov' else '.mp4'}", pix_fmt=pix_fmt, audio=audio, pts=pts)
    target = tmp_path / f"b{suffix}"
    reader, _, tally = copy_clip(source, target, encoder=encoder)
    assert video_times(target) == video_times(source)
    assert audio_packets(target) == audio_packets(source)
    assert tally.frames == reader.tally.decoded == len(video_times(source))
    assert list(tally.packets.values()) == [len(track) for track in audio_packets(source)]


@pytest.mark.parametrize("suffix", [".mkv", ".webm"])
def test_matroska_keeps_its_own_times_and_packets(tmp_path, suffix):
    source = make_clip(tmp_path / "a.webm", codec="libvpx-vp9", audio=("libopus", "libopus"), pts=UNEVEN)
    target = tmp_path / f"b{suffix}"
    copy_clip(source, target)
    assert video_times(target) == video_times(source)
    assert audio_packets(target) == audio_packets(source)


def test_a_track_that_begins_before_zero_does_not_move_the_picture_in_matroska(tmp_path):
    source = make_clip(tmp_path / "a.mp4")
    assert audio_packets(source)[0][0][0] < 0
    _, writer, _ = copy_clip(source, tmp_path / "b.mkv")
    assert video_times(tmp_path / "b.mkv") == video_times(source)
    before, after = audio_packets(source)[0], audio_packets(tmp_path / "b.mkv")[0]
    assert [packet for _, packet in before] == [packet for _, packet in after]
    assert max(abs(a - b) for (a, _), (b, _) in zip(before, after, strict=True)) <= Fraction(1, 2000)
    assert any("milliseconds" in warning for warning in writer.warnings)


@pytest.mark.parametrize("start", [Fraction(1, 3), Fraction(2002, 30000), Fraction(10)])
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_offset_between_picture_and_sound_survives(tmp_path, start, suffix):
    source = make_clip(
        tmp_path / "a.mp4", start=start, audio_start=Fraction(1, 4), time_base=Fraction(1, 30000), frames=5
    )
    target = tmp_path / f"b{suffix}"
    copy_clip(source, target)
    assert video_times(target) == video_times(source)
    assert audio_packets(target) == audio_packets(source)


@pytest.mark.parametrize("seconds", [0.05, 3.0])
def test_sound_shorter_or_longer_than_the_picture_is_kept_whole(tmp_path, seconds):
    source = make_clip(tmp_path / "a.mp4", frames=12, audio_seconds=seconds)
    copy_clip(source, tmp_path / "b.mp4")
    assert audio_packets(tmp_path / "b.mp4") == audio_packets(source)


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p10le", "yuv444p12le", "gbrp", "gray"])
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", [1, 6, 9])
def test_without_a_style_the_source_planes_come_back_with_every_code(tmp_path, pix_fmt, full_range, matrix):
    source = make_clip(
        tmp_path / "a.mkv", codec="ffv1", pix_fmt={"gbrp": "bgr0"}.get(pix_fmt, pix_fmt), frames=2, width=97, height=65,
        matrix=0 if pix_fmt == "gbrp" else matrix, full_range=full_range,
    )  # fmt: skip
    copy_clip(source, tmp_path / "b.mkv", encoder="ffv1")
    for before, after in zip(planes(source), planes(tmp_path / "b.mkv"), strict=True):
        assert all(map(np.array_equal, before, after))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_sound_and_picture_are_interleaved(tmp_path, suffix):
    source = make_clip(tmp_path / "a.mp4", frames=200)
    copy_clip(source, tmp_path / f"b{suffix}", speed="ultrafast")
    assert longest_run(tmp_path / f"b{suffix}") <= 5


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize(
    ("encoder", "suffix"), [("x264", ".mp4"), ("x265", ".mp4"), ("vp9", ".webm"), ("ffv1", ".mkv")]
)
def test_the_shortest_clips_survive(tmp_path, count, encoder, suffix):
    source = make_clip(tmp_path / "a.mkv", frames=count, audio=("libopus",))
    copy_clip(source, tmp_path / f"b{suffix}", encoder=encoder)
    assert video_times(tmp_path / f"b{suffix}") == video_times(source)
    assert audio_packets(tmp_path / f"b{suffix}") == audio_packets(source)


@pytest.mark.parametrize(("pix_fmt", "encoder"), [("yuv420p", "vp9"), ("yuv420p10le", "av1")])
def test_odd_sizes_stay_odd(tmp_path, pix_fmt, encoder):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", pix_fmt=pix_fmt, width=321, height=181, frames=2)
    _, writer, _ = copy_clip(source, tmp_path / "b.mp4")
    info = probe(tmp_path / "b.mp4")
    assert (info.video.width, info.video.height, writer.encoder, info.video.pix_fmt) == (321, 181, encoder, pix_fmt)


def test_x264_takes_odd_sizes_with_whole_chroma(tmp_path):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", width=321, height=181, frames=2)
    copy_clip(source, tmp_path / "b.mp4", encoder="x264")
    info = probe(tmp_path / "b.mp4")
    assert (info.video.width, info.video.height, info.video.pix_fmt) == (321, 181, "yuv444p")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize(("start", "stop"), [(0, 10), (10, 30), (25, None)])
def test_a_span_moves_all_tracks_by_the_same_time(tmp_path, suffix, start, stop):
    source = make_clip(tmp_path / "a.mkv", frames=40, start=Fraction(1, 5), audio=("libopus", "libopus"))
    copy_clip(source, tmp_path / f"b{suffix}", span=Span(start, stop))
    kept, times = video_times(source)[start:stop], video_times(tmp_path / f"b{suffix}")
    shift = kept[0] - video_times(source)[0]
    assert times == [time - shift for time in kept]
    end = kept[-1] + Fraction(1, 25)
    for before, after in zip(audio_packets(source), audio_packets(tmp_path / f"b{suffix}"), strict=True):
        moved = [(time - shift, packet) for time, packet in before]
        assert after == [packet for packet in moved if packet in after]
        inside = [(time - shift, packet) for time, packet in before if kept[0] <= time < end]
        assert set(inside) <= set(after)
        assert len(after) - len(inside) <= (1 if start else len(after))


def test_the_frame_hash_is_that_of_the_planes_and_does_not_depend_on_batches(tmp_path):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", frames=7, audio=())
    hashes = {
        copy_clip(source, tmp_path / f"{batch}.mkv", encoder="ffv1", batch=batch)[2].frame_hash for batch in (1, 3, 16)
    }
    expected = hashlib.sha256()
    for frame in planes(source):
        for plane in frame:
            expected.update(plane.tobytes())
    assert hashes == {expected.hexdigest()}


def test_the_frame_hash_sees_a_single_code(tmp_path):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", pix_fmt="gbrp10le", frames=1, audio=())
    with ClipReader(source) as reader:
        batch = next(reader.frames())
    images = batch.images.clone()
    images[0, 0, 5, 5] += 1 / 1023
    first, second = (
        write(tmp_path / f"{n}.mkv", reader.info, pictures, batch) for n, pictures in enumerate((batch.images, images))
    )
    assert first.frame_hash != second.frame_hash


def write(target, info, images, batch):
    with ClipWriter(target, like=info, config=EncodeConfig(encoder="ffv1")) as writer:
        return writer.write([FrameBatch(images, batch.pts, batch.time_base)])
