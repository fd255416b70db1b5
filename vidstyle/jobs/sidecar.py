"""A shot's own record beside its clip: where it came from, what the edit wanted, how it was made."""

from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from vidstyle.jobs.job import Job
from vidstyle.report import RenderReport, reserve_text
from vidstyle.shots import Edit
from vidstyle.timecode import Timecode, counted_rate

_FIRST_NUMBER = 1001  # of a shot's own frames, as trackers count


class Sidecar(BaseModel):
    """What the sidecar holds.

    Convention: source frames from 0, `record` in frames of the timeline; both half-open. cut_in and cut_out are numbers
    of the shot's own frames from 1001 on, both included, as Flow and Kitsu count.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    shot: str
    event: str = Field(description="number of the event in the list")
    list: str = Field(description="the list's name")
    sequence: str
    scene: str = ""
    track: str
    version: int
    source: Path
    reel: str = ""
    source_frames: tuple[int, int]
    source_timecode: str = Field(description="of the first frame rendered; empty where nothing is known of one")
    handles: tuple[int, int]
    cut_in: int
    cut_out: int
    record: tuple[int, int]
    record_timecode: str = ""
    speed: float = Field(description="source frames per frame of the timeline; stays on the timeline, is not rendered")
    rate: Fraction | None = Field(description="frames per second of the list")
    notes: str = ""
    columns: dict[str, str] = Field(default_factory=dict, description="columns of the list that mean nothing here")
    warnings: tuple[str, ...] = ()
    report: dict[str, Any] = Field(description="the render's report")


def sidecar_of(job: Job, edit: Edit, report: RenderReport) -> Sidecar:
    """Join all that is known of a finished shot."""
    event, placement = job.event, job.placement
    before, after = placement.handles
    assert placement.span.stop is not None
    return Sidecar(
        shot=job.name,
        event=event.number,
        list=edit.path.name,
        sequence=event.sequence or edit.name,
        scene=event.scene,
        track=event.track,
        version=job.version,
        source=job.source,
        reel=job.reel,
        source_frames=(placement.span.start, placement.span.stop),
        source_timecode=source_timecode(job),
        handles=placement.handles,
        cut_in=_FIRST_NUMBER + before,
        cut_out=_FIRST_NUMBER + job.frames - after - 1,
        record=(event.record, event.record + event.length),
        record_timecode=edit.record_label(event),
        speed=event.speed,
        rate=edit.rate,
        notes=event.notes,
        columns=dict(event.extra),
        warnings=job.warnings,
        report=report.model_dump(mode="json"),
    )


def source_timecode(job: Job) -> str:
    """The label of the first frame rendered, as the list counts."""
    if job.timecode:
        return job.timecode
    rate = job.event.rate
    if rate is None or job.event.base == "file":
        return ""
    return str(Timecode(max(0, job.placement.first), counted_rate(rate)))


def sidecar_path(target: Path) -> Path:
    """Where a target's sidecar is; a sequence's has its name without the numbers' place."""
    stem = target.stem.rstrip("#@").rstrip("._") if set("#@") & set(target.stem) else target.stem
    return target.with_name(f"{stem}.json")


def write_sidecar(sidecar: Sidecar, target: Path) -> Path:
    """Write it beside the target. Raises TargetError, ClipWriteError."""
    path = sidecar_path(target)
    with reserve_text(path, overwrite=True) as write:
        write(sidecar.model_dump_json(indent=2) + "\n")
    return path
