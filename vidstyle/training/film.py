"""How still a style holds on real clips, without the blend and with it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from pydantic import Field

from vidstyle.frames import FrameBatch, Span
from vidstyle.measure.clips import measure_clips
from vidstyle.measure.figures import Measures
from vidstyle.media import ClipReader, DecodeConfig
from vidstyle.motion import MotionConfig
from vidstyle.networks import Style
from vidstyle.stages.batches import MovingBatch, StyledBatch
from vidstyle.stages.blend import BlendConfig, blend
from vidstyle.stages.motion import estimate_motion
from vidstyle.stages.stylize import StylizeConfig, stylize
from vidstyle.training.section import Section

FAR = 10  # frames


class ClipFigures(Section):
    """E_warp in 1e-5 (RGB 0 to 1), between neighbours and between frames ten apart; sharpness relative to per frame.

    Convention: `sharpness_source` is the per-frame pictures' Laplacian variance relative to the source's.
    """

    clip: str
    frames: int
    source: float | None
    alone: float | None = Field(description="each frame drawn by itself")
    blended: float | None
    source_far: float | None
    alone_far: float | None
    blended_far: float | None
    sharpness: float | None = Field(description="of the blended result, relative to each frame drawn by itself")
    sharpness_source: float | None


def measure_film(style: Style, clip: Path, *, start: int = 0, frames: int = 40, side: int = 360) -> ClipFigures:
    """Draw some frames of a clip and measure them; pictures are reduced to a short side of `side` px."""
    moving = _moving(clip, start, frames, side)
    styled = list(stylize(moving, style, StylizeConfig()))
    alone = [_drawn(batch) for batch in styled]
    blended = list(blend(iter(styled), BlendConfig(stability=style.card.stability)))
    sources = [batch.frames for batch in moving]
    motion = MotionConfig(preset="medium", scale=1.0)
    against = measure_clips(sources, blended, alone, distance=min(FAR, frames - 1), motion=motion)
    bare = measure_clips(sources, alone, distance=1, motion=motion)
    return _figures(clip.name, against, bare)


def film_frames(clip: Path, *, start: int = 0, frames: int = 40, side: int = 360) -> list[FrameBatch]:
    """Read some frames of a clip, each in a batch of its own, reduced to a short side of `side` px."""
    return list(_reduced(clip, start, frames, side))


def _moving(clip: Path, start: int, frames: int, side: int) -> list[MovingBatch]:
    return list(estimate_motion(_reduced(clip, start, frames, side), MotionConfig(scale=1.0)))


def _reduced(clip: Path, start: int, frames: int, side: int) -> Iterator[FrameBatch]:
    with ClipReader(clip, DecodeConfig(batch=1)) as reader:
        for batch in reader.frames(Span(start, start + frames)):
            height, width = batch.images.shape[-2:]
            ratio = min(1.0, side / min(height, width))
            size = (round(height * ratio), round(width * ratio))
            small = torch.nn.functional.interpolate(
                batch.images, size=size, mode="bilinear", antialias=True, align_corners=False
            )
            yield replace(batch, images=small, alpha=None)


def _drawn(batch: StyledBatch) -> FrameBatch:
    return replace(batch.moving.frames, images=batch.images)


def _figures(name: str, against: Measures, bare: Measures) -> ClipFigures:
    near, far = against.short, against.long
    return ClipFigures(
        clip=name,
        frames=against.frames,
        source=_scaled(near.source),
        alone=_scaled(near.reference),
        blended=_scaled(near.result),
        source_far=_scaled(far.source),
        alone_far=_scaled(far.reference),
        blended_far=_scaled(far.result),
        sharpness=against.sharpness,
        sharpness_source=bare.sharpness,
    )


def _scaled(error: float | None) -> float | None:
    return None if error is None else round(error * 1e5, 3)
