"""Reads an EDL: its timeline through the adapter, what that drops by its own lines."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from vidstyle.errors import ShotListError
from vidstyle.shots import cmx, otio
from vidstyle.shots.edit import Edit, Event, ListConfig
from vidstyle.shots.texts import read_text
from vidstyle.shots.timeline import event_of, retimed, sounds_of, walk, without_suffix


def read_edl(path: Path, config: ListConfig) -> Edit:
    """Read an EDL (CMX3600). Raises ShotListError where it can't be read, or nobody says its rate."""
    if config.fps is None:
        raise ShotListError(f"{path}: an EDL does not say its frame rate; pass --fps, such as --fps 24", path=path)
    text = read_text(path)
    timeline = _timeline(path, cmx.with_drop_marks(text), float(config.fps), lax=config.lax)
    start = _begin_of(timeline)
    lines = {event.record[0]: event for event in cmx.edl_events(text, config.fps) if event.is_picture}
    found = walk(timeline)
    events: list[Event] = []
    blended = False
    for each in found.pictures:
        line = lines.get(start + each.record)
        event = event_of(each, config.fps)
        event = _as_in(line, event) if line is not None else event
        if blended and _goes_on(events[-1], event):
            events[-1] = _through(events[-1], event)
        else:
            events.append(event)
        blended = line is not None and not line.transition.upper().startswith("C")
    warnings = ("times that contradict each other were guessed (--lax); look at every cut",) if config.lax else ()
    drop = ";" in cmx.with_drop_marks(text)
    return Edit(
        path, timeline.name or path.stem, "edl", tuple(events), config.fps, start, drop=drop,
        sounds=tuple(sounds_of(found.sounds, config.fps)), skipped=tuple(found.skipped), warnings=warnings,
        timeline=timeline, text=text,
    )  # fmt: skip


def _timeline(path: Path, text: str, rate: float, *, lax: bool) -> Any:
    try:
        return otio.read(path, text, rate=rate, ignore_timecode_mismatch=lax)
    except ShotListError as error:
        if lax:
            raise
        try:
            otio.read(path, text, rate=rate, ignore_timecode_mismatch=True)
        except ShotListError:
            raise error from error.__cause__
        raise ShotListError(f"{error}; --lax reads it all the same, guessing which time is meant", path=path) from error


def _as_in(line: cmx.EdlEvent, event: Event) -> Event:
    """What the EDL's own line says of an event, where the adapter rounds or drops it."""
    shot = without_suffix(cmx.shot_name(line.hint.clip)) or cmx.shot_name(event.shot) or f"event_{line.number}"
    event = replace(event, number=line.number, shot=shot, hint=line.hint, elements=(line.line,))
    if line.speed is None or event.first is None:
        return event
    first, length = line.source[0], line.record[1] - line.record[0]
    pace = float(line.speed)
    event = retimed(replace(event, first=first, frames=length, speed=pace), 0, 0)
    assert event.frames is not None
    frames = 1 if pace == 0 else max(event.frames, line.source[1] - first)
    if pace >= 0:
        return replace(event, frames=frames)
    told = "backwards: frames on both sides of its in point are rendered, as lists differ in what they call in"
    return replace(event, frames=frames, head=event.head + frames, warnings=(told,))


def _goes_on(before: Event, event: Event) -> bool:
    """Whether an event only goes on with the one before: an EDL ends an event where a transition ends."""
    assert before.frames is not None
    same = replace(before.hint, clip="", url="") == replace(event.hint, clip="", url="") and before.speed == 1
    return same and event.speed == 1 and before.first is not None and event.first == before.first + before.frames


def _through(before: Event, event: Event) -> Event:
    assert before.frames is not None
    assert event.frames is not None
    return replace(
        before, frames=before.frames + event.frames, length=before.length + event.length, tail=event.tail,
        places=before.places + event.places, elements=before.elements + event.elements,
    )  # fmt: skip


def _begin_of(timeline: Any) -> int:
    """Make the timeline's first frame what the adapter hides in each track: minus the track's own begin."""
    begins = []
    for track in timeline.tracks:
        hidden = track.source_range.start_time if track.source_range is not None else None
        begins.append(-hidden if hidden is not None and hidden.value < 0 else None)
        track.source_range = None
    first = min((0 if begin is None else begin.value for begin in begins), default=0)
    schema, time = otio.library().schema, otio.library().opentime
    for track, begin in zip(timeline.tracks, begins, strict=True):
        if begin is not None and begin.value > first:  # a track that begins later than the others
            late = time.TimeRange(time.RationalTime(0, begin.rate), time.RationalTime(begin.value - first, begin.rate))
            track.insert(0, schema.Gap(source_range=late))
        if begin is not None and begin.value == first:
            timeline.global_start_time = begin
    return round(first)
