"""What an EDL (CMX3600) says beyond what its adapter keeps: event numbers, motion effects, names on both sides."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from vidstyle.errors import ConfigError
from vidstyle.shots.edit import Hint
from vidstyle.timecode import Timecode, counted_rate

_LABEL = re.compile(r"\b(\d{2})[:;.](\d{2})[:;.](\d{2})([:;.])(\d{2,3})\b")
_EVENT = re.compile(r"^\s*(\d+)\s+(\S+)\s+(\S+)\s+(C|D|W\d+|K\S*)\s", re.IGNORECASE)
_MOTION = re.compile(r"^\s*M2\s+(.*?)\s+(-?\d+(?:\.\d+)?)\s+\d{2}[:;.]\d{2}", re.IGNORECASE)
_COMMENT = re.compile(r"^\s*\*?\s*([A-Z][A-Z ]*?)(?: IS)?\s*:\s*(.+?)\s*$", re.IGNORECASE)
_LABELS = 4  # source in and out, record in and out
_NO_REELS = ("AX", "BL", "GEN")
_SUFFIX = re.compile(r"(\s+\([^)]*\)|\s+FF)+$")  # of Avid: the layer, a frozen frame


@dataclass(frozen=True, slots=True)
class EdlEvent:
    """One line of an EDL that cuts to something, with the comments below it.

    Convention: the four labels as frames; `speed` in source frames per frame of the record side, None: not said.
    """

    number: str
    reel: str
    channels: str
    transition: str
    source: tuple[int, int]
    record: tuple[int, int]
    line: int
    speed: Fraction | None = None
    comments: dict[str, str] = field(default_factory=dict)

    @property
    def is_picture(self) -> bool:
        """Whether the event cuts the picture."""
        return "V" in self.channels.upper() or self.channels.upper() == "B"

    @property
    def hint(self) -> Hint:
        """Where the event's pictures are; the incoming ones of a transition."""
        side = "TO" if not self.transition.upper().startswith("C") else "FROM"
        found = {key: self.comments.get(f"{side} {key}", "") for key in ("CLIP", "CLIP NAME", "FILE")}
        if side == "FROM" or not any(found.values()):
            found = {key: found[key] or self.comments.get(f"FROM {key}", "") for key in found}
        reel = "" if self.reel.upper() in _NO_REELS else self.reel
        source_file = self.comments.get("SOURCE FILE", "")
        return Hint(url=found["CLIP"] or found["FILE"], file=source_file, reel=reel, clip=found["CLIP NAME"])


def shot_name(clip: str) -> str:
    """A clip's name without what Avid appends to it."""
    return _SUFFIX.sub("", clip)


def with_drop_marks(text: str) -> str:
    """Write labels with a semicolon where `FCM: DROP FRAME` rules: the adapter goes by the semicolon alone."""
    drop, lines = False, []
    for line in text.splitlines():
        if line.strip().upper().startswith("FCM:"):
            drop = "NON" not in line.upper() and "DROP" in line.upper()
        if drop and (_EVENT.match(line) or _MOTION.match(line)):
            line = _LABEL.sub(r"\1:\2:\3;\5", line)  # noqa: PLW2901
        lines.append(line)
    return "\n".join(lines) + "\n"


def edl_events(text: str, rate: Fraction) -> list[EdlEvent]:
    """All events in the order of the text, without the empty first halves of transitions."""
    found: list[EdlEvent] = []
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if _is_event(line)]
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=False):
        event = _event(lines[start], start, rate)
        if event is None:
            continue
        told = dict(_comments(lines[start + 1 : stop]))
        speed = next((_speed(line, rate) for line in lines[start + 1 : stop] if _MOTION.match(line)), None)
        found.append(_filled(event, told, speed))
    return [event for event in _shared(found) if event.record[1] > event.record[0]]


def _is_event(line: str) -> bool:
    return _EVENT.match(line) is not None and len(_LABEL.findall(line)) >= _LABELS


def _event(line: str, number: int, rate: Fraction) -> EdlEvent | None:
    head = _EVENT.match(line)
    assert head is not None
    try:
        labels = [_frames(match, rate) for match in list(_LABEL.finditer(line))[-_LABELS:]]
    except ConfigError:  # the adapter says so, with the event's number
        return None
    return EdlEvent(head[1], head[2], head[3], head[4], (labels[0], labels[1]), (labels[2], labels[3]), number)


def _filled(event: EdlEvent, comments: dict[str, str], speed: Fraction | None) -> EdlEvent:
    return EdlEvent(
        event.number, event.reel, event.channels, event.transition, event.source, event.record, event.line, speed,
        comments,
    )  # fmt: skip


def _shared(events: list[EdlEvent]) -> Iterator[EdlEvent]:
    """The two lines of a transition have one set of comments, below the second; each gets all of it."""
    for place, event in enumerate(events):
        later = events[place + 1] if place + 1 < len(events) else None
        same = later is not None and later.number == event.number and not event.comments
        yield _filled(event, later.comments, event.speed) if same and later is not None else event


def _frames(match: re.Match[str], rate: Fraction) -> int:
    mark = ":" if match[4] == ":" else ";"
    if counted_rate(rate) % 30:
        mark = ":"
    return Timecode.parse(f"{match[1]}:{match[2]}:{match[3]}{mark}{match[5]}", rate).frames


def _speed(line: str, rate: Fraction) -> Fraction:
    match = _MOTION.match(line)
    assert match is not None
    return Fraction(match[2]) / counted_rate(rate)


def _comments(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        match = _COMMENT.match(line)
        if match and not line.lstrip().upper().startswith(("M2", "FCM", "TITLE", "* LOC")):
            yield " ".join(match[1].upper().split()), match[2]
