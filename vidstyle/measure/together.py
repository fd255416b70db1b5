"""Several clips side by side, frame by frame; clips that do not belong together are refused."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import zip_longest

import torch
from torch import Tensor

from vidstyle.errors import MeasureError
from vidstyle.frames import FrameBatch

_ROUNDING = Fraction(2, 1000)  # seconds: Matroska counts in milliseconds

Timed = tuple[Tensor, Fraction]  # a picture (1, 3, h, w) and its time in seconds


def frames_together(clips: Mapping[str, Iterable[FrameBatch]]) -> Iterator[dict[str, Timed]]:
    """Yield the frame of every clip, by the clips' names, with its time since the clip's first frame.

    Batches need not be divided alike. The first clip is the one that the others are held against.

    Raises:
        MeasureError: the clips differ in size, in their number of frames, or in their frame rate.
    """
    clock = _Clock()
    for number, frames in enumerate(zip_longest(*map(_singly, clips.values()))):
        together = dict(zip(clips, frames, strict=True))
        _check_lengths(number, together)
        _check_sizes(number, together)
        yield clock.since_start(number, together)


def _check_lengths(number: int, frames: Mapping[str, Timed | None]) -> None:
    ended = [name for name, frame in frames.items() if frame is None]
    if ended:
        other = next(name for name in frames if name not in ended)
        raise MeasureError(
            f"the {ended[0]} ends after {number} frames, the {other} goes on; "
            "measure the same span of every clip (--frames A-B, --result-start)"
        )


def _check_sizes(number: int, frames: Mapping[str, Timed | None]) -> None:
    sizes = {name: f"{frame[0].shape[3]}x{frame[0].shape[2]}" for name, frame in frames.items() if frame is not None}
    if len(set(sizes.values())) > 1:
        found = ", the ".join(f"{name} {size}" for name, size in sizes.items())
        raise MeasureError(f"frame {number}: the {found}; measure clips of one size")


class _Clock:
    """Holds the clips' frame times against each other: a quarter of a frame is more than rounding explains."""

    def __init__(self) -> None:
        self._starts: dict[str, Fraction] = {}
        self._interval: Fraction | None = None

    def since_start(self, number: int, frames: Mapping[str, Timed | None]) -> dict[str, Timed]:
        shown: dict[str, Timed] = {name: frame for name, frame in frames.items() if frame is not None}
        self._starts = self._starts or {name: time for name, (_, time) in shown.items()}
        timed = {name: (image, time - self._starts[name]) for name, (image, time) in shown.items()}
        first, *others = timed
        now = timed[first][1]
        if self._interval is None and number:
            self._interval = now / number
        for other in others:
            if self._interval and abs(timed[other][1] - now) > max(self._interval / 4, _ROUNDING):
                raise MeasureError(
                    f"frame {number} is shown after {float(now):.3f} s in the {first}, "
                    f"after {float(timed[other][1]):.3f} s in the {other}; measure clips of one frame rate"
                )
        return timed


def _singly(batches: Iterable[FrameBatch]) -> Iterator[Timed]:
    for batch in batches:
        for image, pts in zip(torch.split(batch.images, 1), batch.pts, strict=True):
            yield image, pts * batch.time_base
