"""How far a long job is."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from vidstyle.frames import FrameBatch


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a render is.

    Convention: `total` is the container's hint, None where it gives none; `seconds` since the start, when `before`
    frames were there already from an earlier run.
    """

    frames: int
    total: int | None
    seconds: float
    before: int = 0

    @property
    def fps(self) -> float:
        """Frames per second since the start."""
        return (self.frames - self.before) / self.seconds if self.seconds > 0 else 0.0

    @property
    def eta(self) -> float | None:
        """Seconds left, None where the total is not known."""
        return None if self.total is None or not self.fps else max(0, self.total - self.frames) / self.fps


OnProgress = Callable[[Progress], None]


def counted(
    batches: Iterable[FrameBatch], total: int | None, on_progress: OnProgress | None, before: int = 0
) -> Iterator[FrameBatch]:
    """Pass `batches` on and report each one when the consumer comes back for the next; `before` came earlier."""
    done, started = before, time.monotonic()
    for batch in batches:
        yield batch
        done += len(batch)
        if on_progress is not None:
            on_progress(Progress(done, total, time.monotonic() - started, before))
