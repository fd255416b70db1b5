"""Everything beside picture and sound comes along: as it is, converted where the container demands it, or named."""

import hashlib

import av
import numpy as np
import pytest

from tests.clips import make_clip
from tests.media.evidence import copy_clip, video_times
from tests.media.rich import LINES, attachments, cover_of, cover_picture, subtitles, with_attachments, with_subtitles
from vidstyle.frames import Span
from vidstyle.media import ClipReader, ClipWriter, probe

SOURCES = {"srt": ".mkv", "ass": ".mkv", "mov_text": ".mp4", "webvtt": ".webm"}
COPIED = {("srt", ".mkv"), ("ass", ".mkv"), ("mov_text", ".mp4"), ("webvtt", ".mkv"), ("webvtt", ".webm")}


@pytest.mark.parametrize("codec", SOURCES)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_subtitles_come_along_with_their_times_and_words(tmp_path, codec, suffix):
    webm = {"codec": "libvpx-vp9"} if codec == "webvtt" else {}
    source = with_subtitles(tmp_path / f"a{SOURCES[codec]}", codec, **webm)
    _, writer, tally = copy_clip(source, tmp_path / f"b{suffix}")
    assert subtitles(tmp_path / f"b{suffix}") == subtitles(source) == list(LINES)
    info = probe(tmp_path / f"b{suffix}").others[0]
    assert (info.kind, info.metadata["language"]) == ("subtitle", "deu")
    assert any("subtitle #2" in warning and "is converted to" in warning for warning in writer.warnings) == (
        (codec, suffix) not in COPIED
    )
    assert tally.packets.get(2) == (len(LINES) if (codec, suffix) in COPIED else None)


@pytest.mark.parametrize(("codec", "suffix"), [("srt", ".mkv"), ("ass", ".mkv"), ("mov_text", ".mp4")])
def test_copied_subtitles_are_the_same_bytes_at_the_same_times(tmp_path, codec, suffix):
    source = with_subtitles(tmp_path / f"a{suffix}", codec)
    copy_clip(source, tmp_path / f"b{suffix}")
    assert raw_subtitles(tmp_path / f"b{suffix}") == raw_subtitles(source)


def raw_subtitles(path):
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(container.streams.subtitles[0]) if packet.size]
        return [
            (packet.pts * packet.time_base, packet.duration * packet.time_base, hashlib.sha256(bytes(packet)).digest())
            for packet in packets
        ]


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_of_a_span_subtitles_are_cut_to_it(tmp_path, suffix):
    source = with_subtitles(tmp_path / "a.mkv", "srt")  # frames of 40 ms
    copy_clip(source, tmp_path / f"b{suffix}", span=Span(2, 8))  # 80 to 320 ms
    assert subtitles(tmp_path / f"b{suffix}") == [(0, 40, "one"), (120, 200, "two\nlines"), (220, 240, "three")]


def test_cover_art_and_fonts_come_along_in_matroska(tmp_path):
    cover = cover_picture()
    source = with_attachments(tmp_path / "a.mkv", cover)
    reader, writer, _ = copy_clip(source, tmp_path / "b.mkv")
    assert cover_of(tmp_path / "b.mkv") == cover
    assert attachments(tmp_path / "b.mkv")["font.ttf"] == b"not really a font"
    assert not [warning for warning in writer.warnings if "left out" in warning]
    assert len(video_times(tmp_path / "b.mkv")) == reader.tally.decoded == 4


def test_mp4_keeps_cover_art_and_names_the_font_that_it_cannot_hold(tmp_path):
    cover = cover_picture()
    source = with_attachments(tmp_path / "a.mkv", cover)
    _, writer, _ = copy_clip(source, tmp_path / "b.mp4")
    assert cover_of(tmp_path / "b.mp4") == cover
    assert len(video_times(tmp_path / "b.mp4")) == 4
    assert any("font.ttf" in warning and "left out" in warning for warning in writer.warnings)
    copy_clip(tmp_path / "b.mp4", tmp_path / "c.mkv")
    assert cover_of(tmp_path / "c.mkv") == cover


@pytest.mark.parametrize("suffix", [".mov", ".webm"])
def test_cover_art_that_the_container_cannot_hold_is_named(tmp_path, suffix):
    source = with_attachments(tmp_path / "a.mkv", cover_picture())
    _, writer, _ = copy_clip(source, tmp_path / f"b{suffix}")
    assert any("cover art #1" in warning and "left out" in warning for warning in writer.warnings)
    assert cover_of(tmp_path / f"b{suffix}") is None


def test_a_language_that_the_container_cannot_say_is_named(tmp_path):
    source = make_clip(tmp_path / "a.mkv", frames=2, audio=("aac",), audio_languages=("pt-BR",))
    _, writer, _ = copy_clip(source, tmp_path / "b.mp4")
    assert any("language 'pt-BR' can't be said in mp4" in warning for warning in writer.warnings)
    assert not copy_clip(source, tmp_path / "b.mkv")[1].warnings


@pytest.mark.parametrize(("language", "read"), [("fra", "fra"), ("fre", "fra"), ("ces", "ces"), ("deu", "ger")])
def test_quicktime_keeps_languages_by_the_numbers_it_has_for_them(tmp_path, language, read):
    source = make_clip(tmp_path / "a.mkv", frames=2, audio=("aac",), audio_languages=(language,))
    assert copy_clip(source, tmp_path / "b.mov")[1].warnings == []
    assert probe(tmp_path / "b.mov").audio[0].metadata["language"] == read


def test_the_time_of_creation_survives(tmp_path):
    source = make_clip(tmp_path / "a.mp4", frames=2, metadata={"creation_time": "2020-02-03T04:05:06.000000Z"})
    for suffix in (".mp4", ".mov", ".mkv"):
        copy_clip(source, tmp_path / f"b{suffix}")
        assert probe(tmp_path / f"b{suffix}").metadata["creation_time"].startswith("2020-02-03T04:05:06")


@pytest.mark.parametrize(
    ("name", "suffix", "outcome"),
    [
        ("media3_sample_with_pgs_subtitles.mkv", ".mkv", "copied"),
        ("media3_sample_with_pgs_subtitles.mkv", ".mp4", "left out"),
        ("media3_sample_with_srt.mkv", ".mp4", "converted to mov_text"),
        ("media3_sample_with_ssa_subtitles.mkv", ".mov", "converted to mov_text"),
        ("media3_sample_with_vobsub.mp4", ".mp4", "copied"),
        ("media3_sample_with_vobsub.mp4", ".mkv", "copied"),
        ("media3_sample_scte35.ts", ".mp4", "left out"),
        ("media3_sample_with_chapters.mp4", ".mp4", "copied"),
        ("fate_hevc_hdr10tags-both.mkv", ".mkv", "copied"),
    ],
)
def test_tracks_of_real_files_are_kept_or_named(tmp_path, real_clips, name, suffix, outcome):
    source, target = real_clips.parent / "torture" / name, tmp_path / f"b{suffix}"
    with ClipReader(source) as reader, ClipWriter(target, like=reader.info) as writer:
        writer.write(reader.frames(Span(0, 3)), reader.packets())
    changed = [warning for warning in writer.warnings if "left out" in warning or "converted to" in warning]
    if outcome == "copied":
        assert changed == []
        kept = [other for other in probe(target).others if other.kind != "data"]
        assert len(kept) == len([other for other in reader.info.others if other.kind != "data"])
        assert len(probe(target).chapters) == len(reader.info.chapters)
    else:
        assert len(changed) == 1
        assert outcome in changed[0]


@pytest.mark.parametrize("suffix", [".mov", ".mkv"])
@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_s24le", "pcm_f32le"])
def test_of_a_span_uncompressed_sound_is_cut_to_the_sample(tmp_path, suffix, codec):
    source = make_clip(tmp_path / f"a{suffix}", frames=25, audio=(codec,))
    copy_clip(source, tmp_path / f"b{suffix}", span=Span(3, 20))
    before, after = samples(source), samples(tmp_path / f"b{suffix}")
    first = 3 * 48000 // 25
    slack = 0 if suffix == ".mov" else 48  # Matroska's packets begin at whole milliseconds
    assert abs(len(after) - 17 * 48000 // 25) <= slack
    shifts = [n for n in range(-slack, slack + 1) if (before[first + n :][: len(after)] == after).all()]
    assert len(shifts) == 1


def samples(path):
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in container.decode(audio=0)])
