"""All measures of one result in one pass over its frames."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import Tensor

from vidstyle.frames import FrameBatch
from vidstyle.measure.drift import Drift
from vidstyle.measure.features import FeatureNetwork, feature_distance
from vidstyle.measure.figures import FrameFigures, Measures, TruthFigures, WarpFigures
from vidstyle.measure.sharpness import SharpnessRatio
from vidstyle.measure.similarity import SMALLEST_SIDE, multi_scale_ssim
from vidstyle.measure.together import Timed, frames_together
from vidstyle.measure.truth import GroundTruth, StabilityErrors
from vidstyle.measure.warping import Pair, WarpErrors
from vidstyle.measure.worst import Moment, WorstFrames
from vidstyle.motion import CutConfig, MotionConfig, build_estimator
from vidstyle.stages.marks import mark_frames

Marks = deque[tuple[bool, bool]]  # of frames to come: a shot begins, a flash


@torch.no_grad()
def measure_clips(
    source: Iterable[FrameBatch],
    result: Iterable[FrameBatch],
    reference: Iterable[FrameBatch] | None = None,
    *,
    distance: int = 10,
    every: int = 1,
    motion: MotionConfig | None = None,
    features: FeatureNetwork | None = None,
    truth: GroundTruth | None = None,
    worst: WorstFrames | None = None,
    first: int = 0,
) -> Measures:
    """Measure a result against its source, and against the per-frame result where there is one, frame by frame.

    Convention: flow is DIS medium at full size of the source unless `motion` says otherwise. Memory stays flat: it
    holds `distance` frames of each clip and some numbers a frame. Batches need not be divided alike. What costs most,
    long pairs and features, is measured at every `every`th frame. `first` is the number in the source of the first
    frame that comes; `worst` keeps the worst frames, with pictures if it was made so.

    Raises:
        MeasureError: the clips differ in size, in their number of frames or in their frame rate.
        ConfigError: the ground truth does not fit.
        PluginError: the flow estimator is not known.
    """
    motion = motion or MotionConfig(preset="medium", scale=1.0)
    meter = _Meter(
        motion, distance, every, features, StabilityErrors(truth) if truth else None, worst or WorstFrames(), first
    )
    marks: Marks = deque()
    clips = {"source": _marked(source, motion.cuts, first, marks), "result": result}
    clips |= {} if reference is None else {"reference": reference}
    for frames in frames_together(clips):
        meter.add(frames, *marks.popleft())
    return meter.measures(truth)


def _marked(source: Iterable[FrameBatch], cuts: CutConfig, first: int, marks: Marks) -> Iterator[FrameBatch]:
    for batch in mark_frames(source, cuts, first=first):
        marks.extend(zip(batch.restarts, batch.flashes, strict=True))
        yield batch.frames


class _Meter:
    """Everything that is measured, fed one frame of every clip at a time."""

    def __init__(
        self,
        motion: MotionConfig,
        distance: int,
        every: int,
        features: FeatureNetwork | None,
        stability: StabilityErrors | None,
        worst: WorstFrames,
        first: int,
    ) -> None:
        estimator = build_estimator(motion)
        self._short, self._long = WarpErrors(1, estimator), WarpErrors(distance, estimator, every)
        self._every, self._features, self._stability, self._worst = every, features, stability, worst
        self._sharpness, self._drift = SharpnessRatio(), Drift(first)
        self._first = first
        self._names: tuple[str, ...] = ()
        self._curve: list[FrameFigures] = []
        self._before: dict[str, Tensor] = {}

    def add(self, timed: Mapping[str, Timed], cut: bool, flash: bool) -> None:
        frames = {name: image for name, (image, _) in timed.items()}
        number = self._first + len(self._curve)
        self._names = tuple(frames)
        baseline = frames.get("reference", frames["source"])
        pair = self._short.add(frames["source"], *frames.values(), cut=cut, flash=flash)
        step = None if pair is None else pair.flow
        self._long.add(frames["source"], *frames.values(), cut=cut, flash=flash, step=step)
        if pair is not None:
            self._note_worst(number, pair, frames)
        if self._stability is not None:
            self._stability.add(number, frames)
        errors = dict(zip(frames, pair.errors, strict=True)) if pair is not None else {}
        self._curve.append(
            FrameFigures(
                number=number,
                cut=cut,
                flash=flash,
                source=errors.get("source"),
                result=errors.get("result"),
                reference=errors.get("reference"),
                sharpness=self._sharpness.add(frames["result"], baseline),
                similarity=_similarity(frames),
                features=self._distance(frames),
                shift=self._drift.add(frames["result"], baseline, seconds=float(timed["source"][1]), cut=cut),
            )
        )

    def measures(self, truth: GroundTruth | None) -> Measures:
        return Measures(
            frames=len(self._curve),
            short=self._warp(self._short),
            long=self._warp(self._long),
            truth=self._true(truth),
            sharpness=self._sharpness.value,
            similarity=_mean(frame.similarity for frame in self._curve),
            features=_mean(frame.features for frame in self._curve),
            drift=self._drift.figures("reference" if "reference" in self._names else "source"),
            worst=self._worst.frames,
            curve=tuple(self._curve),
        )

    def _note_worst(self, number: int, pair: Pair, frames: Mapping[str, Tensor]) -> None:
        index = self._names.index("result")
        error = pair.errors[index]
        if error is not None:
            before = dict(zip(self._names, pair.earlier, strict=True))
            self._worst.add(Moment(number, error, before, frames, pair.maps[index]))

    def _distance(self, frames: Mapping[str, Tensor]) -> float | None:
        if self._features is None or "reference" not in frames or len(self._curve) % self._every:
            return None
        return float(feature_distance(self._features, frames["result"], frames["reference"]))

    def _warp(self, errors: WarpErrors) -> WarpFigures:
        means = {name: errors.mean(index) for index, name in enumerate(self._names)}
        return WarpFigures(
            distance=errors.distance,
            pairs=len(errors.curve),
            source=means.get("source"),
            result=means.get("result"),
            reference=means.get("reference"),
        )

    def _true(self, truth: GroundTruth | None) -> TruthFigures | None:
        if truth is None or self._stability is None:
            return None
        values = {name: self._stability.value(name) for name in self._names}
        return TruthFigures(
            pairs=max(len(self._curve) - 1, 0),
            masked=truth.masked,
            source=values.get("source"),
            result=values.get("result"),
            reference=values.get("reference"),
        )


def _similarity(frames: Mapping[str, Tensor]) -> float | None:
    if "reference" not in frames or min(frames["result"].shape[-2:]) < SMALLEST_SIDE:
        return None
    return float(multi_scale_ssim(frames["result"], frames["reference"]))


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
