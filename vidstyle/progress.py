"""How far a long job is."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch

from vidstyle.frames import FrameBatch


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a render is.

    Convention: `total` is the container's hint, None where it gives none; `seconds` since the start, when `before`
    frames were there already from an earlier run; `gpu_bytes` is the most GPU memory that the process has held.
    """

    frames: int
    total: int | None
    seconds: float
    before: int = 0
    gpu_bytes: int = 0

    @property
    def fps(self) -> float:
        """Frames per second since the start."""
        return (self.frames - self.before) / self.seconds if self.seconds > 0 else 0.0

    @property
    def eta(self) -> float | None:
        """Seconds left, None where the total is not known."""
        return None if self.total is None or not self.fps else max(0, self.total - self.frames) / self.fps


OnProgress = Callable[[Progress], None]


def gpu_bytes() -> int:
    """The most GPU memory that this process has held at once, in bytes; 0 where it uses none."""
    return torch.cuda.max_memory_allocated() if torch.cuda.is_initialized() else 0  # type: ignore[no-untyped-call]


class Counter:
    """Counts frames and reports how far they are.

    Args:
        total: the container's hint, if any.
        on_progress: told after every batch.
        before: frames that were there already.
        passes: how often each frame is counted until it is done.
    """

    def __init__(self, total: int | None, on_progress: OnProgress | None, before: int = 0, passes: int = 1) -> None:
        self._total, self._report, self._before, self._passes = total, on_progress, before, passes
        self._counted = 0
        self._started = time.monotonic()

    def add(self, frames: int) -> None:
        """Count frames that went through one pass."""
        self._counted += frames
        if self._report is not None:
            done = self._before + self._counted // self._passes
            seconds = time.monotonic() - self._started
            self._report(Progress(done, self._total, seconds, self._before, gpu_bytes()))

    def over(self, batches: Iterable[FrameBatch]) -> Iterator[FrameBatch]:
        """Pass `batches` on and count each one when the consumer comes back for the next."""
        for batch in batches:
            yield batch
            self.add(len(batch))
