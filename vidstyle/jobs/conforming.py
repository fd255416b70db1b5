"""Writes the edit back with its results, and proves that nothing of the cut has moved."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from vidstyle.errors import PluginError, ShotListError, VidstyleError
from vidstyle.jobs.job import Outcome
from vidstyle.jobs.naming import safe
from vidstyle.jobs.planning import Plan
from vidstyle.media import probe_source
from vidstyle.media.spans import start_of
from vidstyle.report import reserve_text
from vidstyle.shots import Edit, ListConfig, otio, read_edit
from vidstyle.shots.relinking import Relink, differences, relinked
from vidstyle.shots.writing import written_edl, written_xml

_SUFFIXES = {"edl": ".edl", "fcp7": ".xml", "fcpxml": ".fcpxml"}
_WRITERS: dict[str, Callable[[Edit, Sequence[Relink]], str]] = {
    "edl": written_edl, "fcp7": written_xml, "fcpxml": written_xml,
}  # fmt: skip


def conform(plan: Plan, outcomes: Sequence[Outcome]) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Write the edit with every result that there is: as OTIO, and in the format that it came in where that can be.

    A list that would say the same as the newest one is not written again. Gives the paths, and warnings.
    """
    relinks = [relink_of(outcome) for outcome in outcomes if outcome.status != "failed"]
    if not relinks:
        return (), ("no shot is finished, so no edit was written back",)
    edit, warnings, written = plan.edit, list[str](), list[Path]()
    failed = len(outcomes) - len(relinks)
    if failed:
        warnings.append(f"{failed} shots are not finished; the edit that is written back shows their originals")
    try:
        timeline = relinked(edit, relinks)
        text = timeline.to_json_string()
        written.append(path := _newest(plan.folder, edit, ".otio", text))
        warnings += _moved(timeline, otio.read(path), path)
        if edit.kind in _WRITERS:
            text = _WRITERS[edit.kind](edit, relinks)
            written.append(path := _newest(plan.folder, edit, _SUFFIXES[edit.kind], text))
            config = ListConfig(fps=edit.rate, timeline=edit.timeline.name or None)
            warnings += _moved(edit.timeline, read_edit(path, config).timeline, path)
    except PluginError as error:
        warnings.append(f"the edit was not written back: {error}")
    except VidstyleError as error:
        raise ShotListError(f"the edit can't be written back: {error}", path=edit.path) from error
    return tuple(written), tuple(warnings)


def relink_of(outcome: Outcome) -> Relink:
    """What of the edit a result stands for; a table, which has no timeline, counts in the result's own timecode."""
    job = outcome.job
    event, first = job.event, job.placement.first
    info = probe_source(job.target)
    height, width = info.video.upright
    rate = job.event.rate or info.video.average_rate
    assert rate is not None
    own = start_of(info)
    if event.base == "file":
        first = own.frames if own is not None else first
        event = replace(event, first=first + job.placement.lead, frames=job.placement.shown)
    return Relink(
        event, job.target, first, job.frames, rate, width, height,
        sound=bool(info.audio), source=job.source,
    )  # fmt: skip


def _newest(folder: Path, edit: Edit, suffix: str, text: str) -> Path:
    """Write under the next version, or find that the newest one says the same."""
    name = f"{safe(edit.name)}_vidstyle"
    pattern = re.compile(re.escape(name) + r"_v(\d+)" + re.escape(suffix))
    versions = {int(match[1]): path for path in folder.iterdir() if (match := pattern.fullmatch(path.name))}
    last = max(versions, default=0)
    if last and versions[last].read_text(encoding="utf-8") == text:
        return versions[last]
    path = folder / f"{name}_v{last + 1:03}{suffix}"
    with reserve_text(path, overwrite=False) as write:
        write(text)
    return path


def _moved(before: object, after: object, path: Path) -> list[str]:
    found = differences(before, after)
    return [f"{path.name} reads back otherwise in {len(found)} places, the first: {found[0]}"] if found else []
