"""What the benchmarks look at: moments of real clips, and what styles make of each frame by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from tests.benchmarks.published import published
from vidstyle.backends import BACKENDS
from vidstyle.frames import FrameBatch, Span
from vidstyle.media import ClipReader
from vidstyle.networks import load_style
from vidstyle.networks.gallery import drawing_styles
from vidstyle.stages.stylize import paint

SHARED = Path(__file__).resolve().parents[3] / "shared"
WIDTH = 640  # px; the height follows the clip's, in steps of 4, which every generator divides by
_STEP = 4


@dataclass(frozen=True)
class Moment:
    """Where a clip is looked at: its file, the number of the first frame, and what is to be seen."""

    file: str
    first: int
    shows: str


CLIPS = {
    "dog": Moment("sam2_01_dog.mp4", 60, "hand-held"),
    "juggle": Moment("sam2_05_default_juggle.mp4", 60, "still camera, moving subject"),
    "car": Moment("propainter_running_car.mp4", 40, "fast pan"),
    "elf": Moment("mdn_elf.mp4", 60, "orbit"),
    "cups": Moment("sam2_02_cups.mp4", 90, "hands on a still table"),
    "bedroom": Moment("sam2_bedroom.mp4", 90, "jumping"),
    "bunny": Moment("adain_cutBunny.mp4", 200, "a cut at 235, five frames before the end"),
    "bikes": Moment("skv_bikes.mp4", 56, "a cut at 76"),
}

Painter = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Look:
    """A style: what tells it from any other version of itself, and how its painter is made."""

    version: str
    painter: Callable[[], Painter]


def known_looks() -> dict[str, Look]:
    """Give every style that is here: those that vidstyle finds by name, and published networks beside the checkout."""
    known = {
        name: Look(load_style(name).card.sha256[:12], lambda name=name: by_name(name)) for name in drawing_styles()
    }
    mosaic = SHARED / "weights" / "rrmina" / "mosaic_TransformerResNextNetwork.pth"
    wave = SHARED / "weights" / "ml5-fast-style" / "wave"
    if mosaic.is_file():
        known["mosaic"] = Look("rrmina", lambda: published(mosaic))
    if wave.is_dir():
        known["wave"] = Look("ml5", lambda: published(wave))
    return known


def by_name(name: str) -> Painter:
    """Give a style of our own as a painter."""
    style = load_style(name)
    run = BACKENDS.get("torch")(style.generator, torch.device("cpu"), "auto")
    return lambda images: paint(style, run, images)


def read_moment(moment: Moment, count: int) -> list[FrameBatch]:
    """Read `count` frames or as many as there are, one a batch, reduced to the width of the tables."""
    span = Span(moment.first, moment.first + count)
    frames = []
    with ClipReader(SHARED / "media" / "clips" / moment.file) as reader:
        for batch in reader.frames(span):
            height, width = batch.images.shape[-2:]
            size = (round(WIDTH * height / width / _STEP) * _STEP, WIDTH)
            images = interpolate(batch.images, size=size, mode="bilinear", antialias=True)
            frames += [
                FrameBatch(images[n : n + 1].clone(), batch.pts[n : n + 1], batch.time_base) for n in range(len(batch))
            ]
    return list(islice(frames, count))


def painted(name: str, look: Look, clip: str, frames: list[FrameBatch], cache: Path | None) -> Tensor:
    """Give what a style makes of each frame, from the folder `cache` where it was painted before.

    Convention: (n, 3, h, w) in half floats, a quarter of a code of 255 at most from what the generator gave; the same
    whether it was cached or not.
    """
    height = frames[0].images.shape[-2]
    path = (
        cache / f"{name}-{look.version}-{clip}-{CLIPS[clip].first}+{len(frames)}-{WIDTH}x{height}.pt" if cache else None
    )
    if path is not None and path.is_file():
        kept: Tensor = torch.load(path, weights_only=True)
        return kept
    painter = look.painter()
    pictures = torch.cat([painter(batch.images).half() for batch in frames])
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        torch.save(pictures, partial)
        partial.rename(path)
    return pictures
