"""A list becomes jobs: sources found, frames placed, names given, and every problem told at once."""

import fnmatch
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import torch

from vidstyle.config import RenderConfig, compose
from vidstyle.errors import ConfigError, VidstyleError
from vidstyle.identity import lasting_facts
from vidstyle.jobs.deciding import decide, finished_before, there
from vidstyle.jobs.estimates import bytes_of, work_bytes
from vidstyle.jobs.finding import NotFoundError, Sources
from vidstyle.jobs.job import BatchConfig, Job
from vidstyle.jobs.ledger import Ledger
from vidstyle.jobs.naming import check_template, fill, has_version
from vidstyle.jobs.placing import Misfit, place_in
from vidstyle.jobs.scenes import with_one_look
from vidstyle.media import ClipInfo, cut_to
from vidstyle.media.kinds import foresee
from vidstyle.networks import card_of
from vidstyle.shots import Edit, Event, Shot
from vidstyle.stages.mask import open_masks

_SPARE = 1.1  # of the disk: estimates are estimates


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch is going to do.

    `problems` is empty where it can begin; `bytes` and `free` are of the disk, estimated and there now. `others` are
    shots that are not asked for, but finished before: they belong to the edit as it is now.
    """

    edit: Edit
    folder: Path
    jobs: tuple[Job, ...]
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    bytes: int = 0
    free: int = 0
    others: tuple[Job, ...] = ()

    @property
    def to_render(self) -> tuple[Job, ...]:
        """The jobs that are not finished already, in the order they are begun."""
        return tuple(job for job in self.jobs if job.action != "skip")


def plan_batch(
    edit: Edit, folder: Path, render: RenderConfig, batch: BatchConfig, *, roots: Sequence[Path] = (), ledger: Ledger
) -> Plan:
    """Plan an edit's shots into `folder`. Problems are collected, not raised.

    Raises ConfigError where the template is wrong, or a pattern means no shot.
    """
    check_template(batch.template)
    sources = Sources(roots or (edit.path.parent,), skip=folder)
    wanted = _wanted(edit.events, batch.only)
    jobs, problems = _jobs(wanted, edit, sources, render, batch)
    others, _ = _jobs([event for event in edit.events if event not in wanted], edit, sources, render, batch)
    if batch.scene_by is not None and not problems:
        try:
            jobs = with_one_look(jobs, batch.scene_by, folder, others)
        except VidstyleError as error:
            problems.append(f"the colours of scenes can't be measured: {error}")
    jobs = [decide(job, edit, folder, batch.template, ledger) for job in jobs]
    problems += _collisions(jobs) + _unversioned(jobs, batch.template)
    jobs = _in_order(jobs, batch.first, longest=batch.longest_first)
    needed = _bytes(jobs, batch.jobs or 1)
    free = _free(folder)
    if needed * _SPARE > free:
        gigabytes = f"about {needed / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free"
        problems.append(f"the disk of {folder} is too small: {gigabytes}; free some, or choose another preset")
    known = tuple(job for job in (finished_before(other, folder, ledger) for other in others) if job is not None)
    return Plan(edit, folder, tuple(jobs), tuple(problems), (*edit.warnings, *ledger.warnings), needed, free, known)


def _jobs(
    events: Iterable[Event], edit: Edit, sources: Sources, render: RenderConfig, batch: BatchConfig
) -> tuple[list[Job], list[str]]:
    """Make jobs of events, and problems of those that can't be rendered."""
    jobs, problems = list[Job](), list[str]()
    for event in events:
        try:
            jobs.append(_job(event, edit, sources, render, batch))
        except (NotFoundError, Misfit, VidstyleError) as error:
            problems.append(f"{_told(event)}: {error}")
    return jobs, problems


def _told(event: Event) -> str:
    number = event.number if event.number.startswith("row") else f"event {event.number}"
    return f"{number} ({event.shot})"


def _wanted(events: Sequence[Event], only: Iterable[str]) -> list[Event]:
    patterns = list(only)
    for pattern in patterns:
        if not any(fnmatch.fnmatch(event.shot, pattern) for event in events):
            names = ", ".join(event.shot for event in events[:6])
            raise ConfigError(f"--only {pattern!r} means no shot of the list; it has {names} …", key="only")
    return [event for event in events if not patterns or any(fnmatch.fnmatch(event.shot, p) for p in patterns)]


def _job(event: Event, edit: Edit, sources: Sources, render: RenderConfig, batch: BatchConfig) -> Job:
    if event.refusal:
        raise Misfit(event.refusal)
    path = sources.find(event, edit.path.parent)
    info = sources.info(path)
    placement = place_in(event, info, batch.handles)
    config = _config(render, event.settings, edit.path.parent)
    name, style = _style_facts(config)
    with open_masks(config.mask, info.video, placement.span.start, placement.span.stop, torch.device("cpu")):
        pass  # so that a matte that does not fit is told now, not in the night
    shot = Shot(path, placement.span, event.shot, timecode=placement.timecode, reel=_reel(event, info))
    height, width = info.video.upright
    job = Job(
        event, path, placement, config, lasting_facts(shot, config) | style, 0, Path(), "render", "",
        (width, height), info.video.average_rate or Fraction(25), timecode=shot.timecode, reel=shot.reel,
        style_name=name, warnings=(*event.warnings, *placement.warnings),
    )  # fmt: skip
    target = fill(batch.template, {"shot": event.shot, "style": name, "sequence": event.sequence or edit.name}, 1)
    lost = foresee(target, cut_to(info, placement.span), config.encode)
    return replace(job, bytes=bytes_of(job, info, batch.template), warnings=(*job.warnings, *lost))


def _config(render: RenderConfig, settings: Mapping[str, object], folder: Path) -> RenderConfig:
    """The batch's settings with the list's own for one shot: read as `--set` would, a mask's path from `folder`."""
    settings = {key: folder / str(of) if key == "mask.file" else of for key, of in settings.items()}
    overrides = [f"{key}={text}" for key, text in settings.items() if isinstance(text, str) and key != "style"]
    flags = {key: value for key, value in settings.items() if not isinstance(value, str) or key == "style"}
    return compose(RenderConfig, render.model_dump(exclude_unset=True), overrides=overrides, flags=flags)


def _style_facts(config: RenderConfig) -> tuple[str, dict[str, str]]:
    card = card_of(config.style, config.stylize.mix)
    return card.name, {"style.sha256": card.sha256, "style.stability": str(card.stability)}


def _reel(event: Event, info: ClipInfo) -> str:
    """The reel that the list names, else the source's own."""
    places = (info.video.metadata, info.metadata, *(other.metadata for other in info.others))
    own = (text for place in places for key, text in place.items() if key.lower() in ("reel_name", "reel", "tape"))
    return event.hint.reel or next(own, "")


def _collisions(jobs: Sequence[Job]) -> list[str]:
    """Shots that would write one file, or go by one name; file systems may not tell capitals apart."""
    found, seen = [], dict[str, Job]()
    for job in jobs:
        for what, key in ((f"be called {job.name!r}", job.name), (f"write {job.target}", str(job.target).lower())):
            other = seen.setdefault(key, job)
            if other is not job:
                found.append(
                    f"{_told(other.event)} and {_told(job.event)} would both {what}; rename one, or use --name"
                )
                break
    return found


def _unversioned(jobs: Sequence[Job], template: str) -> list[str]:
    if has_version(template):
        return []
    return [
        f"{_told(job.event)}: {job.target} is there already, and {template!r} has no {{version}} to tell it apart"
        for job in jobs
        if job.action == "render" and there(job.target)
    ]


def _in_order(jobs: Sequence[Job], first: Sequence[str], *, longest: bool) -> list[Job]:
    """Those asked for first, then by the list's priority, then in the order of the cut, or the longest."""
    place = {id(job): number for number, job in enumerate(jobs)}

    def key(job: Job) -> tuple[int, int, int, int]:
        asked = next((n for n, pattern in enumerate(first) if fnmatch.fnmatch(job.name, pattern)), len(first))
        return asked, -job.event.priority, -job.frames * job.pixels if longest else 0, place[id(job)]

    return sorted(jobs, key=key)


def _bytes(jobs: Iterable[Job], at_once: int) -> int:
    """What the results take, and the finished frames beside those that are being made."""
    rendering = [job for job in jobs if job.action != "skip"]
    largest = sorted((work_bytes(job) for job in rendering), reverse=True)[:at_once]
    return sum(job.bytes for job in rendering) + sum(largest)


def _free(folder: Path) -> int:
    there = next((path for path in (folder, *folder.absolute().parents) if path.exists()), Path.cwd())
    return shutil.disk_usage(there).free
