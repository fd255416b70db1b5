"""What is written equals what was read; what fails leaves nothing behind."""

import hashlib
import os
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from tests.clips import make_clip
from tests.media.evidence import audio_packets, copy_clip, longest_run, planes, video_times
from vidstyle.errors import ClipWriteError, ConfigError, TargetError, VidstyleError
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


@pytest.mark.parametrize(
    ("encoder", "suffix", "pix_fmt"),
    [
        ("x264", ".mp4", "yuv420p"), ("x265", ".mp4", "yuv420p10le"), ("x265", ".mkv", "yuv422p10le"),
        ("vp9", ".webm", "yuv420p"), ("ffv1", ".mkv", "yuv422p10le"), ("prores", ".mov", "yuv422p10le"),
        ("av1", ".mp4", "yuv420p10le"), ("dnxhr", ".mov", "yuv422p10le"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("matrix", "primaries", "transfer"), [(1, 1, 1), (6, 6, 6), (9, 9, 14), (9, 9, 16), (9, 9, 18)]
)
def test_colour_tags_come_back(tmp_path, encoder, suffix, pix_fmt, matrix, primaries, transfer):
    source = make_clip(
        tmp_path / "a.mkv", codec="libx264", pix_fmt=pix_fmt, frames=2, width=256, height=128, audio=(),
        matrix=matrix, primaries=primaries, transfer=transfer, full_range=False, chroma_location="left",
    )  # fmt: skip
    copy_clip(source, tmp_path / f"b{suffix}", encoder=encoder)
    before, after = probe(source).video.tags, probe(tmp_path / f"b{suffix}").video.tags
    assert after.model_dump(exclude={"chroma_location"}) == before.model_dump(exclude={"chroma_location"})
    if "420" in pix_fmt and encoder != "vp9":
        assert after.chroma_location in ("left", "unknown")


@pytest.mark.parametrize("location", ["left", "center", "topleft"])
@pytest.mark.parametrize(("encoder", "pix_fmt"), [("x264", "yuv420p"), ("x265", "yuv420p10le")])
def test_the_chroma_location_comes_back(tmp_path, encoder, pix_fmt, location):
    source = make_clip(tmp_path / "a.mp4", pix_fmt=pix_fmt, frames=2, audio=(), matrix=1, chroma_location=location)
    copy_clip(source, tmp_path / "b.mp4", encoder=encoder)
    assert probe(tmp_path / "b.mp4").video.tags.chroma_location == location


@pytest.mark.parametrize(("encoder", "pix_fmt"), [("x264", "yuv420p"), ("x265", "yuv420p10le"), ("vp9", "yuv420p")])
def test_full_range_stays_full(tmp_path, encoder, pix_fmt):
    source = make_clip(tmp_path / "a.mp4", pix_fmt=pix_fmt, frames=2, audio=(), matrix=1, full_range=True)
    copy_clip(source, tmp_path / "b.mp4", encoder=encoder)
    assert probe(tmp_path / "b.mp4").video.tags.range == "full"


def test_an_encoder_without_full_range_converts_and_says_so(tmp_path):
    source = make_clip(
        tmp_path / "a.mkv", codec="ffv1", pix_fmt="yuv422p10le", frames=1, audio=(), matrix=1, full_range=True
    )
    _, writer, _ = copy_clip(source, tmp_path / "b.mov", encoder="prores")
    assert any("converted to limited" in warning for warning in writer.warnings)
    with ClipReader(source) as before, ClipReader(tmp_path / "b.mov") as after:
        difference = next(before.frames()).images - next(after.frames()).images
    assert difference.abs().mean() < 0.01


def test_rgb_into_yuv_is_converted_tagged_and_named(tmp_path):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", pix_fmt="bgr0", matrix=0, frames=1, audio=())
    _, writer, _ = copy_clip(source, tmp_path / "b.mp4", encoder="x264", quality=1)
    tags = probe(tmp_path / "b.mp4").video.tags
    assert (tags.matrix, tags.range) == ("smpte170m", "limited")
    assert any("RGB is lost" in warning for warning in writer.warnings)
    with ClipReader(source) as before, ClipReader(tmp_path / "b.mp4") as after:
        assert (next(before.frames()).images - next(after.frames()).images).abs().mean() < 0.01


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_what_is_said_about_the_clip_survives(tmp_path, suffix):
    source = make_clip(
        tmp_path / "a.mp4", rotation=90, sample_aspect_ratio=Fraction(16, 11), timecode="01:00:00:00",
        metadata={"title": "Reel 7"}, audio=("aac", "aac"), audio_languages=("eng", "deu"),
    )  # fmt: skip
    copy_clip(source, tmp_path / f"b{suffix}")
    info = probe(tmp_path / f"b{suffix}")
    assert (info.video.rotation, info.video.sample_aspect_ratio) == (90, Fraction(16, 11))
    assert info.video.timecode == "01:00:00:00"
    assert {key.lower(): value for key, value in info.metadata.items()}["title"] == "Reel 7"
    german = "ger" if suffix == ".mov" else "deu"  # QuickTime knows only the older code
    assert [track.metadata["language"] for track in info.audio] == ["eng", german]
    assert [track.disposition for track in info.audio] == [track.disposition for track in probe(source).audio]


def test_chapters_survive(tmp_path):
    source = with_chapters(tmp_path)
    copy_clip(source, tmp_path / "b.mp4")
    chapters = probe(tmp_path / "b.mp4").chapters
    assert [(mark.start * mark.time_base, mark.metadata["title"]) for mark in chapters] == [
        (0, "one"),
        (Fraction(1, 5), "two"),
    ]


def with_chapters(folder):
    plain, path = make_clip(folder / "plain.mkv", frames=10, audio=()), folder / "chapters.mkv"
    marks = [
        {"id": n, "start": 200 * n, "end": 200 * n + 200, "time_base": Fraction(1, 1000), "metadata": {"title": title}}
        for n, title in enumerate(("one", "two"))
    ]
    with av.open(str(plain)) as reading, av.open(str(path), "w") as writing:
        writing.set_chapters(marks)
        stream = writing.add_stream_from_template(reading.streams.video[0])
        for packet in reading.demux(video=0):
            if packet.size:
                packet.stream = stream
                writing.mux(packet)
    return path


def test_pixel_aspect_that_the_container_cannot_keep_is_named(tmp_path):
    source = make_clip(tmp_path / "a.mp4", sample_aspect_ratio=Fraction(16, 11), frames=1)
    _, writer, _ = copy_clip(source, tmp_path / "b.mkv", encoder="ffv1")
    assert any("16/11 is not kept" in warning for warning in writer.warnings)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_sound_and_picture_are_interleaved(tmp_path, suffix):
    source = make_clip(tmp_path / "a.mp4", frames=200)
    copy_clip(source, tmp_path / f"b{suffix}", preset="ultrafast")
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


# ---- spans


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


# ---- hashes


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


# ---- refusals: before anything is decoded


def refused(source, target, **settings):
    """The error that entering the writer raises; the folder must look as before."""
    before = sorted(target.parent.iterdir()) if target.parent.is_dir() else None
    with pytest.raises(VidstyleError) as caught, ClipReader(source) as reader:  # noqa: SIM117
        with ClipWriter(target, like=reader.info, config=EncodeConfig(**settings)):
            pytest.fail("the writer opened")
    assert before == (sorted(target.parent.iterdir()) if target.parent.is_dir() else None)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.fixture
def source(tmp_path):
    return make_clip(tmp_path / "source.mp4", frames=6)


def test_an_existing_target_is_refused_and_untouched(tmp_path, source):
    (tmp_path / "b.mp4").write_text("precious")
    error = refused(source, tmp_path / "b.mp4")
    assert isinstance(error, TargetError)
    assert error.exit_code == 73
    assert (tmp_path / "b.mp4").read_text() == "precious"


def test_an_existing_target_is_replaced_on_request(tmp_path, source):
    (tmp_path / "b.mp4").write_text("old")
    copy_clip(source, tmp_path / "b.mp4", overwrite=True)
    assert len(video_times(tmp_path / "b.mp4")) == 6


def test_the_source_is_never_the_target(tmp_path, source):
    (tmp_path / "link.mp4").symlink_to(source)
    for target in (source, tmp_path / "link.mp4"):
        with ClipReader(source) as reader, pytest.raises(TargetError, match="source itself"):
            ClipWriter(target, like=reader.info, overwrite=True).__enter__()


@pytest.mark.parametrize("name", ["b", "b.xyz", "b.avi", ".mp4"])
def test_an_unknown_suffix_is_refused_with_the_known_ones(tmp_path, source, name):
    assert ".mp4, .m4v, .mov, .mkv, .webm" in str(refused(source, tmp_path / name))


def test_a_missing_folder_is_refused(tmp_path, source):
    assert "no folder" in str(refused(source, tmp_path / "nowhere" / "b.mp4"))


def test_a_folder_as_target_is_refused(tmp_path, source):
    (tmp_path / "b.mp4").mkdir()
    assert "is a folder" in str(refused(source, tmp_path / "b.mp4"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_refused(tmp_path, source):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    assert "can't be written" in str(refused(source, folder / "b.mp4"))


@pytest.mark.parametrize(
    ("audio", "suffix", "works"),
    [
        (("libopus",), ".mov", ".mkv"),
        (("flac",), ".mov", ".mkv"),
        (("aac",), ".webm", ".mp4"),
        (("pcm_s16le",), ".mp4", ".mov"),
    ],
)
def test_a_track_that_the_container_cannot_hold_is_refused_with_one_that_can(tmp_path, audio, suffix, works):
    source = make_clip(tmp_path / "a.mkv", frames=2, audio=audio)
    error = refused(source, tmp_path / f"b{suffix}")
    assert isinstance(error, TargetError)
    assert "#1" in str(error)
    assert works in str(error)


@pytest.mark.parametrize(("encoder", "suffix"), [("prores", ".mp4"), ("x264", ".webm"), ("ffv1", ".mov")])
def test_an_encoder_that_does_not_go_into_the_container_is_refused(tmp_path, source, encoder, suffix):
    assert "does not go into" in str(refused(source, tmp_path / f"b{suffix}", encoder=encoder))


@pytest.mark.parametrize(
    "settings",
    [
        {"encoder": "x264", "preset": "warp9"},
        {"encoder": "x264", "options": {"no-such-option": "1"}},
        {"encoder": "x264", "pixel_format": "gbrp"},
        {"encoder": "prores", "quality": 3},
        {"encoder": "ffv1", "preset": "fast"},
    ],
)
def test_settings_that_the_encoder_does_not_know_are_refused(tmp_path, source, settings):
    suffix = {"prores": ".mov", "ffv1": ".mkv"}.get(settings["encoder"], ".mp4")
    assert isinstance(refused(source, tmp_path / f"b{suffix}", **settings), ConfigError)


# ---- failures: nothing stands under the final name, nothing is left, nothing hangs


class BrokenError(Exception):
    pass


@pytest.mark.parametrize("after", [0, 1, 4])
@pytest.mark.parametrize("error", [BrokenError, KeyboardInterrupt])
def test_an_error_of_the_frames_arrives_with_its_type_and_leaves_nothing(tmp_path, after, error):
    source = make_clip(tmp_path / "a.mp4", frames=40)

    def broken(batches):
        for number, batch in enumerate(batches):
            if number == after:
                raise error
            yield batch

    with pytest.raises(error), ClipReader(source) as reader, ClipWriter(tmp_path / "b.mp4", like=reader.info) as writer:
        writer.write(broken(reader.frames()), reader.packets())
    assert list(tmp_path.iterdir()) == [source]
    assert not encoder_threads()


def encoder_threads():
    return [thread for thread in threading.enumerate() if thread.name == "vidstyle-encode"]


def test_a_writer_that_never_wrote_leaves_nothing(tmp_path, source):
    with ClipReader(source) as reader, ClipWriter(tmp_path / "b.mp4", like=reader.info):
        pass
    assert list(tmp_path.iterdir()) == [source]


def test_an_error_after_writing_leaves_nothing(tmp_path, source):
    def write_then_fail():
        with ClipReader(source) as reader, ClipWriter(tmp_path / "b.mp4", like=reader.info) as writer:
            writer.write(reader.frames(), reader.packets())
            raise BrokenError

    with pytest.raises(BrokenError):
        write_then_fail()
    assert list(tmp_path.iterdir()) == [source]


def test_until_the_end_only_the_hidden_partial_file_is_there(tmp_path, source):
    seen = []

    def watched(batches):
        for batch in batches:
            seen.extend(path.name for path in tmp_path.iterdir() if path != source)
            yield batch

    with ClipReader(source) as reader, ClipWriter(tmp_path / "b.mp4", like=reader.info) as writer:
        writer.write(watched(reader.frames()), reader.packets())
        assert not (tmp_path / "b.mp4").exists()
    assert set(seen) == {f".b.mp4.{os.getpid()}.part"}
    assert sorted(tmp_path.iterdir()) == [tmp_path / "b.mp4", source]


def test_an_error_of_the_encoder_thread_reaches_the_caller(tmp_path, source):
    with ClipReader(source) as reader, ClipWriter(tmp_path / "b.mp4", like=reader.info) as writer:
        batches = list(reader.frames())
        with pytest.raises(VidstyleError, match="do not increase"):
            writer.write([*batches, *batches])
    assert list(tmp_path.iterdir()) == [source]
    assert not encoder_threads()


def test_frames_of_another_size_or_clock_are_refused(tmp_path, source):
    with ClipReader(source) as reader:
        batch, info = next(reader.frames()), reader.info
    small = FrameBatch(batch.images[..., :32, :32], batch.pts, batch.time_base)
    slow = FrameBatch(batch.images, batch.pts, Fraction(1, 7))
    for wrong in (small, slow):
        with ClipWriter(tmp_path / "b.mp4", like=info) as writer, pytest.raises(VidstyleError, match="but the clip"):
            writer.write([wrong])
    assert list(tmp_path.iterdir()) == [source]


def test_no_frames_are_refused(tmp_path, source):
    with (
        ClipReader(source) as reader,
        ClipWriter(tmp_path / "b.mp4", like=reader.info) as writer,
        pytest.raises(VidstyleError, match="no frame"),
    ):
        writer.write([])
    assert list(tmp_path.iterdir()) == [source]


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from tests.media.evidence import copy_clip
from vidstyle.errors import ClipWriteError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
try:
    copy_clip(Path(sys.argv[1]), Path(sys.argv[2]), encoder="ffv1")
except ClipWriteError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def test_a_full_disk_is_a_write_error_and_leaves_nothing(tmp_path):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", frames=40, width=192, height=128, audio=("libopus",))
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", FULL_DISK, source, tmp_path / "b.mkv"],
        check=False,
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == ClipWriteError.exit_code, ended.stderr
    assert "b.mkv" in ended.stdout
    assert list(tmp_path.iterdir()) == [source]


def test_unclamped_pictures_are_clamped_only_at_the_end(tmp_path):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", pix_fmt="gray", frames=1, audio=())
    with ClipReader(source) as reader:
        batch = next(reader.frames())
    wild = torch.full_like(batch.images, 3.0)
    wild[..., :32, :] = -3.0
    with ClipWriter(tmp_path / "b.mkv", like=reader.info, config=EncodeConfig(encoder="ffv1")) as writer:
        writer.write([FrameBatch(wild, batch.pts, batch.time_base)])
    ((plane,),) = planes(tmp_path / "b.mkv")
    assert np.unique(plane[:32]).tolist() == [0]
    assert np.unique(plane[32:]).tolist() == [255]
