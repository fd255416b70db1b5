"""Where an event's frames are in its source, with transitions and handles on either side."""

from dataclasses import dataclass
from fractions import Fraction

from vidstyle.errors import ConfigError
from vidstyle.frames import Span
from vidstyle.media import ClipInfo, span_between
from vidstyle.media.spans import count_frames, start_of
from vidstyle.shots import Event
from vidstyle.timecode import Timecode, counted_rate


class Misfit(Exception):  # noqa: N818 (it is no error of ours: another source may fit)
    """The source does not hold what the event shows."""


@dataclass(frozen=True, slots=True)
class Placement:
    """The frames of a source that are rendered for an event.

    Convention:
        span       half-open, of the file's frames from 0
        first      what the list calls the first of them, counted as the event's `first`
        handles    frames before and after what the edit shows
        lead       frames before what the edit shows without transitions
        shown      frames that the edit shows, without transitions
        timecode   label of the first frame, where the source has none of its own; empty where it has
    """

    span: Span
    first: int
    handles: tuple[int, int]
    lead: int
    shown: int
    timecode: str
    warnings: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        """How many frames are rendered."""
        assert self.span.stop is not None
        return self.span.stop - self.span.start


def place_in(event: Event, info: ClipInfo, handles: int) -> Placement:
    """Place an event in a source. Raises Misfit where its frames are not there, with what is."""
    total = count_frames(info)
    start, frames = _asked(event, info, total)
    first = start if event.first is None else event.first
    if event.hint.start is not None and event.first is None and event.base == "timecode":
        first = event.hint.start + start
    wanted = event.handles if event.handles is not None else (handles, handles)
    if event.speed == 0 or (event.first is None and event.labels == (None, None)):
        wanted = (0, 0)  # one frame, held, or all that there is
    begin = max(0, start - event.head - wanted[0])
    end = min(total, start + frames + event.tail + wanted[1])
    short = (wanted[0] + event.head - (start - begin), wanted[1] + event.tail - (end - start - frames))
    rate = info.video.average_rate or Fraction(25)
    label = "" if start_of(info) is not None else str(Timecode(max(0, first - (start - begin)), counted_rate(rate)))
    return Placement(
        Span(begin, end),
        first - (start - begin),
        (max(0, start - event.head - begin), max(0, end - start - frames - event.tail)),
        start - begin,
        frames,
        label,
        tuple(_short(short, wanted, (event.head, event.tail))),
    )


def _short(short: tuple[int, int], wanted: tuple[int, int], shown: tuple[int, int]) -> list[str]:
    found = []
    for missing, asked, inside, side in zip(short, wanted, shown, ("before", "after"), strict=True):
        if missing > asked:
            found.append(f"the source lacks {missing - asked} of the {inside} frames that the edit may show {side} it")
        elif missing > 0:
            found.append(f"handles: {asked - missing} of {asked} frames {side} it, the source has no more")
    return found


def _asked(event: Event, info: ClipInfo, total: int) -> tuple[int, int]:
    """First frame of the file, and number of frames, that the event shows."""
    if event.labels != (None, None):
        try:
            span = span_between(info, *event.labels)
        except ConfigError as error:
            raise Misfit(str(error)) from error
        start, stop = span.start, total if span.stop is None else span.stop
        if stop > total:
            raise Misfit(f"{info.path.name} has {total} frames, but the list wants {start} to {stop - 1}")
        return start, stop - start
    if event.first is None or event.frames is None:
        return 0, total
    _refuse_rates(event, info)
    offsets = list(_offsets(event, info))
    for offset in offsets:
        start = event.first - offset
        if start >= 0 and start + event.frames <= total:
            return start, event.frames
    if event.base == "file" and event.first >= total and event.frames == total:
        return 0, total  # numbers of the shot, as trackers count them from 1001 on: the whole clip
    raise Misfit(_outside(event, info, offsets[0], total))


def _offsets(event: Event, info: ClipInfo) -> list[int]:
    """What may be the number of the file's first frame in the list, the likeliest first."""
    own, number = start_of(info), info.video.first_number
    if event.base == "file":
        return [number, 0] if number is not None else [0]
    found = [own.frames] if own is not None else []
    if event.hint.start is not None:
        found.append(event.hint.start)
    return found or ([number, 0] if number is not None else [0])


def _refuse_rates(event: Event, info: ClipInfo) -> None:
    rate = info.video.average_rate
    if event.rate is None or rate is None or counted_rate(event.rate) == counted_rate(rate):
        return
    raise Misfit(
        f"the list counts {_spoken(event.rate)} frames a second, but {info.path.name} has {_spoken(rate)}; "
        "check --fps, or conform the source to the edit's rate first"
    )


def _spoken(rate: Fraction) -> str:
    return f"{float(rate):.3f}".rstrip("0").rstrip(".")


def _outside(event: Event, info: ClipInfo, offset: int, total: int) -> str:
    assert event.first is not None
    assert event.frames is not None
    rate = event.rate or info.video.average_rate or Fraction(25)
    wanted = f"{event.label(event.first, rate)} and {event.frames} frames"
    label = (lambda frame: event.label(frame, rate)) if offset >= 0 else str
    return f"{info.path.name} holds {total} frames from {label(offset)}, but the list wants {wanted}"
