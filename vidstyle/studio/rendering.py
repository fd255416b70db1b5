"""Renders and measures for the page: the library's functions, and copies that a browser can play."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from vidstyle.config import RenderConfig, compose
from vidstyle.measure import Inputs, MeasureConfig, WorstFrames, measure_files, write_page
from vidstyle.pipeline import render_shot
from vidstyle.report import RenderReport
from vidstyle.shots import Shot
from vidstyle.studio.look import Look
from vidstyle.studio.sessions import Session, Upload
from vidstyle.studio.tasks import Task

_WORST = 6  # frames on the measurements' page
RESULT, REPORT, SOURCE, PAGE = "result", "report", "source", "page"  # what `Task.results` are by


def render_work(session: Session, upload: Upload, look: Look, device: str) -> Callable[[Task], None]:
    """Work that renders an upload, and makes what is needed to look at the two side by side.

    Raises HTTPException, ConfigError where the look does not fit; the work itself raises what `render_shot` raises.
    """
    config = look.config(session, device, upload)

    def work(task: Task) -> None:
        target = task.folder / look.target(upload)
        task.begin("stylizing")
        report = render_shot(Shot(upload.path, look.span), target, config, on_progress=task.step)
        write_report(task, session, report)
        task.results[RESULT] = target.name
        if upload.is_clip:
            task.begin("copies to play")
            source = viewing_copy(task, upload, upload.path, "source", look)
            task.results[SOURCE] = source.name
            task.results["play"] = target.name
            if not look.plays:
                task.results["play"] = viewing_copy(task, upload, target, "play", Look()).name

    return work


def write_report(task: Task, session: Session, report: RenderReport) -> None:
    """Keep a render's report for the page, without this machine's folders."""
    told = session.hide(report.model_dump_json(indent=2))
    (task.folder / "report.json").write_text(told + "\n", encoding="utf-8")
    task.results[REPORT] = "report.json"
    task.told |= {
        "frames": report.written,
        "fps": report.fps,
        "frame_hash": report.frame_hash,
        "encoder": report.encoder,
        "style": report.style,
        "warnings": [session.hide(warning) for warning in report.warnings],
    }


def viewing_copy(task: Task, upload: Upload, clip: Path, stem: str, look: Look) -> Path:
    """Write what a browser plays of a clip, an upload or made of it; the picture as it is: a render at strength 0."""
    target = task.folder / f"{stem}.mp4"
    if target.exists():  # the result is called that
        target = task.folder / f"{stem}-copy.mp4"
    flags: dict[str, Any] = {"blend.strength": 0.0, "encode.preset": "review", "work.keep": False}
    if upload.is_odd:
        flags["encode.pixel_format"] = "yuv444p"
    config = compose(RenderConfig, {}, flags=flags)
    render_shot(Shot(clip, look.span), target, config, on_progress=task.step)
    return target


def measure_work(session: Session, upload: Upload, look: Look, rendered: Task, device: str, *, alone: bool
                 ) -> Callable[[Task], None]:  # fmt: skip
    """Work that measures a render; `alone`: against the same style without blending, which is rendered first."""
    result = rendered.folder / rendered.results[RESULT]
    config = look.config(session, device, upload)

    def work(task: Task) -> None:
        reference = None
        if alone:
            task.begin("each frame by itself")
            reference = task.folder / "alone.mkv"
            changes = {"blend": config.blend.model_copy(update={"stability": 0.0})}
            changes |= {"encode": compose(RenderConfig, {}, flags={"encode.encoder": "ffv1"}).encode}  # type: ignore[dict-item]
            render_shot(
                Shot(upload.path, look.span), reference, config.model_copy(update=changes), on_progress=task.step
            )
        task.begin("measuring")
        worst = WorstFrames(_WORST, pictures=True)
        frames = None if look.span.stop is None else str(look.span)
        inputs = Inputs.of(upload.path, result, reference, frames=frames, result_start=look.first)
        report = measure_files(inputs, MeasureConfig(worst=_WORST), worst=worst, on_progress=task.step)
        page = session.hide(write_page(report, worst.stills))
        (task.folder / "measures.html").write_text(page, encoding="utf-8")
        (task.folder / "measures.json").write_text(session.hide(report.model_dump_json(indent=2)), encoding="utf-8")
        task.results |= {PAGE: "measures.html", REPORT: "measures.json"}
        task.told |= {"frames": report.measures.frames}
        if reference is not None:
            reference.unlink(missing_ok=True)

    return work
