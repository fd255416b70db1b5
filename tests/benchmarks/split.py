"""Where a frame's time goes on the CPU: `OMP_WAIT_POLICY=PASSIVE python -m tests.benchmarks.split [FRAMES]`.

Frames of a real clip at 1280x720 (of a synthetic one where none is here) go through one stage after the other, each
with the pipeline's defaults and on all that the one before gave. Printed are processor time (of all threads) and
wall-clock time a frame, after a first frame or two that buffers are made in; and whether motion and blend together cost
no more processor time than the generator of the smallest shipped style.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TypeVar

import cv2
import torch

from tests.benchmarks.material import SHARED
from tests.clips import make_clip
from vidstyle.frames import FrameBatch, Span
from vidstyle.media import ClipReader, ClipWriter, probe
from vidstyle.networks import Style, load_style
from vidstyle.networks.gallery import shipped_models
from vidstyle.stages.batches import MovingBatch, StyledBatch
from vidstyle.stages.blend import BlendConfig, blend
from vidstyle.stages.marks import mark_frames
from vidstyle.stages.motion import estimate_motion
from vidstyle.stages.stylize import StylizeConfig, stylize

CLIP = SHARED / "media" / "clips" / "sam2_01_dog.mp4"
FRAMES = 24
WIDTH, HEIGHT = 1280, 720

Result = TypeVar("Result")


@dataclass(frozen=True)
class Cost:
    """Milliseconds a frame."""

    processor: float
    wall: float

    def __str__(self) -> str:
        return f"{self.processor:11.1f}{self.wall:10.1f}"


def main(frames: int = FRAMES) -> None:
    """Print the table."""
    torch.set_grad_enabled(False)
    with tempfile.TemporaryDirectory() as folder:
        clip = CLIP if CLIP.is_file() else synthetic(Path(folder), frames)
        print(f"{clip.name}, {frames} frames at {WIDTH}x{HEIGHT}; torch {torch.__version__}, OpenCV {cv2.__version__}")
        waiting = os.environ.get("OMP_WAIT_POLICY", "not set")
        print(f"CPU, {torch.get_num_threads()} threads, OMP_WAIT_POLICY {waiting}\n")
        print(f"{'stage':28}{'processor':>11}{'wall':>10}  ms a frame")
        read, cost = timed(lambda: decode(clip, frames), frames)
        line("decode", cost)
        split(read, clip, Path(folder))


def split(read: list[FrameBatch], clip: Path, folder: Path) -> None:
    """Print the stages after decoding, and what they say about the smallest style."""
    count = sum(map(len, read))
    few = FrameBatch(read[0].images[:2].clone(), read[0].pts[:2], read[0].time_base)
    list(estimate_motion([few]))
    _, marks = timed(lambda: list(mark_frames(read)), count)
    moving, motion = timed(lambda: list(estimate_motion(read)), count)
    line("motion", motion)
    line("  of which finding cuts", marks)
    generators: dict[str, Cost] = {}
    styled: list[StyledBatch] = []
    for name, style in shipped().items():
        drawn([first(moving[0])], style)
        styled, generators[name] = timed(partial(drawn, moving, style), count)
        size = sum(parameter.numel() for parameter in style.generator.parameters())
        line(f"generator, {name} ({size / 1000:.0f} k)", generators[name])
    blended, blending = timed(lambda: list(blend(styled, BlendConfig())), count)
    line("blend", blending)
    _, encoding = timed(lambda: encode(blended, clip, folder / "result.mp4"), count)
    line("encode", encoding)
    smallest = min(generators, key=lambda name: generators[name].processor)
    print("\nprocessor time of motion and blend is", verdict(motion, blending, generators[smallest], smallest))


def verdict(motion: Cost, blending: Cost, generator: Cost, name: str) -> str:
    """Say whether motion and blend cost no more than the generator."""
    ours, theirs = motion.processor + blending.processor, generator.processor
    word = "no more than" if ours <= theirs else "MORE than"
    return f"{word} the generator's ({name}): {ours:.0f} to {theirs:.0f} ms, {ours / theirs:.2f} times"


def timed(work: Callable[[], Result], frames: int) -> tuple[Result, Cost]:
    """Give the result of some work and what it cost a frame."""
    processor, wall = time.process_time(), time.perf_counter()
    result = work()
    return result, Cost(
        *(1000 * each / frames for each in (time.process_time() - processor, time.perf_counter() - wall))
    )


def line(stage: str, cost: Cost) -> None:
    """Print one line of the table."""
    print(f"{stage:28}{cost}", flush=True)


def shipped() -> dict[str, Style]:
    """Give the styles that come with vidstyle, without the user's own."""
    return {card.parent.name: load_style(card.parent) for card in sorted(shipped_models().glob("*/card.json"))}


def drawn(moving: list[MovingBatch], style: Style) -> list[StyledBatch]:
    """Run a generator over all frames."""
    return list(stylize(moving, style, StylizeConfig()))


def first(batch: MovingBatch) -> MovingBatch:
    """Give the first frame of a batch alone."""
    frames = batch.frames
    alone = FrameBatch(frames.images[:1], frames.pts[:1], frames.time_base)
    return MovingBatch(alone, batch.flow[:1], batch.restarts[:1])


def decode(clip: Path, frames: int) -> list[FrameBatch]:
    """Read the frames."""
    with ClipReader(clip) as reader:
        return list(reader.frames(Span(0, frames)))


def encode(frames: list[FrameBatch], like: Path, target: Path) -> None:
    """Write the frames without sound."""
    info = probe(like)
    silent = info.resized(info.video.height, info.video.width)
    with ClipWriter(target, like=silent) as writer:
        writer.write(frames)


def synthetic(folder: Path, frames: int) -> Path:
    """Make a clip of moving texture."""
    return make_clip(
        folder / "texture.mp4", frames=frames, width=WIDTH, height=HEIGHT, motion=(3, 1), rate=Fraction(25), audio=()
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
