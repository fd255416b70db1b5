"""The motion stage: frames in, the same frames with their motion out."""

from collections.abc import Iterable, Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.frames import FrameBatch
from vidstyle.motion import CutDetector, Flow, FlowEstimator, MotionConfig, build_estimator, luma, thumbnail
from vidstyle.motion.cuts import Thumbnail
from vidstyle.stages.batches import MovingBatch


def estimate_motion(
    batches: Iterable[FrameBatch], config: MotionConfig | None = None, first: int = 0
) -> Iterator[MovingBatch]:
    """Give each batch the motion of its frames against the frames before them, and mark where the past ends.

    Convention: lazy, one batch in, one out; what is kept between batches is the last frame as the estimator reads it
    and a thumbnail. Only where a batch's last frame looks like a cut is the next batch read ahead, to tell a cut from
    a flash. The result does not depend on how frames are divided into batches. `first` is the number in the clip of
    the first frame that comes, for estimators that look things up by number.

    Raises:
        PluginError: the estimator is not known.
    """
    config = config or MotionConfig()
    estimator = build_estimator(config)
    shots = _Shots(CutDetector(config.cuts))
    stream = _Peekable(batches)
    last: Tensor | None = None
    for batch in stream:
        plane = luma(batch.images)
        restarts = shots.restarts(plane, stream)
        seen = plane if estimator.reads == "luma" else batch.images
        before = torch.cat((seen[:1] if last is None else last, seen[:-1]))
        yield MovingBatch(batch, _flow(estimator, seen, before, restarts, first), restarts)
        first += len(batch)
        last = seen[-1:].clone()


def without_motion(batches: Iterable[FrameBatch]) -> Iterator[MovingBatch]:
    """Let every frame stand alone, for renders that don't look back."""
    for batch in batches:
        n, _, height, width = batch.images.shape
        yield MovingBatch(batch, Flow.unknown(n, height, width, batch.images.device), (True,) * n)


class _Peekable(Iterator[FrameBatch]):
    """Batches, of which the next one may be looked at before its turn."""

    def __init__(self, batches: Iterable[FrameBatch]) -> None:
        self._batches = iter(batches)
        self._ahead: FrameBatch | None = None

    def __next__(self) -> FrameBatch:
        batch, self._ahead = self._ahead, None
        return next(self._batches) if batch is None else batch

    def peek(self) -> FrameBatch | None:
        if self._ahead is None:
            self._ahead = next(self._batches, None)
        return self._ahead


class _Shots:
    """Follows the stream and says of each frame whether it begins a shot."""

    def __init__(self, detector: CutDetector) -> None:
        self._detector = detector
        self._past: Thumbnail | None = None  # the last frame that is no flash

    def restarts(self, plane: Float[Tensor, "n 1 h w"], stream: _Peekable) -> tuple[bool, ...]:
        thumbnails = [thumbnail(image) for image in plane]
        return tuple(self._restart(index, thumbnails, stream) for index in range(len(thumbnails)))

    def _restart(self, index: int, thumbnails: list[Thumbnail], stream: _Peekable) -> bool:
        past, present = self._past, thumbnails[index]
        if past is not None and self._detector.differ(past, present):
            following = thumbnails[index + 1] if index + 1 < len(thumbnails) else _first(stream.peek())
            if following is not None and not self._detector.differ(past, following):
                return False
            past = None
        self._past = present
        return past is None


def _first(batch: FrameBatch | None) -> Thumbnail | None:
    return None if batch is None else thumbnail(luma(batch.images[:1])[0])


def _flow(estimator: FlowEstimator, current: Tensor, before: Tensor, restarts: tuple[bool, ...], first: int) -> Flow:
    connected = [index for index, restart in enumerate(restarts) if not restart]
    numbers = [first + index for index in connected]
    if len(connected) == len(restarts):
        return estimator(current, before, numbers)
    n, _, height, width = current.shape
    flow = Flow.unknown(n, height, width, current.device)
    if connected:
        found = estimator(current[connected], before[connected], numbers)
        flow.to_previous[connected] = found.to_previous
        flow.visibility[connected] = found.visibility
    return flow
