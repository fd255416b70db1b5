"""Makes test edits with OpenTimelineIO: 13 clips on two tracks, a dissolve, a reverse, a gap, a title, sound."""

from pathlib import Path
from typing import Any

import opentimelineio as otio

RATE = 24.0
START = 86400  # 01:00:00:00
SOURCE_START = 90000  # of every source: 01:02:30:00


def time(frames: int, rate: float = RATE) -> Any:
    return otio.opentime.RationalTime(frames, rate)


def span(first: int, frames: int, rate: float = RATE) -> Any:
    return otio.opentime.TimeRange(time(first, rate), time(frames, rate))


def clip(name: str, source: Path | str, first: int, frames: int, *, length: int = 60, rate: float = RATE) -> Any:
    """A clip that shows `frames` frames from the source's frame `first` on."""
    url = source.absolute().as_uri() if isinstance(source, Path) else source
    media = otio.schema.ExternalReference(target_url=url, available_range=span(SOURCE_START, length, rate))
    return otio.schema.Clip(name=name, media_reference=media, source_range=span(SOURCE_START + first, frames, rate))


def edit(sources: list[Path], *, length: int = 60, rate: float = RATE, frames: int = 6) -> Any:
    """13 shots of `frames` frames over the sources in turn: ten on V1, two on V2, one in a nested sequence."""
    timeline = otio.schema.Timeline(name="night_cut", global_start_time=time(START, rate))
    below, above = (otio.schema.Track(name=name, kind=otio.schema.TrackKind.Video) for name in ("V1", "V2"))
    for number in range(10):
        shot = clip(
            f"{10 * (number + 1):03}", sources[number % len(sources)], 12 + number, frames, length=length, rate=rate
        )
        if number == 4:
            below.append(otio.schema.Transition("dissolve", "SMPTE_Dissolve", time(2, rate), time(2, rate)))
        if number == 6:
            shot.effects.append(otio.schema.LinearTimeWarp(time_scalar=-1.0))
        if number == 7:
            below.append(otio.schema.Gap(source_range=span(0, 5, rate)))
        below.append(shot)
    nested = otio.schema.Stack(name="nested", children=[otio.schema.Track(name="inside", kind="Video")])
    nested[0].append(clip("110", sources[0], 30, frames, length=length, rate=rate))
    below.append(nested)
    above.append(otio.schema.Gap(source_range=span(0, frames, rate)))
    above += [clip("120", sources[-1], 20, frames, length=length, rate=rate)]
    above += [clip("130", sources[0], 40, frames, length=length, rate=rate)]
    off = clip("off", sources[0], 3, 3, length=length, rate=rate)
    off.enabled = False
    above.append(off)
    sound = otio.schema.Track(name="A1", kind=otio.schema.TrackKind.Audio)
    sound.append(clip("music", sources[0], 0, 4 * frames, length=length, rate=rate))
    timeline.tracks += [below, above, sound]
    return timeline


def plain_edit(sources: list[Path], *, length: int = 60, frames: int = 6) -> Any:
    """12 shots on one track, as formats without nesting hold them."""
    timeline = otio.schema.Timeline(name="plain_cut", global_start_time=time(START))
    track = otio.schema.Track(name="V1", kind=otio.schema.TrackKind.Video)
    for number in range(12):
        track.append(
            clip(f"{10 * (number + 1):03}", sources[number % len(sources)], 12 + number, frames, length=length)
        )
    timeline.tracks.append(track)
    return timeline
