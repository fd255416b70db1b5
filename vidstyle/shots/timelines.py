"""What a list holds as a whole: which timeline is meant, its rate and its begin."""

from fractions import Fraction
from pathlib import Path
from typing import Any

from vidstyle.errors import ShotListError
from vidstyle.shots import otio
from vidstyle.shots.edit import ListConfig
from vidstyle.shots.timeline import Found, Walk


def chosen(read: Any, path: Path, config: ListConfig) -> Any:
    """The timeline that is meant, or the bin where there is none."""
    schema = otio.library().schema
    if isinstance(read, schema.Timeline):
        return read
    timelines = [item for item in read if isinstance(item, schema.Timeline)] if read is not None else []
    if read is None or not len(read):
        raise ShotListError(f"{path} holds no sequence and no clips", path=path)
    named = [item for item in timelines if config.timeline in (None, item.name)]
    if len(named) == 1:
        return named[0]
    if timelines:
        names = ", ".join(repr(item.name) for item in timelines)
        raise ShotListError(f"{path} holds {len(timelines)} timelines: {names}; choose one with --timeline", path=path)
    return read


def all_items(timeline: Any) -> list[Any]:
    """Every clip and every nested sequence. Each is held by the timeline, so that its identity stays."""
    items: list[Any] = []

    def collect(item: Any) -> None:
        items.append(item)
        if not isinstance(item, otio.library().schema.Clip) and hasattr(item, "__iter__"):
            for child in item:
                collect(child)

    for top in timeline.tracks if hasattr(timeline, "tracks") else timeline:
        collect(top)
    return items


def rate_of_timeline(timeline: Any, found: Walk, path: Path, config: ListConfig) -> Fraction:
    """The timeline's rate: as asked for, by its start, its first track that is not empty, or a clip of a bin."""
    if config.fps is not None:
        return config.fps
    start = getattr(timeline, "global_start_time", None)
    for track in getattr(timeline, "tracks", ()):
        try:
            if track.duration().value:
                return otio.rate_of(track.duration().rate)
        except Exception:  # OpenTimelineIO's errors have no common base
            continue
    if start is not None:
        return otio.rate_of(start.rate)
    rates = [_own_rate(each) for each in found.pictures]
    known = [rate for rate in rates if rate is not None]
    if known:
        return known[0]
    if not found.pictures:
        return Fraction(24)
    raise ShotListError(f"{path} does not say its frame rate; pass --fps, such as --fps 24", path=path)


def _own_rate(found: Found) -> Fraction | None:
    try:
        return otio.rate_of(found.clip.trimmed_range().duration.rate)
    except Exception:  # OpenTimelineIO's errors have no common base
        return None


def start_of(timeline: Any) -> int:
    """The timeline's first frame as a frame count of timecode; 0 where it says none."""
    start = getattr(timeline, "global_start_time", None)
    return round(start.value) if start is not None else 0
