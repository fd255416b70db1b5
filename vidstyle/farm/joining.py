"""Makes one result of the parts of a shot, and refuses parts that don't fit together."""

import json
import shutil
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from pydantic import ValidationError

from vidstyle.config import RenderConfig
from vidstyle.errors import ClipMissingError, PartsError
from vidstyle.farm.parts import SUFFIX, Record, record_path
from vidstyle.frames import Span
from vidstyle.identity import source_facts
from vidstyle.jobs.deciding import hash_of, there
from vidstyle.media import ClipInfo, find_pictures, open_reader
from vidstyle.media.joining import join_clips
from vidstyle.media.lock import TargetLock
from vidstyle.media.numbering import Numbering, names_pictures
from vidstyle.media.opening import translate_write_errors
from vidstyle.media.spans import cut_to
from vidstyle.media.target import PartialFolder
from vidstyle.pipeline import labelled
from vidstyle.shots import Shot

_COMPARED = ("source's size", "source's checksum", "source's pictures")


def find_parts(names: Sequence[Path], target: Path) -> list[Path]:
    """Give the records of parts: of those named, of those in folders that are named, else of all beside `target`.

    Of folders only parts of the target's own name are taken. Raises ClipMissingError where there is none.
    """
    records: list[Path] = []
    for name in names or [target.parent]:
        if name.is_dir():
            found = sorted(name.glob(f"*{SUFFIX}"))
            read = ((path, Record.read(path)) for path in found)
            records += [path for path, record in read if record is not None and record.of == target.name]
        else:
            records.append(name if name.name.endswith(SUFFIX) else record_path(name))
    if not records:
        raise ClipMissingError(
            f"no part of {target.name} in {', '.join(map(str, names or [target.parent]))}; "
            "render them with --chunk or --frame-range, or name them",
            path=target,
        )
    return records


def join_parts(
    records: Sequence[Path], target: Path, *, source: Path | None = None, overwrite: bool = False
) -> tuple[bool, list[str]]:
    """Join the parts that `records` tell of into `target`, with the other tracks of their source, copied once.

    Convention: pictures are copied bit for bit. A result that was joined of the same parts before is left alone.
    `source` says where the source is now. Gives whether anything was done, and warnings.

    Raises:
        PartsError: a part is missing, doubled, changed, or made otherwise than the others; or the source was changed.
        ClipMissingError, ClipReadError: a record, a part or the source can't be read.
        TargetError, ClipWriteError: the target is there and was made otherwise, or can't be written.
    """
    parts = sorted(
        ((path.parent, Record.expect(path)) for path in records), key=lambda part: (part[1].span[0], part[1].target)
    )
    first = parts[0][1]
    _check_fit(parts)
    config = _config_of(first)
    joined = _record_of([record for _, record in parts], target)
    found = Record.read(record_path(target))
    ours = found is not None and found.facts == joined.facts
    if found is not None and ours and there(target) and hash_of(target) == found.sha256:
        return False, []
    for folder, record in parts:
        if not there(folder / record.target) or hash_of(folder / record.target) != record.sha256:
            raise PartsError(f"{folder / record.target} is gone, or is not what was rendered; render this part again")
    with TargetLock(target):
        if names_pictures(target):
            warnings = _gather([(folder / record.target) for folder, record in parts], target, overwrite=overwrite)
        else:
            like = _like(first, config, source or first.source)
            paths = [folder / record.target for folder, record in parts]
            warnings = join_clips(paths, target, like, Span(*first.whole), config.encode, overwrite=overwrite or ours)
        done = {"state": "done", "sha256": hash_of(target)}
        joined.model_copy(update=done).write(target)
    return True, [*_mixed([record for _, record in parts]), *warnings]


def _mixed(records: Sequence[Record]) -> list[str]:
    """Say where parts come from different software or devices: their codes may differ in the last digits."""
    warnings = []
    for name in ("versions", "device", "backend"):
        found = {json.dumps(record.report.get(name), sort_keys=True) for record in records}
        if len(found) > 1:
            warnings.append(f"the parts were rendered with different {name}: {'; '.join(sorted(found))}")
    return warnings


def _check_fit(parts: Sequence[tuple[Path, Record]]) -> None:
    """Refuse gaps, overlaps, unfinished parts and other settings."""
    (_, first), *_ = parts
    for _, record in parts:
        if record.state != "done":
            raise PartsError(f"{record.target} is not finished; render this part again")
        if record.whole != first.whole:
            raise PartsError(
                f"{first.target} is of frames {_told(first.whole)}, {record.target} of {_told(record.whole)}"
            )
        _check_settings(first, record)
    for (_, one), (_, other) in pairwise(parts):
        if other.span[0] < _end(one):
            raise PartsError(f"{one.target} and {other.target} overlap; leave one of them out")
    missing, at = list[str](), first.whole[0]
    for _, record in parts:
        if record.span[0] > at:
            missing.append(_numbered(first, at, record.span[0]))
        at = _end(record)
    if first.whole[1] is not None and at < first.whole[1]:
        missing.append(_numbered(first, at, first.whole[1]))
    if missing:
        raise PartsError(f"frames {', '.join(missing)} of {first.of} are missing; render these parts first")


def _check_settings(one: Record, other: Record) -> None:
    for name in sorted({*one.settings, *other.settings}):
        was, now = one.settings.get(name, "not set"), other.settings.get(name, "not set")
        if was != now:
            raise PartsError(
                f"{one.target} was rendered with {name} = {was}, {other.target} with {now}; render both alike"
            )


def _end(record: Record) -> int:
    assert record.span[1] is not None  # parts have an end
    return record.span[1]


def _numbered(record: Record, start: int, stop: int) -> str:
    base = record.numbers[0] - record.span[0] if record.numbers is not None else 0
    return f"{start + base}-{stop - 1 + base}" if stop - start > 1 else f"{start + base}"


def _told(span: tuple[int, int | None]) -> str:
    return f"{span[0]}-{'' if span[1] is None else span[1]}"


def _config_of(record: Record) -> RenderConfig:
    try:
        return RenderConfig.model_validate(record.config)
    except ValidationError as error:
        raise PartsError(f"the record of {record.target} holds no settings; render this part again") from error


def _record_of(records: Sequence[Record], target: Path) -> Record:
    first = records[0]
    made_of = [[record.target, record.sha256] for record in records]
    facts = {**first.settings, "frames": str(Span(*first.whole)), "parts": json.dumps(made_of)}
    numbers = None if first.numbers is None else (first.numbers[0], (records[-1].numbers or first.numbers)[1])
    update = {"state": "done", "target": target.name, "of": "", "span": first.whole, "numbers": numbers, "facts": facts}
    return first.model_copy(update=update | {"report": {}, "sha256": ""})


def _like(record: Record, config: RenderConfig, source: Path) -> ClipInfo:
    """What the result shall look like beside its pictures; the source must be the one that was rendered."""
    if not there(source):
        raise ClipMissingError(f"no source at {source}; say where it is now with --source", path=source)
    now = source_facts(source)
    for name in _COMPARED:
        if record.facts.get(name) != now.get(name):
            raise PartsError(
                f"{source} is not what was rendered: {name} was {record.facts.get(name)}, is {now.get(name)}; "
                "say where the source is with --source"
            )
    with open_reader(source, config.decode) as reader:
        span = Span(*record.whole)
        shot = Shot(source, span, timecode=record.timecode, reel=record.reel)
        return labelled(cut_to(reader.info, span), shot)


def _gather(sources: Sequence[Path], target: Path, *, overwrite: bool) -> list[str]:
    """Bring pictures under the target's names: those that lie there already stay."""
    numbering = Numbering.of(target)
    assert numbering is not None  # a part of one picture is the picture
    found = {number: path for source in sources for number, path in find_pictures(source).items()}
    wanted = {number: path for number, path in found.items() if path.absolute() != numbering.path(number).absolute()}
    folder = PartialFolder(target, overwrite=overwrite)
    try:
        with translate_write_errors(target):
            for number, path in wanted.items():
                shutil.copyfile(path, folder.path / numbering.path(number).name)
        folder.commit(numbering.path(number).name for number in wanted)
    finally:
        folder.discard()
    return []
