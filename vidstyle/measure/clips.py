"""All measures of one result in one pass over its frames."""

from collections.abc import Iterable, Iterator
from itertools import zip_longest

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from vidstyle.errors import VidstyleError
from vidstyle.frames import FrameBatch
from vidstyle.measure.sharpness import SharpnessRatio
from vidstyle.measure.similarity import multi_scale_ssim
from vidstyle.measure.warping import WarpErrors
from vidstyle.motion import CutDetector, MotionConfig, build_estimator


class _Figures(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WarpFigures(_Figures):
    """E_warp of the clips over the same flow: mean squared error per channel, RGB 0 to 1."""

    distance: int = Field(description="frames from the earlier to the later of each pair")
    pairs: int = Field(description="pairs of frames that count; those across a cut do not")
    source: float | None
    result: float | None
    reference: float | None = Field(description="None when there is no reference")

    @property
    def ratio(self) -> float | None:
        """How many times lower the result's error is than the reference's."""
        return self.reference / self.result if self.reference is not None and self.result else None


class Measures(_Figures):
    """How still and how sharp a result is."""

    frames: int
    short: WarpFigures = Field(description="between neighbouring frames")
    long: WarpFigures = Field(description="between frames further apart")
    sharpness: float | None = Field(description="Laplacian variance relative to the reference's, else to the source's")
    similarity: float | None = Field(description="mean multi-scale SSIM to the reference; None without one")
    curve: tuple[float | None, ...] = Field(description="the result's error of each neighbouring pair")


def measure_clips(
    source: Iterable[FrameBatch],
    result: Iterable[FrameBatch],
    reference: Iterable[FrameBatch] | None = None,
    *,
    distance: int = 10,
    motion: MotionConfig | None = None,
) -> Measures:
    """Measure a result against its source, and against the per-frame result where there is one, frame by frame.

    Convention: flow is DIS medium at full size of the source unless `motion` says otherwise. Memory stays flat: it
    holds `distance` frames of each clip. Batches need not be divided alike.

    Raises:
        VidstyleError: the clips differ in size or in their number of frames.
    """
    motion = motion or MotionConfig(preset="medium", scale=1.0)
    estimator, sharpness, similar = build_estimator(motion), SharpnessRatio(), list[float]()
    meters = [WarpErrors(apart, estimator, CutDetector(motion.cuts)) for apart in (1, distance)]
    frames = 0
    for source_frame, result_frame, *rest in _together(source, result, *([reference] if reference is not None else [])):
        for meter in meters:
            meter.add(source_frame, source_frame, result_frame, *rest)
        sharpness.add(result_frame, rest[0] if rest else source_frame)
        similar.extend(multi_scale_ssim(result_frame, rest[0]).tolist() if rest else [])
        frames += 1
    short, long = (_figures(meter, has_reference=reference is not None) for meter in meters)
    return Measures(
        frames=frames,
        short=short,
        long=long,
        sharpness=sharpness.value,
        similarity=sum(similar) / len(similar) if similar else None,
        curve=tuple(pair[1] for pair in meters[0].curve),
    )


def _figures(meter: WarpErrors, *, has_reference: bool) -> WarpFigures:
    return WarpFigures(
        distance=meter.distance,
        pairs=len(meter.curve),
        source=meter.mean(0),
        result=meter.mean(1),
        reference=meter.mean(2) if has_reference else None,
    )


def _together(*clips: Iterable[FrameBatch]) -> Iterator[tuple[Tensor, ...]]:
    for number, frames in enumerate(zip_longest(*map(_singly, clips))):
        found = " and ".join("none" if frame is None else "x".join(map(str, frame.shape[:1:-1])) for frame in frames)
        if len({None if frame is None else frame.shape for frame in frames}) > 1:
            raise VidstyleError(f"frame {number} of the clips is {found}; measure the same span of clips of one size")
        yield frames


def _singly(batches: Iterable[FrameBatch]) -> Iterator[Tensor]:
    for batch in batches:
        yield from torch.split(batch.images, 1)
