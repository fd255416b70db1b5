"""A plan as a table for people, or as JSON lines."""

import json
from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from vidstyle.jobs.job import Job
    from vidstyle.jobs.planning import Plan

_WIDE = 160  # columns, where nobody looks at a terminal


def plan_table(plan: "Plan", width: int | None = None) -> str:
    """Draw the plan: a row for each shot, what is left out, and the sums."""
    console = Console(file=StringIO(), width=width or max(_WIDE, Console().width), highlight=False)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title, right in _COLUMNS:
        table.add_column(title, justify="right" if right else "left", overflow="fold")
    for job in plan.jobs:
        table.add_row(*_row(job))
    console.print(table)
    for line in plan.edit.skipped:
        console.print(f"left out: {line}", markup=False)
    for job in plan.jobs:
        for warning in job.warnings:
            console.print(f"{job.name}: {warning}", markup=False)
    console.print(_sums(plan), markup=False)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().rstrip()


_COLUMNS = (
    ("event", False), ("shot", False), ("source", False), ("frames", True), ("handles", True), ("from", False),
    ("style", False), ("time", True), ("disk", True), ("v", True), ("what", False),
)  # fmt: skip


def _row(job: "Job") -> list[str]:
    from vidstyle.jobs.sidecar import source_timecode

    before, after = job.placement.handles
    return [
        job.event.number,
        job.name,
        job.source.name,
        str(job.frames),
        f"{before}+{after}",
        source_timecode(job) or str(job.placement.first),
        job.style_name,
        duration(job.seconds) if job.action != "skip" else "-",
        size(job.bytes) if job.action != "skip" else "-",
        str(job.version),
        f"{job.action}: {job.reason}",
    ]


def _sums(plan: "Plan") -> str:
    rendering = plan.to_render
    known = [job.seconds for job in rendering if job.seconds is not None]
    time = duration(sum(known)) if len(known) == len(rendering) else "unknown"
    frames = sum(job.frames for job in rendering)
    return (
        f"{len(rendering)} of {len(plan.jobs)} shots to render, {frames} frames, time {time}, "
        f"disk {size(plan.bytes)} of {size(plan.free)} free"
    )


def plan_lines(plan: "Plan") -> Iterator[str]:
    """The plan as JSON lines: one for each shot, one for each problem, and the sums."""
    for job in plan.jobs:
        line = {
            "event": "planned", "number": job.event.number, "shot": job.name, "source": str(job.source),
            "frames": job.frames, "handles": job.placement.handles, "style": job.style_name, "target": str(job.target),
            "version": job.version, "action": job.action, "reason": job.reason, "seconds": job.seconds,
            "bytes": job.bytes, "warnings": job.warnings,
        }  # fmt: skip
        yield json.dumps(line)
    for problem in plan.problems:
        yield json.dumps({"event": "problem", "message": problem})
    yield json.dumps({"event": "plan", "shots": len(plan.jobs), "bytes": plan.bytes, "free": plan.free})


def duration(seconds: float | None) -> str:
    """Seconds for people: 45 s, 12 min, 3.4 h."""
    if seconds is None:
        return "?"
    if seconds < 90:  # noqa: PLR2004
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"  # noqa: PLR2004


def size(count: int) -> str:
    """Bytes for people."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"  # noqa: PLR2004
