"""The edit again, with the stylized clips in it: as OTIO, where the editor can switch back to the originals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from vidstyle.shots.edit import Edit, Event, Place
from vidstyle.shots.otio import library

STYLIZED = "stylized"


@dataclass(frozen=True, slots=True)
class Relink:
    """A result and what of the edit it stands for.

    Convention: `first` is what the list calls the result's first frame, counted as the event's `first`; the result has
    `frames` frames of `rate`, `width` x `height` pixels.
    """

    event: Event
    path: Path
    first: int
    frames: int
    rate: Fraction
    width: int
    height: int
    sound: bool = False
    source: Path | None = None

    @property
    def url(self) -> str:
        """The result as a file URL."""
        return self.path.absolute().as_uri()


def relinked(edit: Edit, relinks: Sequence[Relink]) -> Any:
    """Copy the edit's timeline, with the results as second media of their clips.

    The first media, `DEFAULT_MEDIA`, stays. A table gets a timeline of its own: its shots one after another.
    """
    if edit.timeline is None:
        return _laid_out(edit, relinks)
    copy = edit.timeline.deepcopy()
    for relink in relinks:
        for place in relink.event.places:
            clip = at(copy, place)
            references = dict(clip.media_references())
            references[STYLIZED] = _reference(relink)
            clip.set_media_references(references, STYLIZED)
    return copy


def at(timeline: Any, place: Place) -> Any:
    """The item at a place of a timeline, or of a bin."""
    item = timeline.tracks if hasattr(timeline, "tracks") else timeline
    for index in place:
        item = item[index]
    return item


def cut_of(timeline: Any) -> Iterator[tuple[object, ...]]:
    """All that a cut consists of, in order: what is at each place, which frames of it, how long."""
    yield from _cut(timeline.tracks if hasattr(timeline, "tracks") else timeline, ())


def differences(before: Any, after: Any) -> list[str]:
    """Where two timelines cut otherwise, a line each; empty where durations and source ranges are equal."""
    one, other = list(cut_of(before)), list(cut_of(after))
    found = [f"{was} became {now}" for was, now in zip(one, other, strict=False) if was != now]
    return found + ([f"{len(one)} items became {len(other)}"] if len(one) != len(other) else [])


def _cut(item: Any, place: Place) -> Iterator[tuple[object, ...]]:
    schema = library().schema
    for index, child in enumerate(item):
        here = (*place, index)
        if isinstance(child, schema.Transition):
            yield here, "transition", child.in_offset.value, child.out_offset.value
            continue
        shown = getattr(child, "source_range", None)
        told = () if shown is None else (shown.start_time.value, shown.duration.value, shown.duration.rate)
        yield here, child.schema_name(), *told
        if not isinstance(child, schema.Clip | schema.Gap) and hasattr(child, "__iter__"):
            yield from _cut(child, here)


def _reference(relink: Relink) -> Any:
    return library().schema.ExternalReference(
        target_url=relink.url, available_range=_range(relink.first, relink.frames, relink.rate)
    )


def _range(first: int, frames: int, rate: Fraction) -> Any:
    time = library().opentime
    return time.TimeRange(time.RationalTime(first, float(rate)), time.RationalTime(frames, float(rate)))


def _laid_out(edit: Edit, relinks: Sequence[Relink]) -> Any:
    schema = library().schema
    timeline = schema.Timeline(name=edit.name)
    track = schema.Track(name="V1", kind=schema.TrackKind.Video)
    for relink in relinks:
        before, frames = _inside(relink)
        clip = schema.Clip(name=relink.event.shot, source_range=_range(relink.first + before, frames, relink.rate))
        references = {STYLIZED: _reference(relink)}
        if relink.source is not None:
            url = relink.source.absolute().as_uri()
            references[schema.Clip.DEFAULT_MEDIA_KEY] = schema.ExternalReference(target_url=url)
        clip.set_media_references(references, STYLIZED)
        track.append(clip)
    timeline.tracks.append(track)
    return timeline


def _inside(relink: Relink) -> tuple[int, int]:
    """How many frames of a table's result come before those that the table names, and how many it names."""
    first = relink.event.first
    if first is None or relink.event.frames is None or not 0 <= first - relink.first <= relink.frames:
        return 0, relink.frames
    return first - relink.first, relink.event.frames
