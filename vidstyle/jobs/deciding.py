"""What is to be done with a shot, by what the ledger and the disk say of it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from vidstyle.errors import ClipError
from vidstyle.jobs.job import Job
from vidstyle.jobs.ledger import Entry, Ledger
from vidstyle.jobs.naming import fill, has_version
from vidstyle.media import find_pictures
from vidstyle.media.manifest import sha256_of
from vidstyle.media.numbering import names_pictures
from vidstyle.shots import Edit

_SHOWN = 3  # changed settings that a reason names
_LATEST = 100_000
_OF_FRAMES = ("source", "source's size", "source's checksum", "source's pictures", "frames")  # facts


def decide(job: Job, edit: Edit, folder: Path, template: str, ledger: Ledger) -> Job:
    """Give a job its version and target, and say whether it is rendered, gone on with or left alone.

    Convention: a finished shot is left alone where sources, settings and the result still agree. A version is used
    again only where no whole clip of ours stands under its name; a changed shot gets the next one.
    """
    history = ledger.of(job.name)
    last = max((n for n, entry in enumerate(history) if entry.event == "begun"), default=None)
    if last is None:
        return _anew(job, edit, folder, template, history, "new")
    begun, end = history[last], history[-1]
    changed = differences(begun.facts, job.facts)
    before = replace(job, version=begun.version, target=folder / begun.target)
    if _path(job, edit, template, begun.version) != Path(begun.target):
        return _anew(job, edit, folder, template, history, "its name is another now")
    if end.event != "done":
        return _unfinished(before, end, changed)
    if not changed and not there(before.target):
        return replace(before, reason=f"{before.target.name} is gone")
    if not changed and hash_of(before.target) == end.sha256:
        return replace(before, action="skip", reason="finished, nothing changed")
    why = f"changed: {changed}" if changed else f"{before.target.name} was changed since"
    return _anew(job, edit, folder, template, history, why)


def finished_before(job: Job, folder: Path, ledger: Ledger) -> Job | None:
    """A job as it was finished last, of the same frames, with whatever settings; None where it was not."""
    history = ledger.of(job.name)
    last = max((n for n, entry in enumerate(history) if entry.event == "done"), default=None)
    if last is None:
        return None
    done = history[last]
    begun = next(entry for entry in reversed(history[: last + 1]) if entry.event == "begun")
    same = all(begun.facts.get(name) == job.facts.get(name) for name in _OF_FRAMES)
    if not same or not there(folder / done.target):
        return None
    style = Path(json.loads(begun.facts.get("style", '""'))).name or job.style_name
    target, reason = folder / done.target, "finished before, not asked for now"
    return replace(job, version=done.version, target=target, action="skip", reason=reason, style_name=style)


def _unfinished(before: Job, end: Entry, changed: str) -> Job:
    if changed:
        return replace(before, action="anew", reason=f"stopped before, and changed: {changed}")
    why = f"failed before: {end.message.splitlines()[0][:80]}" if end.event == "failed" else "stopped before"
    return replace(before, action="go on", reason=why)


def _anew(job: Job, edit: Edit, folder: Path, template: str, history: Sequence[Entry], reason: str) -> Job:
    """Render under the next version that no clip has."""
    version = max((entry.version for entry in history), default=0) + 1
    target = folder / _path(job, edit, template, version)
    while there(target) and has_version(template) and version < _LATEST:
        version += 1
        target = folder / _path(job, edit, template, version)
    return replace(job, version=version, target=target, reason=reason)


def _path(job: Job, edit: Edit, template: str, version: int) -> Path:
    event = job.event
    values = {
        "sequence": event.sequence or edit.name,
        "scene": event.scene,
        "shot": event.shot,
        "style": job.style_name,
        "event": event.number,
        "track": event.track,
        "reel": event.hint.reel,
        "source": job.source.stem,
    }
    return fill(template, values, version)


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """What changed between two sets of facts, in a few words; empty where nothing did."""
    names = sorted({name for name in {*before, *now} if before.get(name) != now.get(name)})
    told = [f"{name} was {before.get(name, 'not there')}, is {now.get(name, 'not there')}" for name in names[:_SHOWN]]
    return "; ".join(told) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def there(target: Path) -> bool:
    """Whether a clip, or any picture of a sequence, stands under the name."""
    if target.exists() or not names_pictures(target):
        return target.exists()
    try:
        return bool(find_pictures(target))
    except ClipError as error:
        return "missing" in str(error)


def hash_of(target: Path) -> str:
    """SHA-256 of a clip; of a sequence over its pictures' names and hashes."""
    if target.is_file() or not names_pictures(target):
        return sha256_of(target)
    digest = hashlib.sha256()
    for path in find_pictures(target).values():
        digest.update(f"{path.name} {sha256_of(path)}\n".encode())
    return digest.hexdigest()
