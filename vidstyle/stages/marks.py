"""The marks stage: which frames begin a shot, which are flashes, and which are drawn at all."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from vidstyle.frames import FrameBatch
from vidstyle.motion import Change, CutConfig, CutDetector, luma, thumbnail
from vidstyle.motion.cuts import LONGEST_FLASH, Thumbnail, is_blank
from vidstyle.motion.dissolves import DissolveFinder


@dataclass(frozen=True, slots=True)
class MarkedBatch:
    """N consecutive frames, their luma, and what each of them is to the recurrence (see MovingBatch)."""

    frames: FrameBatch
    luma: Float[Tensor, "n 1 h w"]
    restarts: tuple[bool, ...]
    flashes: tuple[bool, ...]
    drawn: tuple[bool, ...]


def mark_frames(
    batches: Iterable[FrameBatch], config: CutConfig | None = None, *, first: int = 0, hold: int = 1
) -> Iterator[MarkedBatch]:
    """Find where shots begin, which frames are flashes, and which frames are drawn when each drawing is held.

    Convention: lazy, one batch in, one out; kept between batches are a thumbnail and two counts. Where a frame differs
    from the past, up to `LONGEST_FLASH` frames after it are read ahead, to tell a cut from a flash. The result does not
    depend on how frames are divided into batches. `first` is the number in the clip of the first frame that comes.
    """
    ahead = _Ahead(batches)
    shots = _Shots(config or CutConfig(), ahead, first)
    since = 0  # frames since the last drawing
    for read in ahead:
        marks = [shots.mark(index) for index in range(len(read.frames))]
        drawn = []
        for mark in marks:
            since = 0 if mark.restart else since
            drawn.append(since == 0)
            since = (since + 1) % hold
        restarts, flashes = tuple(mark.restart for mark in marks), tuple(mark.flash for mark in marks)
        yield MarkedBatch(read.frames, read.luma, restarts, flashes, tuple(drawn))


@dataclass(frozen=True, slots=True)
class _Read:
    frames: FrameBatch
    luma: Float[Tensor, "n 1 h w"]
    thumbnails: list[Thumbnail]


class _Ahead(Iterator[_Read]):
    """Batches with their thumbnails; those of frames to come may be looked at before their turn."""

    def __init__(self, batches: Iterable[FrameBatch]) -> None:
        self._batches = iter(batches)
        self._waiting: deque[_Read] = deque()
        self._current: list[Thumbnail] = []

    def __next__(self) -> _Read:
        if not self._waiting and not self._read():
            raise StopIteration
        read = self._waiting.popleft()
        self._current = read.thumbnails
        return read

    def thumbnail(self, index: int) -> Thumbnail | None:
        """Give the thumbnail of a frame, counted from the first of the current batch; None past the end."""
        while True:
            known = [*self._current, *(each for read in self._waiting for each in read.thumbnails)]
            if index < len(known):
                return known[index]
            if not self._read():
                return None

    def _read(self) -> bool:
        batch = next(self._batches, None)
        if batch is None:
            return False
        plane = luma(batch.images)
        self._waiting.append(_Read(batch, plane, [thumbnail(image) for image in plane]))
        return True


@dataclass(frozen=True, slots=True)
class _Mark:
    restart: bool = False
    flash: bool = False


class _Shots:
    """Follows the stream and says of each frame whether it begins a shot, or is a flash within one."""

    def __init__(self, config: CutConfig, ahead: _Ahead, first: int) -> None:
        self._config = config
        self._detector = CutDetector(config)
        self._dissolves = DissolveFinder()
        self._ahead = ahead
        self._number = first  # in the clip, of the frame that is marked next
        self._past: Thumbnail | None = None  # the last frame that is no flash
        self._flash_ends = first  # number of the first frame after the flash
        self._seen = False  # whether this shot has shown anything but a blank so far

    def mark(self, index: int) -> _Mark:
        """Mark the next frame, which is at `index` in the current batch."""
        present = self._ahead.thumbnail(index)
        assert present is not None  # it is in the current batch
        mark = self._decide(index, present)
        if not mark.flash and self._config.detect:
            mark = self._note(present, mark)
        self._number += 1
        if not mark.flash:
            self._seen = not is_blank(present) or (self._seen and not mark.restart)
            self._past = present
        return mark

    def _decide(self, index: int, present: Thumbnail) -> _Mark:
        if self._past is None or self._number in self._config.at:
            self._flash_ends = self._number
            return _Mark(restart=True)
        if not self._config.detect or self._number < self._flash_ends:
            return _Mark(flash=self._number < self._flash_ends)
        change = self._detector.compare(self._past, present)
        if change is not Change.NONE:
            self._flash_ends = self._number + self._flash_length(index, self._past)
            if self._flash_ends > self._number:
                return _Mark(flash=True)
        # After a fade to black another scene may fade in; what a shot opens with is no end of it.
        faded_in = self._seen and is_blank(self._past) and not is_blank(present)
        return _Mark(restart=change is Change.SHOT or faded_in)

    def _note(self, present: Thumbnail, mark: _Mark) -> _Mark:
        """Remember a frame, and mark it where the shot before has just dissolved into what it shows."""
        if mark.restart:
            self._dissolves.clear()
        before = self._dissolves.add(present)
        if before is None or self._detector.compare(before, present) is not Change.SHOT:
            return mark
        self._dissolves.clear()
        return _Mark(restart=True)

    def _flash_length(self, index: int, past: Thumbnail) -> int:
        """Give after how many frames the picture is what it was before; 0 where it is not soon."""
        for length in range(1, LONGEST_FLASH + 1):
            following = self._ahead.thumbnail(index + length)
            if following is None or self._number + length in self._config.at:
                return 0
            if self._detector.compare(past, following) is Change.NONE:
                return length
        return 0
