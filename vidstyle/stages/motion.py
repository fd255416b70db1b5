"""The motion stage: frames in, the same frames with their motion out."""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from vidstyle.frames import FrameBatch
from vidstyle.motion import CutConfig, Flow, FlowEstimator, MotionConfig, build_estimator
from vidstyle.stages.batches import MovingBatch
from vidstyle.stages.marks import MarkedBatch, mark_frames


def estimate_motion(
    batches: Iterable[FrameBatch], config: MotionConfig | None = None, first: int = 0, *, hold: int = 1, begin: int = 0
) -> Iterator[MovingBatch]:
    """Give each batch the motion of its drawn frames against the last one remembered, and mark where the past ends.

    Convention: lazy, one batch in, one out; what is kept between batches is the last drawn frame as the estimator reads
    it, and what `mark_frames` keeps. The result does not depend on how frames are divided into batches. `first` is the
    number in the clip of the first frame that comes, for estimators that look things up by number and for cuts given
    from outside. Batches of frames before number `begin` are only looked at, for what the later ones need to know.

    Raises:
        PluginError: the estimator is not known.
    """
    config = config or MotionConfig()
    estimator = build_estimator(config)
    last: Tensor | None = None
    remembered = first  # number of that frame
    for marked in mark_frames(batches, config.cuts, first=first, hold=hold):
        seen = marked.luma if estimator.reads == "luma" else marked.frames.images
        pool = torch.cat((seen[:1] if last is None else last, seen))
        befores, after = _remembered(marked)
        numbers = [remembered, *range(first, first + len(seen))]
        if first >= begin:
            yield _moving(marked, _flow(estimator, seen, pool, befores, numbers))
        first += len(seen)
        last, remembered = pool[after : after + 1].clone(), numbers[after]


def without_motion(
    batches: Iterable[FrameBatch], cuts: CutConfig | None = None, first: int = 0, *, hold: int = 1, begin: int = 0
) -> Iterator[MovingBatch]:
    """Let every drawing stand alone, for renders that don't look back.

    Convention: where nothing is held, every frame restarts, and cuts are not looked for. `begin` as above.
    """
    if hold > 1:
        for marked in mark_frames(batches, cuts, first=first, hold=hold):
            if first >= begin:
                yield _moving(marked, _unknown(marked.frames.images))
            first += len(marked.frames)
        return
    for batch in batches:
        if first >= begin:
            yield MovingBatch(batch, _unknown(batch.images), (True,) * len(batch))
        first += len(batch)


def _moving(marked: MarkedBatch, flow: Flow) -> MovingBatch:
    return MovingBatch(marked.frames, flow, marked.restarts, drawn=marked.drawn, flashes=marked.flashes)


def _unknown(images: Tensor) -> Flow:
    n, _, height, width = images.shape
    return Flow.unknown(n, height, width, images.device)


def _remembered(marked: MarkedBatch) -> tuple[list[int | None], int]:
    """Give for each frame which one its motion is against, None for none, and what the next batch begins with.

    Convention: 0 is the last one remembered before this batch, i + 1 is this batch's frame i.
    """
    last, befores = 0, list[int | None]()
    for index, (restart, flash, drawn) in enumerate(zip(marked.restarts, marked.flashes, marked.drawn, strict=True)):
        befores.append(last if drawn and not restart and not flash else None)
        last = index + 1 if drawn and not flash else last
    return befores, last


def _flow(estimator: FlowEstimator, seen: Tensor, pool: Tensor, befores: list[int | None], numbers: list[int]) -> Flow:
    pairs = [(index, before) for index, before in enumerate(befores) if before is not None]
    connected = [index for index, _ in pairs]
    before = pool[[before for _, before in pairs]]
    numbered = [(numbers[index + 1], numbers[before]) for index, before in pairs]
    if len(connected) == len(befores):
        return estimator(seen, before, numbered)
    flow = _unknown(seen)
    if connected:
        found = estimator(seen[connected], before, numbered)
        flow.to_previous[connected] = found.to_previous
        flow.visibility[connected] = found.visibility
    return flow
