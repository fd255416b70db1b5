"""Shot lists as tables: CSV, TSV and JSON, with the column names of Kitsu, Flow and ftrack as well."""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from vidstyle.errors import ShotListError
from vidstyle.shots.edit import Edit, Event, Hint
from vidstyle.timecode import is_timecode, parse_rate

TABLES = (".csv", ".tsv", ".txt", ".json")
_ALIASES = {
    "shot": ("shot", "name", "code", "shotcode", "shotname"),
    "source": ("source", "sourcefile", "file", "path", "media", "clip", "url"),
    "in": ("in", "framein", "cutin", "sgcutin", "fstart", "tcin", "timecodein", "cutitemin"),
    "out": ("out", "frameout", "cutout", "sgcutout", "fend", "tcout", "timecodeout", "cutitemout"),
    "frames": ("frames", "nbframes", "cutduration", "sgcutduration"),
    "fps": ("fps", "rate", "framerate"),
    "handles": ("handles",),
    "handle_in": ("handlein", "headhandle"),
    "handle_out": ("handleout", "tailhandle"),
    "style": ("style",),
    "strength": ("strength",),
    "stability": ("stability",),
    "mask": ("mask", "matte"),
    "priority": ("priority",),
    "sequence": ("sequence", "sgsequence"),
    "scene": ("scene",),
    "reel": ("reel", "tape", "camroll"),
    "notes": ("notes", "note", "description", "comment"),
}
_COLUMN = {alias: name for name, aliases in _ALIASES.items() for alias in aliases}
_SETTINGS = {"style": "style", "strength": "blend.strength", "stability": "blend.stability", "mask": "mask.file"}


def read_table(path: Path, fps: Fraction | None = None) -> Edit:
    """Read a table of shots.

    Convention: of timecodes the out column is not included, of frame numbers it is, as in Kitsu and Flow. A column with
    a dot in its name is a setting of the render; unknown ones go to the report as they are.

    Raises ShotListError, with the line, where the table itself is wrong; a wrong cell refuses its shot alone.
    """
    text = _text(path)
    rows = _json_rows(path, text) if path.suffix.lower() == ".json" else _csv_rows(path, text)
    events, record = [], 0
    for line, row in rows:
        event = _event(line, row, fps)
        events.append(replace(event, record=record, length=event.frames) if event.frames else event)
        record += event.frames or 0
    return Edit(path, path.stem, "table", tuple(events), fps or _common_rate(events), text=text)


def _common_rate(events: Iterable[Event]) -> Fraction | None:
    rates = {event.rate for event in events}
    return rates.pop() if len(rates) == 1 else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ShotListError(f"{path} can't be read: {error.strerror}", path=path) from error
    except UnicodeDecodeError as error:
        raise ShotListError(f"{path} is not UTF-8; save it as UTF-8", path=path) from error


def _csv_rows(path: Path, text: str) -> list[tuple[int, dict[str, str]]]:
    head = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(text.splitlines(), delimiter=delimiter)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ShotListError(f"{path}, line {reader.line_num}: {error}", path=path, line=reader.line_num) from error
    rows = [(line, row) for line, row in rows if not row[0].lstrip().startswith("#")]
    if not rows:
        raise ShotListError(f"{path} is empty; its first line names columns, such as shot,source", path=path)
    names = [cell.strip() for cell in rows[0][1]]
    _check_names(path, names, rows[0][0])
    for line, row in rows[1:]:
        if len(row) > len(names):
            told = (
                f"{path}, line {line}: {len(row)} cells, but {len(names)} columns; quote cells that hold {delimiter!r}"
            )
            raise ShotListError(told, path=path, line=line)
    return [(line, dict(zip(names, (cell.strip() for cell in row), strict=False))) for line, row in rows[1:]]


def _check_names(path: Path, names: list[str], line: int) -> None:
    columns = [_column(name) for name in names if _column(name) in _ALIASES]
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if "source" not in columns:
        found = ", ".join(names)
        raise ShotListError(f"{path}, line {line}: no column source; found {found}", path=path, line=line)
    if twice:
        raise ShotListError(f"{path}, line {line}: two columns mean {twice[0]!r}; leave one out", path=path, line=line)


def _json_rows(path: Path, text: str) -> list[tuple[int, dict[str, str]]]:
    try:
        told: Any = json.loads(text)
    except json.JSONDecodeError as error:
        told = f"{path}, line {error.lineno}: no JSON: {error.msg}"
        raise ShotListError(told, path=path, line=error.lineno) from error
    shots = told.get("shots") if isinstance(told, dict) else told
    if not isinstance(shots, list) or not all(isinstance(shot, dict) for shot in shots):
        raise ShotListError(f'{path} is no list of shots; write [{{"shot": …, "source": …}}, …]', path=path)
    return [(number, {str(k): _cell(v) for k, v in shot.items()}) for number, shot in enumerate(shots, start=1)]


def _cell(value: object) -> str:
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, bool | dict | list) else str(value)


def _column(name: str) -> str:
    """The column that a name means; the name itself where it is none of ours."""
    return _COLUMN.get("".join(letter for letter in name.lower() if letter.isalnum()), name)


def _event(line: int, row: Mapping[str, str], fps: Fraction | None) -> Event:
    cells = {_column(name): text for name, text in row.items() if text}
    source = cells.get("source", "")
    shot = cells.get("shot") or Path(source.replace("\\", "/")).stem
    known = {name: text for name, text in cells.items() if name in _ALIASES}
    event = Event(
        number=f"row {line}", shot=shot or f"row {line}", hint=Hint(url=source, reel=known.get("reel", "")),
        base="file", sequence=known.get("sequence", ""), scene=known.get("scene", ""), notes=known.get("notes", ""),
        rate=fps, extra={name: text for name, text in cells.items() if name not in _ALIASES and "." not in name},
        elements=(line,), refusal="" if source else "no source is named",
    )  # fmt: skip
    try:
        return replace(event, **_numbers(known, fps), settings=_settings(cells), **_span(known))
    except ValueError as error:
        return replace(event, refusal=str(error))


def _numbers(cells: Mapping[str, str], fps: Fraction | None) -> dict[str, Any]:
    found: dict[str, Any] = {"priority": _whole(cells, "priority") or 0}
    found["rate"] = parse_rate(cells["fps"]) if "fps" in cells else fps
    both, head, tail = (_whole(cells, name) for name in ("handles", "handle_in", "handle_out"))
    if (both, head, tail) != (None, None, None):
        pair = (both or 0 if head is None else head, both or 0 if tail is None else tail)
        if min(pair) < 0:
            raise ValueError(f"handles {pair} are below 0")
        found["handles"] = pair
    return found


def _settings(cells: Mapping[str, str]) -> dict[str, Any]:
    found = {key: cells[name] for name, key in _SETTINGS.items() if name in cells}
    return found | {name: text for name, text in cells.items() if "." in name and name not in _ALIASES}


def _span(cells: Mapping[str, str]) -> dict[str, Any]:
    begin, end = cells.get("in"), cells.get("out")
    if begin is None and end is None:
        return {"frames": None}
    if any(text is not None and is_timecode(text) for text in (begin, end)):
        if any(text is not None and not is_timecode(text) for text in (begin, end)):
            raise ValueError(f"in {begin!r} and out {end!r} are not both timecodes")
        return {"labels": (begin, end)}
    first, last, count = (_whole(cells, name) for name in ("in", "out", "frames"))
    first = first or 0
    if last is None:
        last = first + count - 1 if count is not None else None
    if last is None:
        raise ValueError(f"in {first} has no out; name the last frame, or frames")
    if first < 0 or last < first:
        raise ValueError(f"in {first} and out {last} hold no frame; out is the last frame")
    if count is not None and count != last - first + 1:
        raise ValueError(f"in {first} to out {last} are {last - first + 1} frames, but the list says {count}")
    return {"first": first, "frames": last - first + 1}


def _whole(cells: Mapping[str, str], name: str) -> int | None:
    if name not in cells:
        return None
    try:
        return int(cells[name])
    except ValueError:
        raise ValueError(f"{name} {cells[name]!r} is no whole number") from None
