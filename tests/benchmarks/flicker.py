"""How much flicker the blend takes away, and what it costs: `python -m tests.benchmarks.flicker [STYLE ...]`.

Every style paints each frame by itself; the blend then runs over the same pictures at several settings. Printed is
E_warp (mean squared, RGB 0 to 1, in units of 1e-5) between neighbours and 10 frames apart, by how many times it is
lower than per frame, sharpness and similarity to per frame, and the processor time of motion and blend a frame.
"""

import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import cv2
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from tests.benchmarks.mosaic import Mosaic
from vidstyle.backends import BACKENDS
from vidstyle.frames import FrameBatch, Span
from vidstyle.measure import Measures, measure_clips
from vidstyle.media import ClipReader
from vidstyle.motion.neighbourhood import smooth
from vidstyle.networks import load_style
from vidstyle.stages.batches import StyledBatch
from vidstyle.stages.blend import BlendConfig, blend
from vidstyle.stages.motion import estimate_motion
from vidstyle.stages.stylize import paint

SHARED = Path(__file__).resolve().parents[3] / "shared"
FRAMES, HEIGHT, WIDTH = 40, 360, 640
CLIPS = {  # what is to be seen: (file, first frame)
    "hand-held": ("sam2_01_dog.mp4", 60),
    "still camera": ("sam2_05_default_juggle.mp4", 60),
    "fast pan": ("propainter_running_car.mp4", 40),
    "orbit": ("mdn_elf.mp4", 60),
    "hands": ("sam2_02_cups.mp4", 90),
    "jumping": ("sam2_bedroom.mp4", 90),
}
SETTINGS = {
    "stability .9": BlendConfig(stability=0.9),
    ".9, no detail": BlendConfig(stability=0.9, detail=1),
    "stability .97": BlendConfig(stability=0.97),
    "stability .6": BlendConfig(stability=0.6),
}

Painter = Callable[[Tensor], Tensor]


def main(names: list[str]) -> None:
    """Print the table for the named styles, or for all that are here."""
    torch.set_grad_enabled(False)
    print(f"{FRAMES} frames at {WIDTH}x{HEIGHT}; torch {torch.__version__}, OpenCV {cv2.__version__}, CPU")
    print(
        f"{'style':8}{'clip':14}{'blend':15}{'near':>8}{'lower':>7}{'far':>8}{'lower':>7}{'sharp':>7}{'alike':>7}{'ms':>6}"
    )
    for name, painter in painters(names):
        for clip in CLIPS:
            for row in rows(clip, painter):
                print(f"{name:8}{row}", flush=True)


def painters(names: list[str]) -> Iterator[tuple[str, Painter]]:
    """Give the styles that are asked for and present."""
    known: dict[str, Callable[[], Painter]] = {
        "hatch": lambda: hatch,
        "mosaic": lambda: Mosaic(SHARED / "weights" / "rrmina" / "mosaic_TransformerResNextNetwork.pth"),
        "ink": lambda: shipped("ink"),
    }
    for name in names or known:
        yield name, known[name]()


def shipped(name: str) -> Painter:
    """Give a style of our own as a painter."""
    style = load_style(name)
    run = BACKENDS.get("torch")(style.generator, torch.device("cpu"))
    return lambda images: paint(style, run, images)


def hatch(images: Tensor) -> Tensor:
    """A procedural line style: edges and hatching that switch hard with the tone, so noise makes them flicker."""
    tone = smooth(images, 1.0).mean(1, keepdim=True)
    lines = (tone - smooth(tone, 2.0)) > -0.01
    row = torch.arange(tone.shape[2])[:, None] + torch.arange(tone.shape[3])
    hatched = (row % 6 >= 2) | (tone > 0.45)
    return smooth((0.15 + 0.85 * (lines & hatched)).expand_as(images).contiguous(), 0.6)


def rows(clip: str, painter: Painter) -> Iterator[str]:
    """Give the table's lines of one clip: input, per frame, and every setting of the blend."""
    frames = list(scaled(*CLIPS[clip]))
    start = time.process_time()
    moving = list(estimate_motion(frames))
    motion_ms = 1000 * (time.process_time() - start) / FRAMES
    styled = [StyledBatch(batch, painter(batch.frames.images)) for batch in moving]
    alone = [FrameBatch(batch.images, batch.moving.frames.pts, batch.moving.frames.time_base) for batch in styled]
    for number, (name, config) in enumerate(SETTINGS.items()):
        start = time.process_time()
        blended = list(blend(styled, config))
        blend_ms = 1000 * (time.process_time() - start) / FRAMES
        measures = measure_clips(frames, blended, alone)
        if number == 0:
            yield line(clip, "(input)", measures.short.source, measures.long.source)
            yield line(clip, "(per frame)", measures.short.reference, measures.long.reference)
        yield line(clip, name, measures.short.result, measures.long.result, measures, motion_ms + blend_ms)


def line(
    clip: str, blend: str, near: float | None, far: float | None, measures: Measures | None = None, ms: float = 0
) -> str:
    """Write one line of the table."""
    if measures is None:
        return f"{clip:14}{blend:15}{1e5 * (near or 0):8.1f}{'':7}{1e5 * (far or 0):8.1f}"
    lower = [figures.ratio or 0 for figures in (measures.short, measures.long)]
    return (
        f"{clip:14}{blend:15}{1e5 * (near or 0):8.1f}{lower[0]:7.2f}{1e5 * (far or 0):8.1f}{lower[1]:7.2f}"
        f"{measures.sharpness or 0:7.3f}{measures.similarity or 0:7.3f}{ms:6.0f}"
    )


def scaled(file: str, first: int) -> Iterator[FrameBatch]:
    """Read the frames of a clip, reduced to the size of the table."""
    with ClipReader(SHARED / "media" / "clips" / file) as reader:
        for batch in islice(reader.frames(Span(first, first + FRAMES)), FRAMES):
            images = interpolate(batch.images, size=(HEIGHT, WIDTH), mode="bilinear", antialias=True)
            yield FrameBatch(images, batch.pts, batch.time_base)


if __name__ == "__main__":
    main(sys.argv[1:])
