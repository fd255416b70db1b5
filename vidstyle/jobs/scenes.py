"""Shots of one scene get one look: their colours are measured on some frames, and graded towards each other."""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from vidstyle.devices import resolve_device
from vidstyle.frames import Span
from vidstyle.identity import lasting_facts
from vidstyle.jobs.colours import Colours, colours_of, common_grades
from vidstyle.jobs.job import Job, SceneBy
from vidstyle.media import open_reader
from vidstyle.networks import load_styles
from vidstyle.report import write_whole
from vidstyle.stages.motion import without_motion
from vidstyle.stages.stylize import stylize

_FRAMES = 4  # of a shot
_LAST_PART = re.compile(r"[_\-.][^_\-.]*$")
_CACHE = ".scenes.json"
_OF_COLOUR = ("style", "stylize.", "decode.", "source", "frames")  # facts that measured colours depend on


def scene_of(job: Job, by: SceneBy) -> str:
    """The scene that a shot belongs to; empty where it belongs to none."""
    if by == "name":
        return _LAST_PART.sub("", job.name) if _LAST_PART.search(job.name) else ""
    return job.event.scene if by == "scene" else job.event.sequence


def with_one_look(jobs: Sequence[Job], by: SceneBy, folder: Path, others: Iterable[Job] = ()) -> list[Job]:
    """Give the shots of each scene their grades.

    Convention: `others` belong to the scenes as well, but are not rendered now. Shots of another style, those with a
    grade of their own and those at strength 0 stand apart. What was measured is kept in `folder`, if it is there.

    Raises StyleError, ClipError, DeviceError where colours can't be measured.
    """
    scenes: dict[tuple[str, str], list[Job]] = defaultdict(list)
    for job in (*jobs, *others):
        if scene_of(job, by) and job.config.grade.is_neutral and job.config.blend.strength != 0:
            scenes[scene_of(job, by), job.facts["style.sha256"]].append(job)
    kept = _Kept(folder / _CACHE)
    graded: dict[str, Job] = {}
    for members in scenes.values():
        if len(members) > 1:
            grades = common_grades([kept.of(member) for member in members])
            graded |= {job.name: _with(job, {"grade": grade}) for job, grade in zip(members, grades, strict=True)}
    return [graded.get(job.name, job) for job in jobs]


def measure(job: Job) -> Colours:
    """Measure a shot's colours on frames of what the edit shows of it, by the generator alone."""
    config, placement = job.config, job.placement
    device = resolve_device(config.device)
    style = load_styles(config.style, config.stylize.mix, device=device)
    first = placement.span.start + placement.lead
    wanted = {first + (2 * n + 1) * placement.shown // (2 * _FRAMES) for n in range(_FRAMES)}
    span = Span(min(wanted), max(wanted) + 1)
    sources, made = [], []
    with open_reader(job.source, config.decode.model_copy(update={"batch": 1}), device=device) as reader:
        chosen = (batch for number, batch in enumerate(reader.frames(span), start=span.start) if number in wanted)
        for styled in stylize(without_motion(chosen), style, config.stylize):
            sources.append(styled.moving.frames.images)
            made.append(styled.images)
    return colours_of(sources, made)


def _with(job: Job, changes: dict[str, object]) -> Job:
    config = job.config.model_copy(update=changes)
    style = {name: text for name, text in job.facts.items() if name.startswith("style.")}
    return replace(job, config=config, facts=lasting_facts(job.shot, config) | style)


class _Kept:
    """Colours that were measured before, so that a batch that is run again finds the same, at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, Colours] = {}
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            self._known = {key: Colours.model_validate(value) for key, value in told.items()}
        except (OSError, ValueError, AttributeError, ValidationError):
            self._known = {}  # measured anew

    def of(self, job: Job) -> Colours:
        facts = {name: text for name, text in job.facts.items() if name.startswith(_OF_COLOUR)}
        key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
        if key not in self._known:
            self._known[key] = measure(job)
            self._save()
        return self._known[key]

    def _save(self) -> None:
        if self._path.parent.is_dir():
            told = {key: colours.model_dump() for key, colours in self._known.items()}
            write_whole(self._path, json.dumps(told, indent=1).encode())
