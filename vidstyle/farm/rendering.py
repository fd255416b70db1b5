"""Renders a shot or a part of it as a farm's task: any number of times, on any machine, with one result."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from vidstyle.config import RenderConfig
from vidstyle.errors import RETRYABLE, TargetBusyError, TargetError, VidstyleError
from vidstyle.farm.chunks import Chunk, ChunkConfig, place_chunks
from vidstyle.farm.parts import Record, part_target, record_path
from vidstyle.identity import lasting_facts
from vidstyle.jobs.deciding import differences, hash_of, there
from vidstyle.media import open_reader
from vidstyle.media.opening import translate_write_errors
from vidstyle.networks import card_of
from vidstyle.pipeline import render_shot
from vidstyle.progress import OnProgress, Progress
from vidstyle.report import RenderReport
from vidstyle.shots import Shot


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What came of a task: where its result is, and its report; None where it was there already."""

    target: Path
    report: RenderReport | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Task:
    """One result of a task: what is rendered where, and the record of it before it is begun."""

    shot: Shot
    target: Path
    config: RenderConfig
    record: Record


def render_task(
    shot: Shot,
    target: Path,
    config: RenderConfig,
    chunk: ChunkConfig,
    *,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> list[TaskResult]:
    """Render a shot, or the parts of it that `chunk` asks for, each with its record beside it.

    Convention: what was finished before, as the record says, is left alone; what was stopped is gone on with. A part
    of a clip is a clip of its own, SHOT.FIRST-LAST.SUFFIX, without the source's other tracks: `join_parts` adds them.

    Raises:
        TargetError: a result is there that was made otherwise, or by someone else, and `overwrite` is off.
        TargetBusyError: another worker is at it.
        Whatever `render_shot` raises.
    """
    with translate_write_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)  # whichever task comes first
    if not chunk.asks:
        return [_render(_task(shot, target, config, None), overwrite=overwrite, on_progress=on_progress)]
    with open_reader(shot.source, config.decode) as reader:
        info = reader.info
    chunks, outside = place_chunks(shot, info, config, chunk)
    warnings = (f"{outside} frames of {chunk.frames} are not there and were left out",) if outside else ()
    frames = _Sum(on_progress, sum(each.last - each.first + 1 for each in chunks))
    results = []
    for each in chunks:
        results.append(_render(_task(shot, target, config, each), overwrite=overwrite, on_progress=frames.part()))
        frames.done(each.last - each.first + 1)
    return [replace(result, warnings=warnings) for result in results]


def _task(shot: Shot, target: Path, config: RenderConfig, chunk: Chunk | None) -> _Task:
    part, name, settings = (shot, target, config) if chunk is None else (chunk.shot, part_target(target, chunk), config)
    if chunk is not None:
        settings = config.model_copy(update={"encode": config.encode.model_copy(update={"start_number": None})})
    card = card_of(config.style, config.stylize.mix)
    facts = lasting_facts(part, settings) | {"style.sha256": card.sha256, "style.stability": str(card.stability)}
    facts.pop("encode.start_number", None)
    whole = part.whole or part.span
    record = Record(
        source=shot.source.absolute(), target=name.name, of="" if chunk is None else target.name,
        span=(part.span.start, part.span.stop), whole=(whole.start, whole.stop),
        numbers=None if chunk is None else (chunk.first, chunk.last),
        timecode=shot.timecode, reel=shot.reel, facts=facts,
        config=config.model_dump(mode="json", exclude_unset=True),
    )  # fmt: skip
    return _Task(part, name, settings, record)


def _render(task: _Task, *, overwrite: bool, on_progress: OnProgress | None) -> TaskResult:
    found = Record.read(record_path(task.target))
    ours = found is not None and found.facts == task.record.facts
    if found is not None and ours and found.state == "done" and there(task.target):
        if hash_of(task.target) == found.sha256:
            return TaskResult(task.target, None)
        ours = overwrite  # someone has changed it
    _refuse_others(task, found, ours=ours, overwrite=overwrite)
    if not ours:
        task.record.write(task.target)
    try:
        report = _go_on(task, on_progress)
    except VidstyleError as error:
        if error.exit_code not in RETRYABLE and not there(task.target):
            record_path(task.target).unlink(missing_ok=True)
        raise
    done = {"state": "done", "sha256": hash_of(task.target), "report": report.model_dump(mode="json")}
    task.record.model_copy(update=done).write(task.target)
    return TaskResult(task.target, report)


def _refuse_others(task: _Task, found: Record | None, *, ours: bool, overwrite: bool) -> None:
    if ours or overwrite or not there(task.target):
        return
    if found is None:
        why = "it has no record beside it, so nobody knows how it was made"
    else:
        why = _why(found.facts, task.record.facts)
    raise TargetError(f"{task.target} is there already: {why}; pass --overwrite to replace it", path=task.target)


def _why(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    told = differences(before, now)
    return f"it was made otherwise ({told})" if told else "it was changed since it was made"


def _go_on(task: _Task, on_progress: OnProgress | None) -> RenderReport:
    """Render with what a stopped run has left, unless that was begun otherwise: by other software, say."""
    try:
        return render_shot(task.shot, task.target, task.config, overwrite=True, resume=True, on_progress=on_progress)
    except TargetBusyError:
        raise
    except TargetError:
        return render_shot(task.shot, task.target, task.config, overwrite=True, on_progress=on_progress)


class _Sum:
    """Joins the progress of several parts to that of all of them."""

    def __init__(self, on_progress: OnProgress | None, total: int) -> None:
        self._tell, self._total = on_progress, total
        self._before = 0
        self._seconds = 0.0
        self._last = 0.0

    def part(self) -> OnProgress | None:
        """Give what is told the progress of the next part."""
        return self._told if self._tell is not None else None

    def done(self, frames: int) -> None:
        """Count a part that is finished."""
        self._before += frames
        self._seconds += self._last
        self._last = 0.0

    def _told(self, progress: Progress) -> None:
        assert self._tell is not None
        self._last = progress.seconds
        frames, seconds = self._before + progress.frames, self._seconds + progress.seconds
        self._tell(Progress(frames, self._total, seconds, self._before + progress.before))
