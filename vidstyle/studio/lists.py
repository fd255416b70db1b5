"""Shot lists that were uploaded: kept to the files that were uploaded beside them, planned and rendered."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from vidstyle.errors import ShotListError
from vidstyle.jobs.batch import plan_edit, render_edit
from vidstyle.jobs.finding import file_name
from vidstyle.jobs.job import BatchConfig, Job, Outcome
from vidstyle.jobs.planning import Plan
from vidstyle.progress import Progress
from vidstyle.review.writing import write_review
from vidstyle.shots import Edit, Event, ListConfig, read_edit
from vidstyle.studio.look import Look
from vidstyle.studio.rendering import PAGE
from vidstyle.studio.sessions import Session, Upload, safe_name
from vidstyle.studio.tasks import Task

_TEMPLATE = "{shot}_{style}_v{version:03}"
_SUFFIXES = {"web": ".mp4", "review": ".mp4", "master-prores": ".mov", "archive": ".mkv"}
# Settings that a list may change here: none of them names a file.
_FREE = ("blend.", "grade.", "stylize.hold", "stylize.scale", "motion.cuts.", "encode.quality", "decode.deinterlace")


def plan_upload(session: Session, upload: Upload, look: Look, device: str, fps: str, handles: int) -> Plan:
    """Plan a list; nothing is rendered. Raises what `read_edit` and `plan_edit` raise."""
    folder = upload.path.parent / "out"
    edit, batch = _read(session, upload, fps), _batch(look, handles)
    plan = plan_edit(edit, folder, look.config(session, device), batch, roots=_roots(session))
    return replace(plan, problems=(*plan.problems, *_strangers(plan.jobs, session)))


def batch_work(session: Session, upload: Upload, look: Look, device: str, fps: str, handles: int
               ) -> Callable[[Task], None]:  # fmt: skip
    """Work that renders a list, and writes what people look at afterwards."""
    config = look.config(session, device)

    def work(task: Task) -> None:
        edit = _read(session, upload, fps)

        def note(job: Job, **facts: Any) -> None:  # whole anew, as the page may be reading it
            told = dict(task.told.get("shots", {}))
            told[job.name] = {"frames": job.frames, "done": 0} | told.get(job.name, {}) | facts
            task.told["shots"] = told

        def on_plan(plan: Plan) -> None:
            problems = _strangers(plan.jobs, session)
            if problems:
                raise ShotListError("\n".join(problems), path=edit.path)
            for job in plan.jobs:
                note(job, state="waiting")

        def on_shot(job: Job, progress: Progress) -> None:
            note(job, state="working", done=progress.frames)
            task.step(progress)

        def on_outcome(outcome: Outcome) -> None:
            job = outcome.job
            note(job, state=outcome.status, message=session.hide(outcome.message))
            if outcome.status == "done":
                note(job, done=job.frames, file=str(job.target.relative_to(task.folder)))
            task.check()

        task.begin("rendering")
        result = render_edit(
            edit, task.folder, config, _batch(look, handles), roots=_roots(session),
            on_plan=on_plan, on_shot=on_shot, on_outcome=on_outcome,
        )  # fmt: skip
        task.begin("writing the review")
        written, warnings = write_review(result)
        task.told["warnings"] = [session.hide(text) for text in (*result.warnings, *warnings)]
        page = next((path for path in written if path.suffix == ".html"), None)
        if page is not None:
            page.write_text(session.hide(page.read_text(encoding="utf-8")), encoding="utf-8")
            task.results[PAGE] = str(page.relative_to(task.folder))
        for path in result.conformed:
            task.results[f"edit{path.suffix}"] = str(path.relative_to(task.folder))
        if result.failed:
            raise ShotListError(
                f"{len(result.failed)} of {len(result.outcomes)} shots failed; see each", path=edit.path
            )

    return work


def plan_rows(plan: Plan, session: Session) -> dict[str, Any]:
    """A plan as the page shows it."""
    rows = [
        {
            "number": job.event.number, "shot": job.name, "source": job.source.name, "frames": job.frames,
            "handles": "+".join(map(str, job.placement.handles)), "from": job.placement.first,
            "style": job.style_name, "size": f"{job.size[0]}x{job.size[1]}",
            "warnings": [session.hide(text) for text in job.warnings],
        }
        for job in plan.jobs
    ]  # fmt: skip
    told = {"shots": rows, "left_out": list(plan.edit.skipped), "bytes": plan.bytes}
    problems = [
        session.hide(text).replace("name its folder with --source-root", "drop it here") for text in plan.problems
    ]
    return told | {"problems": problems}


def _batch(look: Look, handles: int) -> BatchConfig:
    return BatchConfig(template=_TEMPLATE + _SUFFIXES[look.delivery], handles=handles, trial=False)


def _roots(session: Session) -> list[Path]:
    return [session.folder / "uploads"]


def _read(session: Session, upload: Upload, fps: str) -> Edit:
    lists = ListConfig.model_validate({"fps": fps or None})
    edit = read_edit(upload.path, lists)
    return replace(edit, events=tuple(_confined(event, session) for event in edit.events), sounds=())


def _confined(event: Event, session: Session) -> Event:
    """Let an event mean only what was uploaded: by its file's name, never by a path.

    Convention: lists of editing programs hold the paths of other machines; only the last part counts here.
    """
    if event.refusal:
        return event
    for key, text in event.settings.items():
        if key == "style" and text in session.styles():
            continue
        if key == "style" or not key.startswith(_FREE):
            told = f"the setting {key} = {text!r} can't be used in the studio; leave it out, or use vidstyle batch"
            return replace(event, refusal=told)
    settings = {key: str(session.styles()[text]) if key == "style" else text for key, text in event.settings.items()}
    hint = event.hint
    url, file = (safe_name(file_name(text)) if text else "" for text in (hint.url, hint.file))
    return replace(event, hint=replace(hint, url=url, file=file), settings=settings)


def _strangers(jobs: tuple[Job, ...], session: Session) -> list[str]:
    """What a plan would read from outside the session's folder, if there is anything in spite of all."""
    return [f"{job.name}: its source is none of your files; upload it" for job in _outside(jobs, session.folder)]


def _outside(jobs: tuple[Job, ...], folder: Path) -> Iterator[Job]:
    home = folder.resolve()
    for job in jobs:
        if not job.source.resolve().is_relative_to(home) or not job.target.resolve().is_relative_to(home):
            yield job
