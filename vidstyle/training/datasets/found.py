"""Raw material → pictures: every still and every frame that is wanted, decoded as a render would decode it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vidstyle.errors import ClipError
from vidstyle.frames import bitmap
from vidstyle.media import ClipReader, DecodeConfig, open_reader
from vidstyle.motion import Flow, MotionConfig
from vidstyle.motion.sizes import resized
from vidstyle.stages.batches import MovingBatch
from vidstyle.stages.motion import estimate_motion
from vidstyle.training.datasets.dataset import Dropped, Origin
from vidstyle.training.pictures import CLIPS, IMAGES, scaled
from vidstyle.training.teachers import Picture

_DARK = 10.0  # codes of 255, mean; a picture darker than this teaches nothing


@dataclass(frozen=True, slots=True)
class Still:
    """A picture at the dataset's size, and where it was found."""

    origin: Origin
    picture: Picture


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive frames of one shot at the dataset's size, with the flow of each to the one before."""

    origin: Origin
    pictures: tuple[Picture, ...]
    flow: Flow


Found = Still | Run | Dropped


def find(folder: Path, *, side: int, every: int, frames: int) -> Iterator[Found]:
    """Give the material of `folder` and below in a fixed order: stills, runs of frames, and what can't be used.

    Convention: `side` is the short side that pictures are brought to; smaller ones are dropped, not blown up. Of a clip
    one run of `frames` frames is taken in `every`; its first frame is a still as well.
    """
    paths = [folder] if folder.is_file() else sorted(path for path in folder.rglob("*") if path.is_file())
    base = folder.parent if folder.is_file() else folder
    for path in paths:
        name, suffix = path.relative_to(base).as_posix(), path.suffix.lower()
        if suffix not in IMAGES | CLIPS or path.name.startswith("."):
            continue
        try:
            yield from _of_clip(path, name, side, every, frames) if suffix in CLIPS else _of_still(path, name, side)
        except ClipError as error:
            yield Dropped(origin=Origin(file=name), reason=f"can't be read: {error}")


def _of_still(path: Path, name: str, side: int) -> Iterator[Found]:
    origin = Origin(file=name)
    if path.suffix.lower() == ".webp":  # no format of sequences
        read = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
        yield Dropped(origin=origin, reason="can't be read") if read is None else _checked(origin, _bytes(read), side)
        return
    with open_reader(path, DecodeConfig(batch=1)) as reader:
        for batch in reader.frames():
            yield _checked(origin, bitmap(batch.images[0]), side)


def _of_clip(path: Path, name: str, side: int, every: int, frames: int) -> Iterator[Found]:
    run: list[tuple[int, Picture, Flow]] = []
    number, wait = 0, 0
    with ClipReader(path) as reader:
        for batch in estimate_motion(reader.frames(), MotionConfig()):
            for index in range(len(batch)):
                run = [] if batch.restarts[index] else run
                if wait <= 0 or run:
                    run.append((number, *_reduced(batch, index, side)))
                    wait = every if len(run) == 1 else wait
                if len(run) == frames:
                    yield from _taken(name, run, side)
                    run = []
                number, wait = number + 1, wait - 1


def _taken(name: str, run: list[tuple[int, Picture, Flow]], side: int) -> Iterator[Found]:
    origin = Origin(file=name, frame=run[0][0])
    first = _checked(origin, run[0][1], side)
    yield first
    if isinstance(first, Still) and len(run) > 1:
        pictures = tuple(scaled(picture, side) for _, picture, _ in run)
        height, width = pictures[0].shape[:2]
        yield Run(origin, pictures, Flow.joined([resized(flow, height, width) for _, _, flow in run]))


def _checked(origin: Origin, picture: Picture, side: int) -> Still | Dropped:
    height, width = picture.shape[:2]
    if min(height, width) < side:
        return Dropped(origin=origin, reason=f"{width}x{height} is smaller than {side} px")
    if picture.mean() < _DARK:
        return Dropped(origin=origin, reason="nearly black")
    return Still(origin, scaled(picture, side))


def _reduced(batch: MovingBatch, index: int, side: int) -> tuple[Picture, Flow]:
    picture = bitmap(batch.frames.images[index])
    return (scaled(picture, side) if min(picture.shape[:2]) >= side else picture), batch.flow[index : index + 1]


def _bytes(picture: Any) -> Picture:
    return np.ascontiguousarray(picture, np.uint8)
