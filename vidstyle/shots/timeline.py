"""A timeline of OpenTimelineIO as events: what an editor expects of each clip, gap, transition and effect."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from vidstyle.shots.edit import Event, Hint, Place, Sound
from vidstyle.shots.otio import library, range_of, rate_of

_PERCENT = 100
_NOT_SHOWN = ("Gap", "Transition")
_FILE = re.compile(r"\.(mov|mp4|m4v|mkv|mxf|avi|webm|r3d|braw|png|jpe?g|tiff?|dpx|exr|wav|aif|mp3)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A clip where it stands in its timeline, before it becomes an event.

    Convention: `record` in frames of the timeline; `head` and `tail` in frames of the timeline that transitions add.
    """

    clip: Any
    number: str
    track: str
    place: Place
    record: int
    head: int = 0
    tail: int = 0
    refusal: str = ""


@dataclass(slots=True)
class Walk:
    """All that is in a timeline, in its order."""

    pictures: list[Found] = field(default_factory=list)
    sounds: list[Found] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def walk(timeline: Any) -> Walk:
    """Find every clip of a timeline, or of a bin, with what surrounds it."""
    otio = library()
    found = Walk()
    if not isinstance(timeline, otio.schema.Timeline):  # a bin: clips without a timeline
        for place, item in enumerate(timeline):
            _item(item, f"{place + 1}", "V1", (place,), 0, found, (None, None))
        return found
    counts = {"V": 0, "A": 0}
    for place, track in enumerate(timeline.tracks):
        letter = "A" if getattr(track, "kind", "Video") == otio.schema.TrackKind.Audio else "V"
        counts[letter] += 1
        name = f"{letter}{counts[letter]}"
        if not getattr(track, "enabled", True):
            found.skipped.append(f"track {name} is switched off")
            continue
        if isinstance(track, otio.schema.Track):
            _track(track, name, (place,), found)
        else:
            _item(track, f"{name}.1", name, (place,), 0, found, (None, None))
    return found


def _track(track: Any, name: str, place: Place, found: Walk, prefix: str = "", record: int | None = None) -> None:
    items = list(track)
    for number, item in enumerate(items):
        kind = item.schema_name()
        label = f"{prefix or name}.{number + 1}"
        begin = record if record is not None else _begin(item, kind)
        if kind == "Gap":
            found.skipped.append(f"event {label}: a gap of {_frames(item.duration())} frames")
        if kind in _NOT_SHOWN:
            continue
        beside = (items[number - 1] if number else None, items[number + 1] if number + 1 < len(items) else None)
        sound = track.kind == library().schema.TrackKind.Audio
        _item(item, label, name, (*place, number), begin, found, beside, sound=sound)


def _begin(item: Any, kind: str) -> int:
    return 0 if kind == "Transition" else _frames(item.range_in_parent().start_time)


def _item(
    item: Any, number: str, track: str, place: Place, record: int, found: Walk, beside: Sequence[Any],
    *, sound: bool = False,
) -> None:  # fmt: skip
    schema = library().schema
    if not getattr(item, "enabled", True):
        found.skipped.append(f"event {number}: {item.name!r} is switched off")
    elif isinstance(item, schema.Clip):
        if isinstance(item.media_reference, schema.GeneratorReference):
            found.skipped.append(f"event {number}: {item.name!r} is generated (black, title, matte), not filmed")
            return
        head, tail = _offsets(beside)
        clip = Found(item, number, track, place, record, head, tail)
        (found.sounds if sound else found.pictures).append(clip)
    elif isinstance(item, schema.Stack | schema.Track):
        nested = Walk()
        if isinstance(item, schema.Track):
            _track(item, track, place, nested, number, record)
        else:
            for inner, child in enumerate(item):
                below = (*place, inner)
                if isinstance(child, schema.Track):
                    _track(child, track, below, nested, f"{number}/{inner + 1}", record)
                else:
                    _item(child, f"{number}/{inner + 1}", track, below, record, nested, (None, None), sound=sound)
        # What is nested is rendered as long as it is in there, whatever of it shows: one clip for every use.
        (found.sounds if sound else found.pictures).extend(nested.sounds if sound else nested.pictures)
        found.skipped.extend(nested.skipped)
        if not (nested.pictures or nested.sounds or nested.skipped):
            found.skipped.append(f"event {number}: the nested sequence {item.name!r} holds nothing")


def _offsets(beside: Sequence[Any]) -> tuple[int, int]:
    """Frames that the transitions on either side show of a clip beyond its cuts."""
    before, after = beside
    head = _frames(before.in_offset) if before is not None and before.schema_name() == "Transition" else 0
    tail = _frames(after.out_offset) if after is not None and after.schema_name() == "Transition" else 0
    return head, tail


def event_of(found: Found, timeline_rate: Fraction, hint: Callable[[Any], Hint] | None = None) -> Event:
    """Make an event of a clip, with its speed, its transitions and where its pictures may be."""
    clip = found.clip
    speed, refusal = speed_of(clip)
    where = hint(clip) if hint is not None else hint_of(clip)
    event = Event(
        number=found.number, shot=without_suffix(clip.name or "") or "unnamed", hint=where, record=found.record,
        track=found.track, speed=speed, refusal=refusal, places=(found.place,), rate=timeline_rate,
    )  # fmt: skip
    try:
        shown = clip.trimmed_range()
    except Exception:  # OpenTimelineIO's errors have no common base
        return replace(event, warnings=("no frames are named, so it is rendered whole",))
    available = clip.media_reference.available_range if clip.media_reference is not None else None
    rate = rate_of(available.start_time.rate) if available is not None and available.duration.value > 0 else None
    first, shown_frames, own = range_of(shown, rate)
    length = range_of(shown, timeline_rate)[1]
    if where.frames == 1 and shown_frames > 1:  # a still picture, held
        return replace(event, first=where.start or 0, frames=1, rate=own, length=length, speed=0.0)
    event = replace(event, first=first, frames=shown_frames, rate=own, length=length)
    return retimed(event, found.head, found.tail)


def retimed(event: Event, head: int, tail: int) -> Event:
    """Count how many source frames an event at its speed shows, `head` and `tail` frames of timeline beside it."""
    assert event.frames is not None
    pace = abs(event.speed)
    if event.speed == 0:
        return replace(event, frames=1)
    if event.speed < 0:
        head, tail = tail, head
    needed = event.frames if pace == 1 else max(1, math.ceil(event.frames * pace))
    return replace(event, frames=needed, head=math.ceil(head * pace), tail=math.ceil(tail * pace))


def speed_of(clip: Any) -> tuple[float, str]:
    """A clip's constant speed, and why it can't be rendered where it is not constant."""
    schema = library().schema
    speed = 1.0
    for effect in clip.effects:
        if isinstance(effect, schema.FreezeFrame):
            return 0.0, ""
        if isinstance(effect, schema.LinearTimeWarp):
            speed *= float(effect.time_scalar)
        elif isinstance(effect, schema.TimeEffect):
            return speed, f"its speed changes in a way that is not known here ({effect.name or effect.schema_name()})"
        elif effect.metadata.get("fcp_xml", {}).get("effectid") == "timeremap":
            pace, ramp = _timeremap(effect.metadata["fcp_xml"])
            if ramp:
                return speed, "its speed changes (a ramp); render the ramp as a clip, or make its speed constant"
            speed *= pace
    return speed, ""


def _timeremap(metadata: Any) -> tuple[float, bool]:
    """Speed of Final Cut 7's filter as a factor, and whether it is a ramp."""
    listed = metadata.get("parameter", [])
    listed = [listed] if not isinstance(listed, Sequence) and hasattr(listed, "get") else listed
    told = {str(each.get("parameterid", "")): str(each.get("value", "")) for each in listed}
    try:
        pace = float(told.get("speed", "100") or 100) / _PERCENT
    except ValueError:
        return 1.0, True
    backwards = told.get("reverse", "FALSE").upper() in ("TRUE", "1")
    ramp = told.get("variablespeed", "0").upper() in ("TRUE", "1")
    return (-abs(pace) if backwards else pace), ramp


def hint_of(clip: Any) -> Hint:
    """Where OpenTimelineIO says that a clip's pictures are."""
    reference, schema = clip.media_reference, library().schema
    url, start, frames = "", None, None
    if reference is not None:
        if isinstance(reference, schema.ImageSequenceReference):
            folder = reference.target_url_base
            join = "" if not folder or folder.endswith("/") else "/"
            number = "#" * max(1, reference.frame_zero_padding)
            url = f"{folder}{join}{reference.name_prefix}{number}{reference.name_suffix}"
        else:
            url = getattr(reference, "target_url", "") or ""
        if reference.available_range is not None and reference.available_range.duration.value > 0:
            start, frames, _ = range_of(reference.available_range)
    metadata = clip.metadata
    ale, aaf = metadata.get("ALE", {}), metadata.get("AAF", {})
    reel = ale.get("Tape") or ale.get("Reel") or aaf.get("TapeID") or ""
    file = ale.get("Source File") or ale.get("UNC") or ""
    return Hint(url=url, file=str(file), reel=str(reel), clip=clip.name or "", start=start, frames=frames)


def sounds_of(found: Sequence[Found], timeline_rate: Fraction) -> Iterator[Sound]:
    """The uses of sound, at normal speed; others are left to the editor's own mix."""
    for each in found:
        if speed_of(each.clip) != (1.0, ""):
            continue
        try:
            shown = each.clip.trimmed_range()
        except Exception:  # OpenTimelineIO's errors have no common base
            continue
        available = each.clip.media_reference.available_range if each.clip.media_reference is not None else None
        first, frames, rate = range_of(shown, rate_of(available.start_time.rate) if available is not None else None)
        yield Sound(each.number, hint_of(each.clip), first, frames, rate or timeline_rate, each.record)


def without_suffix(name: str) -> str:
    """A clip's name without the suffix of a file: many programs name clips after their files."""
    return _FILE.sub("", name)


def _frames(time: Any) -> int:
    return int(round(time.value))  # noqa: RUF046 (OpenTimelineIO is untyped)
