"""A span of a clip is a clip of its own: chapters and timecode move with it, labels find its frames."""

from fractions import Fraction

import pytest

from tests.clips import make_clip
from tests.media.evidence import planes, video_times
from tests.media.test_writer_facts import with_chapters
from vidstyle.errors import ConfigError
from vidstyle.frames import Span
from vidstyle.media import ClipReader, ClipWriter, EncodeConfig, cut_to, probe, span_between


def copy_span(source, target, span, **encode):
    with (
        ClipReader(source) as reader,
        ClipWriter(target, like=cut_to(reader.info, span), config=EncodeConfig(**encode)) as writer,
    ):
        writer.write(reader.frames(span), reader.packets(span))
    return probe(target)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_chapters_are_cut_to_the_span_and_move_with_it(tmp_path, suffix):
    source = with_chapters(tmp_path)  # 0 to 200 ms and 200 to 400 ms, frames of 40 ms
    info = copy_span(source, tmp_path / f"b{suffix}", Span(3, 9))
    times = [(mark.start * mark.time_base, mark.end * mark.time_base, mark.metadata["title"]) for mark in info.chapters]
    assert times == [(0, Fraction(8, 100), "one"), (Fraction(8, 100), Fraction(24, 100), "two")]


def test_a_chapter_outside_the_span_is_gone(tmp_path):
    info = copy_span(with_chapters(tmp_path), tmp_path / "b.mp4", Span(6))
    assert [mark.metadata["title"] for mark in info.chapters] == ["two"]


@pytest.mark.parametrize(
    ("rate", "timecode", "start", "expected"),
    [
        (Fraction(25), "01:00:00:20", 7, "01:00:01:02"),
        (Fraction(24000, 1001), "09:59:59:23", 1, "10:00:00:00"),
        (Fraction(30000, 1001), "00:00:59;28", 2, "00:01:00;02"),
        (Fraction(60000, 1001), "00:00:59;59", 1, "00:01:00;04"),
    ],
)
@pytest.mark.parametrize("suffix", [".mov", ".mkv"])
def test_the_timecode_goes_on_where_the_span_begins(tmp_path, suffix, rate, timecode, start, expected):
    clock = {"time_base": Fraction(1, rate.numerator), "rate": rate}
    source = make_clip(tmp_path / "a.mov", frames=10, timecode=timecode, audio=(), **clock)
    assert copy_span(source, tmp_path / f"b{suffix}", Span(start)).video.timecode == expected
    assert copy_span(source, tmp_path / f"c{suffix}", Span()).video.timecode == timecode


def test_labels_mean_frames_of_the_clip(tmp_path):
    source = make_clip(tmp_path / "a.mov", frames=30, timecode="01:00:09:20", audio=())
    info = probe(source)
    assert span_between(info, "01:00:10:00", "01:00:10:10") == Span(5, 15)
    assert span_between(info, None, "01:00:10:00") == Span(0, 5)
    assert span_between(info, "01:00:09:20", None) == Span(0)


def test_drop_frame_labels_mean_frames_of_the_clip(tmp_path):
    clock = {"rate": Fraction(30000, 1001), "time_base": Fraction(1, 30000)}
    info = probe(make_clip(tmp_path / "a.mov", frames=4, timecode="01:00:59;28", audio=(), **clock))
    assert span_between(info, "01:01:00;02", "01:01:00;04") == Span(2, 4)
    with pytest.raises(ConfigError, match="drops frames"):
        span_between(info, "01:01:00:02", None)


def test_without_a_timecode_labels_count_from_zero(tmp_path):
    info = probe(make_clip(tmp_path / "a.mp4", frames=30, audio=()))
    assert span_between(info, "00:00:00:05", "00:00:01:00") == Span(5, 25)


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        ("00:59:59:24", None, "before the clip's first frame"),
        ("01:00:00:05", "01:00:00:05", "not after"),
        ("01:00:00:99", None, "beyond 25 frames"),
        ("ten", None, "no timecode"),
    ],
)
def test_labels_that_mean_no_frame_are_refused(tmp_path, first, last, says):
    info = probe(make_clip(tmp_path / "a.mov", frames=4, timecode="01:00:00:00", audio=()))
    with pytest.raises(ConfigError, match=says):
        span_between(info, first, last)


def test_a_clip_that_runs_past_midnight_is_understood(tmp_path):
    info = probe(make_clip(tmp_path / "a.mov", frames=10, timecode="23:59:59:20", audio=()))
    assert span_between(info, "00:00:00:00", "00:00:00:03") == Span(5, 8)


@pytest.mark.parametrize("span", [Span(0, 1), Span(4, 5), Span(4, 6), Span(11)])
def test_spans_of_one_and_two_frames_hold_those_very_frames(tmp_path, span):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", audio=("pcm_s16le",))
    copy_span(source, tmp_path / "b.mkv", span, encoder="ffv1")
    expected, found = list(planes(source))[span.start : span.stop], list(planes(tmp_path / "b.mkv"))
    assert len(found) == len(expected) == len(video_times(tmp_path / "b.mkv"))
    assert all(
        (a == b).all() for one, other in zip(expected, found, strict=True) for a, b in zip(one, other, strict=True)
    )
