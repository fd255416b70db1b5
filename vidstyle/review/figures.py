"""Flicker and sharpness of each shot, by the measures of `vidstyle measure`, on some frames of its middle."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vidstyle.errors import VidstyleError
from vidstyle.frames import Span
from vidstyle.jobs.job import Outcome
from vidstyle.measure.clips import measure_clips
from vidstyle.measure.report import MeasureMotion
from vidstyle.media import open_reader
from vidstyle.report import write_whole

_FRAMES = 12  # of the middle of a shot
_SCALE = 0.5  # of the pictures that flow is found on
_CODES = 255.0
_FEWEST = 2


class ShotFigures(BaseModel):
    """How still and how sharp a shot is.

    Convention: flicker is the root of E_warp between neighbours, in codes of 255; sharpness is relative to the source.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    frames: int = Field(description="how many frames were measured")
    flicker: float | None
    source_flicker: float | None
    sharpness: float | None


class FigureCache:
    """Figures by the hash of the clip that they are of, kept beside the page."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, ShotFigures] = {}
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            self._known = {key: ShotFigures.model_validate(value) for key, value in told.items()}
        except (OSError, ValueError, AttributeError, ValidationError):
            self._known = {}  # measured anew

    def of(self, outcome: Outcome) -> ShotFigures | None:
        """The figures of a shot; None where it is not there, or too short, or can't be measured."""
        if outcome.status == "failed" or outcome.job.placement.frames < _FEWEST:
            return None
        if outcome.sha256 not in self._known:
            found = _measured(outcome)
            if found is None:
                return None
            self._known[outcome.sha256] = found
        return self._known[outcome.sha256]

    def save(self) -> None:
        """Keep what is known. Raises TargetError, ClipWriteError."""
        told = {key: figures.model_dump() for key, figures in self._known.items()}
        write_whole(self._path, json.dumps(told, indent=1).encode())


def _measured(outcome: Outcome) -> ShotFigures | None:
    job = outcome.job
    begin = max(0, job.placement.frames // 2 - _FRAMES // 2)
    span = Span(begin, min(job.placement.frames, begin + _FRAMES))
    offset = job.placement.span.start
    assert span.stop is not None
    try:
        with open_reader(job.source, job.config.decode) as source, open_reader(job.target) as result:
            measures = measure_clips(
                source.frames(Span(span.start + offset, span.stop + offset)),
                result.frames(span),
                distance=_FRAMES - 1,
                every=_FRAMES,
                motion=MeasureMotion(preset="fast", scale=_SCALE),
                first=span.start,
            )
    except VidstyleError:
        return None
    return ShotFigures(
        frames=measures.frames,
        flicker=_rms(measures.short.result),
        source_flicker=_rms(measures.short.source),
        sharpness=measures.sharpness,
    )


def _rms(error: float | None) -> float | None:
    return None if error is None else round(_CODES * float(error) ** 0.5, 2)
