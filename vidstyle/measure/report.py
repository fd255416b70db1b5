"""Measures two or three clips on disk, and tells what was found."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from vidstyle.errors import ConfigError, MeasureError
from vidstyle.frames import Span
from vidstyle.measure.clips import measure_clips
from vidstyle.measure.features import load_features
from vidstyle.measure.figures import Measures
from vidstyle.measure.gates import GateOutcome, Gates
from vidstyle.measure.inputs import Inputs
from vidstyle.measure.truth import GroundTruth
from vidstyle.measure.worst import WorstFrames
from vidstyle.media import ClipReader
from vidstyle.motion import MotionConfig
from vidstyle.progress import Counter, OnProgress
from vidstyle.report import Versions


class MeasureMotion(MotionConfig):
    """How motion is found for measuring: more carefully than for blending."""

    scale: float = Field(default=1.0, gt=0, le=1, description="size of the pictures that flow is estimated on, of 1")


class MeasureConfig(BaseModel):
    """What `measure_files` needs to know beside the clips."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    distance: int = Field(default=10, ge=2, le=250, description="frames between those of a long pair")
    every: int = Field(default=1, ge=1, description="long pairs and features are measured at every so-many-th frame")
    worst: int = Field(default=10, ge=0, le=100, description="how many of the worst frames are told")
    features: Path | None = Field(default=None, description="weights of a feature network: vgg16, vgg19, normalised")
    truth: Path | None = Field(default=None, description="folder of ground-truth forward flow, .flo")
    occlusions: Path | None = Field(default=None, description="folder of its occlusion masks, PNG; none: beside it")
    motion: MeasureMotion = Field(default_factory=MeasureMotion)
    gates: Gates = Field(default_factory=Gates)


class MeasureReport(BaseModel):
    """What was measured, of what, how, and whether it passed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    inputs: Inputs
    fps: float | None = Field(description="the source's average frame rate; None where it says none")
    feature_network: str | None = Field(description="the network's kind")
    measures: Measures
    gates: tuple[GateOutcome, ...]
    warnings: tuple[str, ...]
    seconds: float
    settings: MeasureConfig
    versions: Versions

    @property
    def failures(self) -> tuple[str, ...]:
        """One line for each gate that failed."""
        return tuple(gate.words for gate in self.gates if not gate.passed)


def measure_files(
    inputs: Inputs,
    config: MeasureConfig | None = None,
    *,
    worst: WorstFrames | None = None,
    on_progress: OnProgress | None = None,
) -> MeasureReport:
    """Measure a result against the source that it was made of, and against the per-frame reference if there is one.

    Raises:
        ConfigError: a gate can't be decided, or the feature network or the ground truth does not fit.
        ClipMissingError, ClipReadError: a clip is absent, has no picture, or can't be decoded.
        MeasureError: the clips differ in size, in their number of frames or in their frame rate.
    """
    config = config or MeasureConfig()
    worst = worst or WorstFrames(config.worst)
    _refuse_impossible(config, has_reference=inputs.reference is not None)
    network = load_features(config.features) if config.features else None
    truth = GroundTruth(config.truth, config.occlusions) if config.truth else None
    started = time.monotonic()
    with ExitStack() as stack:
        readers = [stack.enter_context(ClipReader(path)) for path in inputs.paths]
        _refuse_sizes(readers)
        streams = [reader.frames(span) for reader, span in zip(readers, inputs.spans, strict=True)]
        measures = measure_clips(
            Counter(_expected(readers, inputs.spans), on_progress).over(streams[0]),
            *streams[1:],
            distance=config.distance,
            every=config.every,
            motion=config.motion,
            features=network,
            truth=truth,
            worst=worst,
            first=inputs.start,
        )
    rate = readers[0].info.video.average_rate
    return MeasureReport(
        inputs=inputs,
        fps=float(rate) if rate else None,
        feature_network=network.name if network else None,
        measures=measures,
        gates=config.gates.outcomes(measures),
        warnings=(*_warnings(measures), *_assumptions(readers)),
        seconds=round(time.monotonic() - started, 3),
        settings=config,
        versions=Versions.here(),
    )


def _refuse_impossible(config: MeasureConfig, *, has_reference: bool) -> None:
    config.gates.refuse_impossible(has_reference=has_reference)
    if config.features is not None and not has_reference:
        raise ConfigError("--features needs --reference, what the result is to look like", key="features")
    if config.occlusions is not None and config.truth is None:
        raise ConfigError("--occlusions needs --truth, the folder of the flow that they belong to", key="occlusions")


def _refuse_sizes(readers: Sequence[ClipReader]) -> None:
    first, *others = [(reader.path, reader.info.video) for reader in readers]
    for path, video in others:
        if (video.width, video.height) != (first[1].width, first[1].height):
            raise MeasureError(
                f"{path} is {video.width}x{video.height}, but {first[0]} is {first[1].width}x{first[1].height}; "
                "measure clips of one size: render the result at the source's, or scale the source first"
            )


def _expected(readers: Sequence[ClipReader], spans: Sequence[Span]) -> int | None:
    """Give how many frames will come, as far as the containers tell."""
    left = [
        min(length, span.stop or length) - span.start
        for reader, span in zip(readers, spans, strict=True)
        if (length := reader.info.video.frames) is not None
    ]
    return max(min(left), 0) if left else None


def _warnings(measures: Measures) -> list[str]:
    found = []
    if measures.blurred:
        sharpness = "unknown" if measures.sharpness is None else f"{measures.sharpness:.3f}"
        found.append(
            f"E_warp of the result, {measures.short.result:.3g}, is below the source's own, "
            f"{measures.short.source:.3g}: below it means blur, not stillness "
            f"(sharpness is {sharpness} of the {measures.drift.against}'s)"
        )
    if measures.drift.against == "source":
        found.append("no reference: sharpness and drift are against the source, so the style itself is in them")
    if measures.short.result is None:
        found.append("no two neighbouring frames could be compared: E_warp is not known")
    if measures.truth is not None and not measures.truth.masked:
        found.append("no occlusion masks: e_stab counts what was hidden, too, and is too high")
    return found


def _assumptions(readers: Sequence[ClipReader]) -> list[str]:
    """Tell what the readers assumed; of what they all say, only once."""
    known = readers[0].warnings
    others = [f"{reader.path}: {text}" for reader in readers[1:] for text in reader.warnings if text not in known]
    return [f"{readers[0].path}: {text}" for text in known] + others
