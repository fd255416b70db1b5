"""Reads Final Cut's XML, of version 7 (Premiere, Resolve and Avid write it too) and FCPXML of Final Cut Pro."""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from vidstyle.shots import marking, otio
from vidstyle.shots.edit import Edit, Event, ListConfig
from vidstyle.shots.texts import read_text
from vidstyle.shots.timeline import event_of, retimed, sounds_of, walk
from vidstyle.shots.timelines import all_items, chosen, rate_of_timeline, start_of


def read_xml(path: Path, config: ListConfig) -> Edit:
    """Read XML of either Final Cut. Raises ShotListError where it can't be read."""
    text = read_text(path)
    root = marking.parse(text, path)
    fcp7 = marking.is_fcp7(root)
    marking.with_sources(root)
    slowed = not fcp7 and marking.with_whole_rates(root, path)
    named = path if not fcp7 else path.with_suffix(".xml")
    timeline = chosen(otio.read(named if fcp7 else path.with_suffix(".fcpxml"), marking.marked(root)), path, config)
    numbers = {id(item): marking.unmark(item) for item in all_items(timeline)}
    found = walk(timeline)
    rate = rate_of_timeline(timeline, found, path, config)
    events = [_counted(event_of(each, rate), numbers.get(id(each.clip)), slowed=slowed) for each in found.pictures]
    start, warnings = start_of(timeline), []
    if not fcp7:
        events, off = _fcpx(events, root, rate)
        found.skipped += off
        start = round(marking.fcpx_start(root, timeline.name or "") * rate)
        warnings = list(marking.fcpx_lost(root))
    if slowed:
        rate = rate * Fraction(1000, 1001)
    return Edit(
        path, timeline.name or path.stem, "fcp7" if fcp7 else "fcpxml", tuple(events), rate, start,
        sounds=tuple(sounds_of(found.sounds, rate)), skipped=tuple(found.skipped), warnings=tuple(warnings),
        timeline=timeline, text=text,
    )  # fmt: skip


def _counted(event: Event, number: int | None, *, slowed: bool) -> Event:
    rate = event.rate * Fraction(1000, 1001) if slowed and event.rate is not None else event.rate
    told = event.warnings
    if event.speed not in (0.0, 1.0) and not slowed:
        told = (*told, "Final Cut's XML is read as counting a retimed clip's in point in frames of the source")
    return replace(event, elements=() if number is None else (number,), rate=rate, warnings=told)


def _fcpx(events: Iterable[Event], root: Any, rate: Fraction) -> tuple[list[Event], list[str]]:
    """Give FCPXML's clips what its adapter leaves out: whether they are on, their speed and transitions."""
    off, ramps, speeds = marking.fcpx_off(root), marking.fcpx_refusals(root), marking.fcpx_speeds(root)
    beside, kept, skipped = marking.fcpx_transitions(root), [], []
    for event in events:
        number = event.elements[0] if event.elements else -1
        if number in off:
            skipped.append(f"event {event.number}: {event.shot!r} is switched off")
            continue
        head, tail = (round(seconds * rate) for seconds in beside.get(number, (Fraction(0), Fraction(0))))
        changed = replace(event, refusal=event.refusal or ramps.get(number, ""), warnings=())
        if number in speeds and event.first is not None:
            speed, begin = speeds[number]
            changed = replace(changed, speed=speed, first=round(begin * rate), frames=event.length)
        if changed.frames is not None:
            changed = retimed(changed, head, tail)
        if changed.speed < 0 and changed.first is not None and changed.frames is not None:
            changed = replace(changed, first=changed.first - changed.frames)
        kept.append(changed)
    return kept, skipped
