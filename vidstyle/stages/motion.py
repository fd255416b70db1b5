"""The motion stage: frames in, the same frames with their motion out."""

from collections.abc import Iterable, Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.frames import FrameBatch
from vidstyle.motion import CutDetector, Flow, FlowEstimator, MotionConfig, build_estimator, luma
from vidstyle.stages.batches import MovingBatch


def estimate_motion(batches: Iterable[FrameBatch], config: MotionConfig | None = None) -> Iterator[MovingBatch]:
    """Give each batch the motion of its frames against the frames before them, and mark where the past ends.

    Convention: lazy, one batch in, one out; what is kept between batches is one frame. The result does not depend on
    how frames are divided into batches. Raises PluginError when the estimator is not known.
    """
    config = config or MotionConfig()
    estimator = build_estimator(config)
    detector = CutDetector(config.cuts)
    last: Tensor | None = None
    for batch in batches:
        before = _shifted(batch.images, last)
        restarts = tuple(
            (last is None and index == 0) or detector.is_cut(before[index], frame)
            for index, frame in enumerate(batch.images)
        )
        yield MovingBatch(batch, _flow(estimator, batch.images, before, restarts), restarts)
        last = batch.images[-1:].clone()


def without_motion(batches: Iterable[FrameBatch]) -> Iterator[MovingBatch]:
    """Let every frame stand alone, for renders that don't look back."""
    for batch in batches:
        n, _, height, width = batch.images.shape
        yield MovingBatch(batch, Flow.unknown(n, height, width, batch.images.device), (True,) * n)


def _shifted(images: Tensor, last: Tensor | None) -> Float[Tensor, "n 3 h w"]:
    return torch.cat((images[:1] if last is None else last, images[:-1]))


def _flow(estimator: FlowEstimator, images: Tensor, before: Tensor, restarts: tuple[bool, ...]) -> Flow:
    n, _, height, width = images.shape
    flow = Flow.unknown(n, height, width, images.device)
    connected = [index for index, restart in enumerate(restarts) if not restart]
    if connected:
        if estimator.reads == "luma":
            images, before = luma(images), luma(before)
        found = estimator(images[connected], before[connected])
        flow.to_previous[connected] = found.to_previous
        flow.visibility[connected] = found.visibility
    return flow
