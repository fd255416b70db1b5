"""What the parts of a render cost, alone and together; every measurement runs in a process of its own."""

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import torch

from tests.benchmarks.peers import png_dump, streaming
from vidstyle import Shot, Span, load_config, render_shot
from vidstyle.backends import Execution, Precision
from vidstyle.backends.choosing import choose
from vidstyle.errors import VidstyleError
from vidstyle.frames import FrameBatch
from vidstyle.measure import measure_clips
from vidstyle.media import ClipReader, ClipWriter, probe
from vidstyle.networks import load_style
from vidstyle.networks.calibration import calibration_pictures
from vidstyle.stages.blend import blend
from vidstyle.stages.marks import mark_frames
from vidstyle.stages.motion import estimate_motion
from vidstyle.stages.stylize import StylizeConfig, make_ready, paint, stylize

Flags = dict[str, Any]
LOSSLESS: Flags = {"encode.encoder": "ffv1"}
PER_FRAME: Flags = {"blend.stability": 0.0, "stylize.backend": "torch", "stylize.precision": "fp32"} | LOSSLESS


@dataclass
class Row:
    """One thing that was measured.

    Convention: wall and processor are milliseconds a frame, one figure a repetition; processor counts all threads and
    child processes. memory is the peak of the process in MiB. flicker is E_warp in units of 1e-5, sharpness relative to
    the network alone, codes the mean and worst difference to float32 in 255ths.
    """

    name: str
    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    memory: float = 0.0
    flicker: float | None = None
    sharpness: float | None = None
    codes: tuple[float, float] | None = None
    note: str = ""

    def __str__(self) -> str:
        spread = (max(self.wall) - min(self.wall)) / 2
        told = f"{self.name:34}{median(self.wall):8.1f} ±{spread:5.1f}{median(self.processor):10.1f}{self.memory:9.0f}"
        told += f"{self.flicker:9.1f}{self.sharpness:8.3f}" if self.flicker is not None else " " * 17
        told += f"{self.codes[0]:9.2f}{self.codes[1]:7.1f}" if self.codes else " " * 16
        return f"{told}  {self.note}".rstrip()

    def told(self) -> dict[str, Any]:
        """Give it for a file."""
        return asdict(self)


HEAD = f"{'':34}{'wall ms':>8} {'±':>5} {'CPU ms':>10}{'MiB':>9}{'flicker':>9}{'sharp':>8}{'codes':>9}{'worst':>7}"


@dataclass(frozen=True)
class Job:
    """What everything is measured on."""

    clip: Path
    style: str = "ink"
    frames: int = 24
    repeats: int = 3


def alone(function: Callable[..., Row], *arguments: Any) -> Row:
    """Run a measurement in a new process, so that its peak memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def timed(row: Row, work: Callable[[], Any], frames: int, repeats: int) -> Any:
    """Measure some work a few times; gives what it gave last."""
    made = None
    for _ in range(repeats):
        before, begun = _processor(), time.perf_counter()
        made = work()
        row.wall.append(1000 * (time.perf_counter() - begun) / frames)
        row.processor.append(1000 * (_processor() - before) / frames)
    row.memory = _peak()
    return made


def _peak() -> float:
    """Give the most memory that this process itself has had, MiB; ru_maxrss would begin with its parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def stages(job: Job) -> list[Row]:
    """Each stage alone, on all that the one before gave."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_stages, (job,))


@torch.no_grad()
def _stages(job: Job) -> list[Row]:
    rows: list[Row] = []

    def stage(name: str, work: Callable[[], Any]) -> Any:
        work()  # once for what is loaded and allocated
        rows.append(Row(name))
        return timed(rows[-1], work, job.frames, job.repeats)

    style, config = load_style(job.style), StylizeConfig()
    read = stage("decode", lambda: _decode(job))
    stage("marks (within motion)", lambda: list(mark_frames(read)))
    moving = stage("motion", lambda: list(estimate_motion(read)))
    ready = make_ready(style, config)
    styled = stage(f"network ({ready.told})", lambda: list(stylize(moving, style, config, ready=ready)))
    blended = stage("blend", lambda: list(blend(styled)))
    with tempfile.TemporaryDirectory() as folder:
        stage("encode", lambda: _encode(job, blended, Path(folder) / "a.mp4"))
    return rows


@torch.no_grad()
def backend(job: Job, name: str, precision: Precision, compiled: bool) -> Row:
    """Run the network alone; how far it is from eager float32, over all frames."""
    style, row = load_style(job.style), Row(f"{name} {precision}{' compiled' if compiled else ''}")
    images = [batch.images for batch in _decode(job)]
    how = Execution(precision, compiled, lambda: [style.encode(each) for each in calibration_pictures()])
    run = choose(name, style.generator, torch.device("cpu"), "never", how).run
    made = timed(row, lambda: [paint(style, run, each) for each in images[:1]], 1, 1)  # compiles
    row.note = f"first frame {row.wall.pop() / 1000:.1f} s"
    row.processor.clear()
    made = timed(row, lambda: [paint(style, run, each) for each in images], job.frames, job.repeats)
    exact = [paint(style, style.generator, each) for each in images]
    apart = torch.cat([(one - other).abs().flatten() for one, other in zip(made, exact, strict=True)]) * 255
    row.codes = float(apart.mean()), float(apart.max())
    return row


def river(job: Job, name: str, flags: Flags, *, still: bool = True) -> Row:
    """Render from file to file; once more without loss for flicker and sharpness, where that is asked for."""
    row = Row(name)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        render(job, work / "warm.mp4", flags, 3)
        target = work / job.clip.with_suffix(".mp4").name
        report = timed(row, lambda: render(job, target, flags, job.frames), job.frames, job.repeats)
        row.note = report.backend
        if still:
            drawn = {key: value for key, value in flags.items() if not key.startswith("encode.")}
            render(job, work / "still.mkv", drawn | LOSSLESS, job.frames)
            _judge(row, job, work / "still.mkv", work)
    return row


def peer(job: Job, name: str) -> Row:
    """Render as others do."""
    row, style = Row(name), load_style(job.style)
    way = {"PNG dump": png_dump, "streaming loop": streaming}[name]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "peer.mp4"
        way(job.clip, target, style, 3)
        timed(row, lambda: way(job.clip, target, style, job.frames), job.frames, job.repeats)
        render(
            job, Path(folder) / "still.mkv", {"blend.stability": 0.0, "stylize.backend": "torch"} | LOSSLESS, job.frames
        )
        _judge(row, job, Path(folder) / "still.mkv", Path(folder))
    return row


def render(job: Job, target: Path, flags: Flags, frames: int) -> Any:
    """Render the first frames anew."""
    config = load_config(flags={"style": job.style, "device": "cpu"} | flags)
    return render_shot(Shot(job.clip, Span(0, frames)), target, config, overwrite=True)


def _judge(row: Row, job: Job, result: Path, folder: Path) -> None:
    reference = folder / "reference.mkv"
    render(job, reference, PER_FRAME, job.frames)
    with ClipReader(job.clip) as source, ClipReader(result) as made, ClipReader(reference) as per_frame:
        try:
            figures = measure_clips(source.frames(Span(0, job.frames)), made.frames(), per_frame.frames(), every=8)
        except VidstyleError as error:
            row.note += f" ({error})"
            return
    row.flicker, row.sharpness = (figures.short.result or 0.0) * 1e5, figures.sharpness


def _decode(job: Job) -> list[FrameBatch]:
    with ClipReader(job.clip) as reader:
        return list(reader.frames(Span(0, job.frames)))


def _encode(job: Job, frames: list[FrameBatch], target: Path) -> None:
    info = probe(job.clip)
    silent = info.resized(info.video.height, info.video.width)
    with ClipWriter(target, like=silent, overwrite=True) as writer:
        writer.write(frames)


def _processor() -> float:
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in usage)
