"""What is said about a clip is said about its copy: colour tags, geometry, titles, chapters."""

from fractions import Fraction

import av
import pytest

from tests.clips import make_clip
from tests.media.evidence import audio_packets, copy_clip
from vidstyle.media import ClipReader, probe


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


def test_a_kept_timecode_track_is_not_called_lost(tmp_path):
    source = make_clip(tmp_path / "a.mov", timecode="01:00:00:00", frames=2, audio=(), matrix=1, full_range=False)
    reader, writer, _ = copy_clip(source, tmp_path / "b.mov")
    assert [other.kind for other in probe(source).others] == ["data"]
    assert reader.warnings + writer.warnings == []


def test_sound_that_moves_to_the_nearest_sample_is_named(tmp_path):
    source = make_clip(tmp_path / "a.ts", codec="mpeg2video", time_base=Fraction(1, 25), frames=10, audio=("ac3",))
    _, writer, _ = copy_clip(source, tmp_path / "b.mp4")
    assert any("rounded to whole samples" in warning for warning in writer.warnings)
    pairs = zip(audio_packets(source)[0], audio_packets(tmp_path / "b.mp4")[0], strict=True)
    assert all(before[1] == after[1] and abs(before[0] - after[0]) <= Fraction(1, 96000) for before, after in pairs)
