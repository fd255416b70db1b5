"""A part of a shot: the frames before and after it that are rendered with it, and not written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from vidstyle.frames import FrameBatch, Span
from vidstyle.motion.cuts import LONGEST_FLASH
from vidstyle.shots import Shot
from vidstyle.stages.batches import MovingBatch

B = TypeVar("B", FrameBatch, MovingBatch)


@dataclass(frozen=True, slots=True)
class Roll:
    """Which frames are looked at, which of them are rendered, and which of those are kept.

    Convention: spans of frame numbers of the clip, each within the one before it. What is only looked at tells where
    cuts, flashes and drawings are, as a render of the whole shot finds them. Of a shot that is no part all are one.
    """

    looked: Span
    rendered: Span
    kept: Span

    @classmethod
    def of(cls, shot: Shot, finished: int = 0, hold: int = 1) -> "Roll":
        """Of a shot whose first `finished` frames are there already: nothing is rolled before the others then.

        At least as many frames are rolled before that one of them is drawn, when each drawing is held for `hold`.
        """
        kept, whole = shot.span, shot.whole or shot.span
        before = 0 if finished else max(shot.preroll, hold - 1)
        start = kept.start + finished if finished else max(whole.start, kept.start - before)
        stop = _last(kept.stop, shot.postroll, whole.stop)
        ahead = LONGEST_FLASH if whole != kept else 0
        # A damaged work folder may hold all of the span: an empty one is no span.
        rendered = Span(start, stop if stop is None else max(stop, start + 1))
        return cls(Span(whole.start, _last(stop, ahead, whole.stop)), rendered, kept)

    def split(self, frames: Iterable[FrameBatch], hold: int = 1) -> Iterator[FrameBatch]:
        """Divide batches so that the spans begin and end with one, and so that a drawing to begin with can be found."""
        marks = {self.rendered.start, self.rendered.stop, self.kept.start, self.kept.stop}
        marks |= set(range(self.rendered.start, self.rendered.start + hold)) if self.is_part else set()
        number = self.looked.start
        for batch in frames:
            places = sorted(mark - number for mark in marks if mark is not None and 0 < mark - number < len(batch))
            number += len(batch)
            for start, stop in zip([0, *places], [*places, len(batch)], strict=True):
                yield _slice(batch, start, stop)

    def until_end(
        self, moving: Iterable[MovingBatch], begin: int, frames: Iterable[FrameBatch]
    ) -> Iterator[MovingBatch]:
        """Pass on what is rendered, from frame `begin` on; then read `frames` to their end, for their counts."""
        for batch in moving:
            yield batch
            begin += len(batch)
            if begin == self.rendered.stop:
                break
        for _ in frames:
            pass

    def kept_of(self, batches: Iterable[FrameBatch], begin: int) -> Iterator[FrameBatch]:
        """Pass on what is kept of batches that begin with frame `begin`."""
        for batch in batches:
            if begin >= self.kept.start and (self.kept.stop is None or begin < self.kept.stop):
                yield batch
            begin += len(batch)

    @property
    def is_part(self) -> bool:
        """Whether more is looked at than is kept."""
        return self.looked != self.kept


def from_drawing(moving: Iterator[MovingBatch]) -> tuple[int, Iterator[MovingBatch]]:
    """Leave out frames that hold a drawing which is not there; give their number, and the batches from then on."""
    skipped = 0
    for batch in moving:
        if batch.drawn[0]:
            return skipped, _chained(batch, moving)
        skipped += len(batch)
    return skipped, moving


def _chained(first: MovingBatch, others: Iterator[MovingBatch]) -> Iterator[MovingBatch]:
    yield first
    yield from others


def _last(stop: int | None, more: int, limit: int | None) -> int | None:
    if stop is None:
        return None
    return stop + more if limit is None else min(stop + more, limit)


def _slice(batch: FrameBatch, start: int, stop: int) -> FrameBatch:
    if (start, stop) == (0, len(batch)):
        return batch
    part = slice(start, stop)
    alpha = None if batch.alpha is None else batch.alpha[part]
    return replace(batch, images=batch.images[part], pts=batch.pts[part], alpha=alpha)
