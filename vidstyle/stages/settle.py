"""The first of two passes: each shot is blended from its end to its beginning, for the blend to go on with."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from torch import Tensor

from vidstyle.motion import Flow, FlowEstimator, luma
from vidstyle.stages.batches import StyledBatch
from vidstyle.stages.spool import Spool
from vidstyle.stages.step import BlendConfig, BlendState, blend_step

_SHARPNESS = 1.0  # of the first pass: the second one takes what it has to take


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a drawn frame is: the batch's number, the frame's in it, its drawing's in it, the frame's in the clip."""

    batch: int
    index: int
    drawing: int
    number: int


def settle(
    batches: Iterable[StyledBatch],
    config: BlendConfig,
    estimator: FlowEstimator,
    spool: Spool,
    first: int = 0,
    *,
    on_frames: Callable[[int], None] | None = None,
) -> Iterator[StyledBatch]:
    """Replace each drawing by what the recurrence makes of it when the shot runs backwards.

    Blended forwards afterwards, each frame knows the future as well as the past: the first frames of a shot do not
    change until a past has gathered, and what is uncovered finds the look that it is going to have.

    Convention: lazy, one batch in, one out, but a shot's batches come only when its end is known; until then they
    are in the `spool`. What is no drawing, and flashes, pass as they are. The result does not depend on how frames are
    divided into batches. `first` is the number in the clip of the first frame that comes; `on_frames` is told how many
    frames were spooled.

    Raises:
        ClipWriteError: the disk is full.
        ConfigError: the estimator can't give motion backwards in time.
    """
    shot: list[_Place] = []
    emitted = arrived = 0
    for batch in batches:
        spool.put(arrived, batch)
        for restart, places in _runs(batch, arrived, first):
            if restart:
                _settle_shot(shot, config, estimator, spool)
                shot = []
            shot += places
        if any(batch.moving.restarts):  # the batches before this one hold nothing of the running shot
            yield from map(spool.take, range(emitted, arrived))
            emitted = arrived
        first += len(batch)
        arrived += 1
        if on_frames is not None:
            on_frames(len(batch))
    _settle_shot(shot, config, estimator, spool)
    yield from map(spool.take, range(emitted, arrived))


def _runs(batch: StyledBatch, number: int, first: int) -> Iterator[tuple[bool, list[_Place]]]:
    """Divide a batch at its restarts: whether a shot begins there, and where its remembered drawings are."""
    moving, places, restart, drawing = batch.moving, list[_Place](), False, 0
    for index, drawn in enumerate(moving.drawn):
        if moving.restarts[index]:
            if index:
                yield restart, places
            places, restart = [], True
        if drawn and not moving.flashes[index]:
            places.append(_Place(number, index, drawing, first + index))
        drawing += drawn
    yield restart, places


def _settle_shot(shot: list[_Place], config: BlendConfig, estimator: FlowEstimator, spool: Spool) -> None:
    config = config.model_copy(update={"sharpness": _SHARPNESS})
    state: BlendState | None = None
    later = 0
    for number, places in groupby(reversed(shot), key=lambda place: place.batch):
        batch = spool.get(number)
        images = batch.images.clone()
        for place in places:
            source, styled = batch.moving.frames.images[place.index][None], batch.images[place.drawing][None]
            flow = batch.moving.flow[place.index : place.index + 1]  # of no use where there is no state
            if state is not None:
                flow = _motion(estimator, source, state.source, (place.number, later))
            state, later = blend_step(state, source, styled, flow, config), place.number
            images[place.drawing] = state.output[0]
        spool.put(number, replace(batch, images=images))


def _motion(estimator: FlowEstimator, source: Tensor, later: Tensor, numbers: tuple[int, int]) -> Flow:
    if estimator.reads == "luma":
        source, later = luma(source), luma(later)
    return estimator(source, later, [numbers])
