"""Reads a shot list of any known format."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from vidstyle.errors import ClipMissingError, ShotListError
from vidstyle.shots import otio
from vidstyle.shots.edit import Edit, Event, Hint, Kind, ListConfig
from vidstyle.shots.edl import read_edl
from vidstyle.shots.table import TABLES, read_table
from vidstyle.shots.timeline import event_of, hint_of, sounds_of, walk
from vidstyle.shots.timelines import chosen, rate_of_timeline, start_of
from vidstyle.shots.xml import read_xml

_LARGEST = 256 << 20  # bytes; a cut of a feature film has a few
_KINDS: dict[str, Kind] = {".otio": "otio", ".otioz": "otio", ".edl": "edl", ".ale": "ale", ".aaf": "aaf"}


def read_edit(path: Path, config: ListConfig | None = None, *, media: Path | None = None) -> Edit:
    """Read a shot list: CSV, TSV, JSON, EDL, OTIO, OTIOZ, Final Cut 7's XML, FCPXML, ALE or AAF.

    The pictures inside an OTIOZ are unpacked into `media`.

    Raises:
        ClipMissingError: there is no such file.
        ShotListError: it can't be read.
        PluginError: OpenTimelineIO or one of its adapters is not installed.
    """
    config = config or ListConfig()
    suffix = path.suffix.lower()
    if not path.is_file():
        raise ClipMissingError(f"no shot list at {path}; check the name", path=path)
    if path.stat().st_size > _LARGEST and suffix != ".otioz":
        raise ShotListError(f"{path} has {path.stat().st_size >> 20} MiB, which no shot list has; refused", path=path)
    if suffix in TABLES:
        edit = read_table(path, config.fps)
    elif suffix == ".edl":
        edit = read_edl(path, config)
    elif suffix in (".xml", ".fcpxml"):
        edit = read_xml(path, config)
    elif suffix in _KINDS:
        edit = _plain(path, config, media)
    else:
        known = ", ".join(sorted([*TABLES, *_KINDS, ".xml", ".fcpxml"]))
        raise ShotListError(f"{path} is no shot list that is known by its name; there are {known}", path=path)
    return _finished(edit, config)


def _plain(path: Path, config: ListConfig, media: Path | None) -> Edit:
    kind = _KINDS[path.suffix.lower()]
    options = {"fps": float(config.fps)} if kind == "ale" and config.fps is not None else {}
    timeline = chosen(otio.read(path, None, **options), path, config)
    found = walk(timeline)
    rate = rate_of_timeline(timeline, found, path, config)
    unpacked = _unpacked(path, media) if path.suffix.lower() == ".otioz" else {}
    hint: Callable[[Any], Hint] = lambda clip: _inside(hint_of(clip), unpacked)  # noqa: E731
    events = _one_after_another(event_of(each, rate, hint) for each in found.pictures)
    is_bin = not isinstance(timeline, otio.library().schema.Timeline)
    if not is_bin:
        events = tuple(event_of(each, rate, hint) for each in found.pictures)
    return Edit(
        path, timeline.name or path.stem, kind, events, rate, 0 if is_bin else start_of(timeline),
        sounds=tuple(sounds_of(found.sounds, rate)), skipped=tuple(found.skipped), timeline=timeline,
    )  # fmt: skip


def _one_after_another(events: Iterable[Event]) -> tuple[Event, ...]:
    """Give the clips of a bin, which have no timeline, places in one."""
    record, placed = 0, []
    for event in events:
        placed.append(replace(event, record=record))
        record += event.length
    return tuple(placed)


def _unpacked(path: Path, media: Path | None) -> dict[str, Path]:
    """Unpack an OTIOZ's media, without its folders; name in the bundle → file."""
    if media is None:
        return {}
    found = {}
    try:
        with ZipFile(path) as bundle:
            for entry in bundle.infolist():
                if entry.filename.startswith("media/") and not entry.is_dir():
                    target = media / Path(entry.filename).name
                    media.mkdir(parents=True, exist_ok=True)
                    if not target.exists() or target.stat().st_size != entry.file_size:
                        target.write_bytes(bundle.read(entry))
                    found[entry.filename] = target
    except (BadZipFile, OSError) as error:
        raise ShotListError(f"the media in {path} can't be unpacked into {media}: {error}", path=path) from error
    return found


def _inside(hint: Hint, unpacked: dict[str, Path]) -> Hint:
    return replace(hint, url=str(unpacked[hint.url])) if hint.url in unpacked else hint


def _finished(edit: Edit, config: ListConfig) -> Edit:
    """Leave out other tracks, join what is used again, tell doubled names apart; in the order of the cut."""
    events, skipped = list(edit.events), list(edit.skipped)
    if config.track is not None:
        tracks = sorted({event.track for event in events})
        if config.track not in tracks:
            raise ShotListError(f"{edit.path} has no track {config.track}; it has {', '.join(tracks)}", path=edit.path)
        events = [event for event in events if event.track == config.track]
    events = _joined(events)
    if edit.kind != "table":
        events = _told_apart(events)
        events.sort(key=lambda event: (event.record, event.track))
    if not events:
        held = "sound alone" if edit.sounds else "; ".join(skipped[:3]) or "nothing"
        raise ShotListError(f"{edit.path} holds no shot to render ({held})", path=edit.path)
    return replace(edit, events=tuple(events))


def _joined(events: list[Event]) -> list[Event]:
    """Make one event of a clip of a nested sequence that is there several times."""
    kept: dict[object, Event] = {}
    for event in events:
        nested = "/" in event.number
        key: object = (event.hint, event.first, event.frames, event.speed, event.shot) if nested else len(kept)
        if key in kept:
            kept[key] = replace(kept[key], places=kept[key].places + event.places)
        else:
            kept[key] = event
    return list(kept.values())


def _told_apart(events: list[Event]) -> list[Event]:
    """Clips keep their names; where a name comes again, the event's number follows it."""
    names = [event.shot for event in events]
    return [
        replace(event, shot=f"{event.shot}_{event.number}") if names.count(event.shot) > 1 else event
        for event in events
    ]
