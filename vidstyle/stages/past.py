"""What the frames to come need to know of those before them."""

from collections.abc import Iterable, Iterator

import torch

from vidstyle.media import Point, Work
from vidstyle.stages.batches import MovingBatch
from vidstyle.stages.blend import Memory
from vidstyle.stages.remembering import from_tensors, to_tensors
from vidstyle.stages.rolling import Roll


class Past:
    """What the frames to come need to know of those before them, also when another run made those.

    Convention: `first` is the number in the clip of the span's first frame, `begin` of the first one to be rendered.
    `whole_shots`: the blend needs a shot's end for its beginning, so that one can only go on where a shot begins.
    """

    def __init__(self, roll: Roll, work: Work, device: torch.device, *, whole_shots: bool) -> None:
        self._whole_shots = whole_shots
        self.roll = roll
        self.first = roll.kept.start
        self.begin = roll.rendered.start
        self.cuts = list(work.found.cuts)
        self.memory = from_tensors(Memory, work.found.tensors, device)

    def point(self, finished: int) -> Point | None:
        """Give it as it is after the last finished batch."""
        if self._whole_shots:
            now = self.first + finished  # cuts are known long before
            return Point(cuts=tuple(cut for cut in self.cuts if cut < now)) if now in self.cuts else None
        # Motion runs ahead of what is finished, and so do the cuts that it finds.
        now = self.first + finished
        return Point(to_tensors(self.memory), tuple(cut for cut in self.cuts if cut < now))

    def noting_cuts(self, moving: Iterable[MovingBatch]) -> Iterator[MovingBatch]:
        """Pass batches on and keep the numbers of the frames that begin a new shot."""
        number, stop = self.begin, self.roll.kept.stop
        for batch in moving:
            found = [n for n, cut in enumerate(batch.restarts, start=number) if cut and n > self.roll.looked.start]
            self.cuts += [n for n in found if n >= self.first and (stop is None or n < stop)]
            number += len(batch)
            yield batch
