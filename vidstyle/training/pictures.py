"""The pictures a style learns from: found in folders and clips, taken at several sizes, and drawn by the teacher."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from pydantic import Field

from vidstyle.errors import TrainingError
from vidstyle.frames import bitmap
from vidstyle.media import ClipReader
from vidstyle.training.datasets.dataset import is_dataset, read_dataset
from vidstyle.training.section import Section
from vidstyle.training.teachers import Picture, Plane, Teacher

IMAGES = {".jpg", ".jpeg", ".png", ".webp"}
CLIPS = {".mp4", ".mov", ".mkv", ".webm"}
NEARLY_BLACK = 10.0
NEARLY_THE_SAME = 3.0


class Source(Section):
    """One set of pictures or one clip, with what must be said when a style trained on it is handed on."""

    name: str
    role: Literal["content", "style"] = Field(
        default="content", description="content: what is to be drawn; style: what drawings look like"
    )
    path: str = Field(
        description="a folder, a prepared dataset, a file or a pattern such as photos/*.jpg, below the material's root"
    )
    licence: str
    source: str = Field(description="where it comes from, for attribution")
    train: bool = Field(default=True, description="false: held out, only measured on")
    target: str = Field(
        default="", description="a folder with the drawing of each picture, under its name; empty: the teacher draws it"
    )
    every: int = Field(default=15, ge=1, description="of a clip, one frame in so many")
    sides: tuple[int, ...] = Field(default=(360,), min_length=1, description="short sides to take pictures at, pixels")
    tone: float = Field(default=0.0, ge=0, le=1, description="how far exposure, contrast and hue are varied at random")


@dataclass(frozen=True, slots=True)
class Example:
    """A picture and how it is to be drawn, where that is known, else itself: RGB, 0..255, (h, w, 3), of one size.

    Convention: `strength` is that of the target, 0 (the picture) … 1 (the style); only adjustable generators see it.
    """

    source: Source
    picture: Picture
    target: Picture
    strength: float = 1.0


def gather(
    sources: tuple[Source, ...],
    root: Path,
    teacher: Teacher | None = None,
    *,
    cache: Path | None = None,
    seed: int,
    recipe: str,
) -> list[Example]:
    """All pictures of `sources` with their targets, in a fixed order; targets are kept in `cache` between runs.

    Convention: without a teacher, and without a source's own targets, a picture is its own target; so is a work.

    Raises TrainingError when a source holds no picture, or a picture's target is absent.
    """
    found: list[tuple[Source, Picture, Picture | None]] = []
    for source in sources:
        taken = list(_pictures(source, root, seed, recipe))
        if not taken:
            raise TrainingError(
                f"source {source.name!r}: no picture found at {root / source.path}; check material.root", recipe=recipe
            )
        found += [(source, picture, target) for picture, target in taken]
    draw = cached(teacher, cache) if teacher is not None and cache is not None else lambda picture: picture
    with ThreadPoolExecutor(2) as pool:
        targets = list(pool.map(lambda each: draw(each[1]) if _is_to_draw(each) else each[2], found))
    return [
        Example(source, picture, picture if target is None else target)
        for (source, picture, _), target in zip(found, targets, strict=True)
    ]


def _is_to_draw(found: tuple[Source, Picture, Picture | None]) -> bool:
    source, _, target = found
    return target is None and source.role == "content"


def _pictures(source: Source, root: Path, seed: int, recipe: str) -> Iterator[tuple[Picture, Picture | None]]:
    """The source's pictures, scaled and varied, with their own targets; all choices follow from seed and place."""
    for place, (path, picture) in enumerate(_distinct(_taken(source, root))):
        target = _target_of(path, source, root, recipe) if source.target else None
        rng = np.random.default_rng([seed, place, *source.name.encode()])
        # Every photograph at every size; of a clip's many frames, each at one.
        sides = source.sides if path.suffix.lower() in IMAGES else (int(rng.choice(source.sides)),)
        for side in sides:
            if target is None:
                yield vary(scaled(picture, side), source.tone, rng), None
            else:
                small = scaled(picture, side)
                yield small, _resized(target, (small.shape[1], small.shape[0]))


def _target_of(path: Path, source: Source, root: Path, recipe: str) -> Picture:
    for suffix in sorted(IMAGES):
        target = _read((root / source.target / path.name).with_suffix(suffix))
        if target.size:
            return target
    message = f"source {source.name!r}: {path.name} has no drawing in {root / source.target}; names must be equal"
    raise TrainingError(message, recipe=recipe)


def _taken(source: Source, root: Path) -> Iterator[tuple[Path, Picture]]:
    for path in files_of(source, root):
        frames = _clip_frames(path, source.every) if path.suffix.lower() in CLIPS else [_read(path)]
        yield from ((path, frame) for frame in frames)


def files_of(source: Source, root: Path) -> list[Path]:
    """Give the pictures and clips that a source names, sorted; of a prepared dataset, those of the source's split."""
    exact = root / source.path
    if is_dataset(exact):
        split = "train" if source.train else "validation"
        return [exact / item.file for item in read_dataset(exact).pictures if item.split == split]
    paths = [exact] if exact.is_file() else list(exact.iterdir()) if exact.is_dir() else list(root.glob(source.path))
    return sorted(path for path in paths if path.suffix.lower() in IMAGES | CLIPS)


def _read(path: Path) -> Picture:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    return np.zeros((0, 0, 3), np.uint8) if image is None else image.astype(np.uint8)


def _clip_frames(path: Path, every: int) -> Iterator[Picture]:
    number = 0
    with ClipReader(path) as reader:
        for batch in reader.frames():
            for image in batch.images:
                if number % every == 0:
                    yield bitmap(image)
                number += 1


def _distinct(taken: Iterator[tuple[Path, Picture]]) -> Iterator[tuple[Path, Picture]]:
    """Skip unreadable and nearly black pictures, and those that hardly differ from the last one taken."""
    last: Plane | None = None
    for path, picture in taken:
        if not picture.size or picture.mean() < NEARLY_BLACK:
            continue
        small = cv2.resize(picture, (32, 18), interpolation=cv2.INTER_AREA).astype(np.float32)
        if last is None or np.abs(small - last).mean() >= NEARLY_THE_SAME:
            last = small
            yield path, picture


def scaled(picture: Picture, side: int) -> Picture:
    """`picture` with its short side at `side` pixels."""
    factor = side / min(picture.shape[:2])
    return _resized(picture, (round(picture.shape[1] * factor), round(picture.shape[0] * factor)))


def _resized(picture: Picture, size: tuple[int, int]) -> Picture:
    way = cv2.INTER_AREA if size[0] < picture.shape[1] else cv2.INTER_CUBIC
    return cv2.resize(picture, size, interpolation=way).astype(np.uint8)


def vary(picture: Picture, amount: float, rng: np.random.Generator) -> Picture:
    """Vary gamma, contrast and hue at random; `amount` 0 leaves the picture as it is."""
    if amount == 0:
        return picture
    gamma, contrast = np.exp(rng.uniform(-amount, amount, 2) * (0.6, 0.35))
    light = (np.linspace(0, 1, 256) ** gamma - 0.5) * contrast + 0.5
    picture = np.rint(np.clip(light, 0, 1) * 255).astype(np.uint8)[picture]
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(int) + round(rng.uniform(-amount, amount) * 60)) % 180
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.uint8)


def cached(teacher: Teacher, cache: Path) -> Callable[[Picture], Picture]:
    """Let `teacher` draw each picture once; its drawings are kept in the folder `cache`."""
    cache.mkdir(parents=True, exist_ok=True)
    settings = teacher.fingerprint().encode()

    def draw(picture: Picture) -> Picture:
        key = hashlib.sha256(settings + repr(picture.shape).encode() + picture.tobytes()).hexdigest()[:32]
        path = cache / f"{key}.npy"
        if path.exists():
            kept: Picture = np.load(path)
            return kept
        target = teacher(picture)
        part = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.npy")  # others may draw the same one now
        np.save(part, target)
        part.replace(path)
        return target

    return draw
