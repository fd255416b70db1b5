"""A span of a clip as a clip of its own: its times, chapters and timecode, and which span two timecodes mean."""

from collections.abc import Iterable
from fractions import Fraction

from vidstyle.errors import ConfigError
from vidstyle.frames import Span
from vidstyle.media.clip import ChapterInfo, ClipInfo
from vidstyle.media.opening import open_source, translate_read_errors
from vidstyle.timecode import Timecode

_REORDERED = 64  # packets; no decoder holds back more frames than these
_USUAL_RATE = Fraction(25)


def cut_to(info: ClipInfo, span: Span) -> ClipInfo:
    """Describe the clip that holds only `span` of this one.

    Convention: its first frame has the time of the clip's own first frame. Chapters are cut to the span and move with
    it; the timecode goes on by one label a frame. Raises ClipReadError where the clip can't be read.
    """
    if span.whole:
        return info
    video = info.video.model_copy(update={"timecode": _later(info, span.start)})
    chapters = tuple(_cut(info.chapters, *_window(info, span))) if info.chapters else ()
    return info.model_copy(update={"video": video, "chapters": chapters})


def span_between(info: ClipInfo, first: str | None, last: str | None) -> Span:
    """The frames from timecode `first` on and before timecode `last`; None: from the begin, to the end.

    Convention: labels count from the clip's own timecode; from 00:00:00:00 where it has none.

    Raises ConfigError where a label is none of the clip's rate, before its begin, or not after `first`.
    """
    start = _number(info, first, "in") if first is not None else 0
    stop = _number(info, last, "out") if last is not None else None
    if stop is not None and stop <= start:
        raise ConfigError(
            f"--out {last} is not after {first or 'the first frame'}; the frame at --out is not included", key="out"
        )
    return Span(start, stop)


def start_of(info: ClipInfo) -> Timecode | None:
    """The timecode of a clip's first frame; None where it has none, or one that is no label of its rate."""
    if not info.video.timecode:
        return None
    try:
        return Timecode.parse(info.video.timecode, _rate(info))
    except ConfigError:
        return None


def count_frames(info: ClipInfo) -> int:
    """How many frames a clip has: as it says, else counted without decoding. Raises ClipReadError."""
    return info.video.frames or len(frame_times(info, Span()))


def _later(info: ClipInfo, frames: int) -> str:
    begin = start_of(info)
    return str(begin + frames) if begin is not None else ""


def _number(info: ClipInfo, text: str, option: str) -> int:
    """How many frames the label lies behind the clip's first."""
    wanted, begin = Timecode.parse(text, _rate(info), key=option), start_of(info)
    if begin is None:
        return wanted.frames
    if wanted.drop != begin.drop:
        kind = "drops frames" if begin.drop else "drops no frames"
        raise ConfigError(f"--{option} {text}: the clip's timecode {begin} {kind}; write it alike", key=option)
    if begin.frames - begin.day // 2 < wanted.frames < begin.frames:
        raise ConfigError(f"--{option} {text} is before the clip's first frame, {begin}", key=option)
    return begin.until(wanted)


def _rate(info: ClipInfo) -> Fraction:
    return info.video.average_rate or _USUAL_RATE


def _window(info: ClipInfo, span: Span) -> tuple[Fraction, Fraction, Fraction | None]:
    """When the clip's first frame is shown, when the span's first is, and when its last ends, seconds."""
    base = info.video.time_base
    times = frame_times(info, span)
    first = times[min(span.start, len(times) - 1)]
    stop = times[span.stop] if span.stop is not None and span.stop < len(times) else None
    return times[0] * base, first * base, stop * base if stop is not None else None


def frame_times(info: ClipInfo, span: Span) -> list[int]:
    """The pts of the clip's frames in their order, as far as the span needs them, found without decoding."""
    most = None if span.stop is None else span.stop + _REORDERED
    times: list[int] = []
    with open_source(info.path) as container, translate_read_errors(info.path):
        for packet in container.demux(container.streams[info.video.index]):
            if packet.pts is not None and packet.size and not packet.is_discard:
                times.append(packet.pts)
            if most is not None and len(times) >= most:
                break
    return sorted(times) or [info.video.start or 0]


def _cut(
    chapters: Iterable[ChapterInfo], origin: Fraction, first: Fraction, stop: Fraction | None
) -> Iterable[ChapterInfo]:
    for chapter in chapters:
        begin = max(chapter.start * chapter.time_base, first)
        end = chapter.end * chapter.time_base if stop is None else min(chapter.end * chapter.time_base, stop)
        if end > begin:
            moved = {"start": begin - first + origin, "end": end - first + origin}
            yield chapter.model_copy(update={name: round(time / chapter.time_base) for name, time in moved.items()})
