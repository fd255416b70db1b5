"""One self-contained page of a batch: failures and warnings first, then every shot. It asks the network for nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from vidstyle.frames import Bitmap
from vidstyle.jobs.batch import BatchResult
from vidstyle.jobs.job import Outcome
from vidstyle.jobs.sidecar import source_timecode
from vidstyle.measure.html import pictured, whole_page
from vidstyle.review.figures import ShotFigures
from vidstyle.review.pictures import jpeg
from vidstyle.review.sheets import Stills

_ORDER = {"failed": 0, "warned": 1, "done": 2, "skipped": 2}
_MARKS = {"failed": "✗ failed", "warned": "! done, with warnings", "done": "✓ done", "skipped": "✓ finished before"}


@dataclass(frozen=True, slots=True)
class Links:
    """Files beside the page, as relative paths; empty where they are not."""

    reel: str = ""
    sheets: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()


def write_page(
    result: BatchResult, stills: Sequence[Stills], figures: Mapping[str, ShotFigures | None], links: Links
) -> str:
    """Write the page as HTML that is well-formed XML too."""
    ordered = sorted(stills, key=lambda each: _ORDER[state_of(each.outcome)])
    body = [
        _header(result, links),
        _problems(result),
        "<h2>Shots</h2>",
        *(_shot(each, figures.get(each.outcome.job.name)) for each in ordered),
        '<p class="note">Flicker: what changes beside the motion, in codes of 255, in the result and in the source; '
        "sharpness: relative to the source. Both over some frames of the shot's middle.</p>",
    ]
    style = files("vidstyle.review").joinpath("page.css").read_text(encoding="utf-8")
    return whole_page(f"{result.plan.edit.name}, stylized", style, body)


def state_of(outcome: Outcome) -> str:
    """How an outcome is told: failed, warned, done or skipped."""
    warned = outcome.status == "done" and outcome.warnings
    return "warned" if warned else outcome.status


def _header(result: BatchResult, links: Links) -> str:
    plan, outcomes = result.plan, result.outcomes
    done = [outcome for outcome in outcomes if outcome.status == "done"]
    seconds = sum(outcome.seconds for outcome in done)
    frames = sum(outcome.job.frames for outcome in done)
    facts = {
        "list": str(plan.edit.path),
        "shots": f"{len(outcomes)}, {len(done)} rendered now, {len(result.failed)} failed",
        "frames": f"{frames} in {seconds:.0f} s" + (f", {frames / seconds:.2f} a second" if seconds else ""),
    }
    listed = "".join(f"<dt>{key}</dt><dd>{escape(text)}</dd>" for key, text in facts.items())
    paths = [(links.reel, "review reel")] if links.reel else []
    paths += [(sheet, f"sheet {number}") for number, sheet in enumerate(links.sheets, start=1)]
    paths += [(path, path.rpartition("/")[2]) for path in links.lists]
    linked = " · ".join(f'<a href="{escape(path)}">{escape(text)}</a>' for path, text in paths)
    return f"<header><h1>{escape(plan.edit.name)}</h1><dl>{listed}</dl><p>{linked}</p></header>"


def _problems(result: BatchResult) -> str:
    items = [
        f'<li class="failed"><b>{escape(each.job.name)} failed</b> {escape(each.message)}</li>'
        for each in result.failed
    ]
    items += [f'<li class="warned">{escape(warning)}</li>' for warning in result.warnings]
    return f'<ul class="problems">{"".join(items)}</ul>' if items else ""


def _shot(stills: Stills, figures: ShotFigures | None) -> str:
    outcome = stills.outcome
    state = state_of(outcome)
    before, after = stills.pairs[1]
    pictures = _picture(before, "source") + _picture(after, "result")
    told = [outcome.message] if outcome.status == "failed" else outcome.warnings
    items = "".join(f"<li>{escape(text)}</li>" for text in told)
    return (
        f'<article class="{state}"><h3>{escape(outcome.job.name)} <small>{_MARKS[state]}</small></h3>'
        f'<div class="pair">{pictures}</div><dl>{_facts(outcome, figures)}</dl>'
        f"{f'<ul>{items}</ul>' if items else ''}</article>"
    )


def _facts(outcome: Outcome, figures: ShotFigures | None) -> str:
    job = outcome.job
    before, after = job.placement.handles
    speed = "" if job.event.speed == 1 else f", plays at {job.event.speed:.4g}"
    facts = {
        "event": f"{job.event.number}, {job.event.track}",
        "source": f"{job.source.name} {source_timecode(job)}".strip(),
        "frames": f"{job.frames}, handles {before} and {after}{speed}",
        "style": f"{job.style_name}, v{job.version:03}",
        "why": job.reason,
    }
    if outcome.status == "done" and outcome.seconds:
        facts["time"] = f"{outcome.seconds:.1f} s, {job.frames / outcome.seconds:.2f} frames a second"
    if figures is not None and figures.flicker is not None:
        facts["flicker"] = f"{figures.flicker:.2f}, the source {figures.source_flicker or 0:.2f}"
    if figures is not None and figures.sharpness is not None:
        facts["sharpness"] = f"{figures.sharpness:.2f}"
    if not job.config.grade.is_neutral:
        gain, offset = (
            " ".join(f"{value:g}" for value in told) for told in (job.config.grade.gain, job.config.grade.offset)
        )
        facts["grade"] = f"gain {gain}, offset {offset}"
    if job.event.notes:
        facts["notes"] = job.event.notes
    facts |= dict(job.event.extra)
    return "".join(f"<dt>{escape(key)}</dt><dd>{escape(text)}</dd>" for key, text in facts.items())


def _picture(picture: Bitmap, words: str) -> str:
    return f"<figure>{pictured(jpeg(picture), words)}<figcaption>{escape(words)}</figcaption></figure>"
