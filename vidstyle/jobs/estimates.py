"""How long a batch takes and how much disk, before it is begun."""

import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median

from vidstyle.errors import VidstyleError
from vidstyle.frames import Span
from vidstyle.jobs.job import Job
from vidstyle.jobs.ledger import Entry
from vidstyle.jobs.naming import fill
from vidstyle.media import ClipInfo
from vidstyle.media.encoders import AUTO
from vidstyle.media.presets import with_preset
from vidstyle.pipeline import render_shot
from vidstyle.progress import Progress
from vidstyle.shots import Shot

# Bits a pixel that stylized film took in results of this repository's clips; generous, as a full disk costs a night.
_BITS = {"x264": 1.0, "x265": 0.8, "vp9": 0.8, "av1": 0.6, "prores": 5.0, "dnxhr": 5.0, "ffv1": 9.0, "qtrle": 24.0}
_BITS_OF_PICTURES = {".png": 16.0, ".tif": 24.0, ".tiff": 24.0, ".dpx": 32.0, ".exr": 40.0}
_BITS_OF_WORK = 9.0  # frames that are finished are kept without loss
_DEEP = 1.5  # where a source has more than 8 bits
_TRIAL = 6  # frames
_BATCHES = 2  # before them nothing was measured yet


def bytes_of(job: Job, info: ClipInfo, template: str) -> int:
    """How many bytes the result may take, its sound included."""
    encode = with_preset(job.config.encode)
    suffix = fill(template, {}, 1).suffix.lower()
    usual = "prores" if suffix == ".mxf" else "x264"
    bits = _BITS_OF_PICTURES.get(suffix) or _BITS.get(usual if encode.encoder == AUTO else encode.encoder, 5.0)
    deep = _DEEP if "10" in info.video.pix_fmt or "12" in info.video.pix_fmt else 1.0
    return round(job.frames * job.pixels * bits * deep / 8)


def work_bytes(job: Job) -> int:
    """How many bytes finished frames take beside the target until it is whole."""
    return round(job.frames * job.pixels * _BITS_OF_WORK / 8) if job.config.work.keep else 0


def pace_of(history: Mapping[str, Iterable[Entry]], facts: Mapping[str, str]) -> float | None:
    """Seconds per pixel that earlier shots of this style took here; None where there are none."""
    begun: dict[str, Entry] = {}
    found = []
    for entries in history.values():
        for entry in entries:
            if entry.event == "begun":
                begun[entry.shot] = entry
            elif entry.event == "done" and entry.frames and entry.pixels and entry.shot in begun:
                same = all(begun[entry.shot].facts.get(name) == facts.get(name) for name in ("style.sha256",))
                if same:
                    found.append(entry.seconds / (entry.frames * entry.pixels))
    return median(found) if found else None


def with_times(jobs: Iterable[Job], history: Mapping[str, Iterable[Entry]], *, trial: bool) -> list[Job]:
    """Give jobs the seconds they may take: by what earlier ones took, else by a trial of each style."""
    paces: dict[str, float | None] = {}
    timed = []
    for job in jobs:
        style = job.facts.get("style.sha256", "")
        if style not in paces and job.action != "skip":
            pace = pace_of(history, job.facts)
            paces[style] = pace if pace is not None or not trial else try_out(job)
        pace = paces.get(style)
        timed.append(replace(job, seconds=None if pace is None else pace * job.frames * job.pixels))
    return timed


def try_out(job: Job) -> float | None:
    """Seconds per pixel of a few of a shot's frames, without start-up; None where that fails."""
    start = job.placement.span.start
    shot = Shot(job.source, Span(start, start + min(job.frames, _TRIAL)))
    config = job.config.model_copy(
        update={
            "decode": job.config.decode.model_copy(update={"batch": 1}),
            "work": job.config.work.model_copy(update={"keep": False}),
        }
    )
    times: list[tuple[float, int]] = []

    def note(progress: Progress) -> None:
        times.append((time.monotonic(), progress.frames))

    with tempfile.TemporaryDirectory(prefix="vidstyle-trial-") as folder:
        try:
            render_shot(shot, Path(folder) / "trial.mkv", config, on_progress=note)
        except VidstyleError:  # the render itself will say what is wrong
            return None
    if len(times) <= _BATCHES:
        return None
    (begin, before), (end, after) = times[0], times[-1]
    return (end - begin) / ((after - before) * job.pixels)
