"""Let a stage run ahead in a thread of its own, by a bounded number of items."""

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

_POLL = 0.1  # seconds between two looks at whether the other side is gone


@dataclass(frozen=True, slots=True)
class _End:
    error: BaseException | None = None


class _Prefetch(Generic[T]):
    def __init__(self, source: Iterable[T], depth: int) -> None:
        self._source = source
        self._items: queue.Queue[T | _End] = queue.Queue(maxsize=depth)
        self._closed = threading.Event()
        here = copy_context()  # what holds for this thread holds for that one
        self._thread = threading.Thread(target=here.run, args=(self._pump,), name="vidstyle-prefetch", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[T]:
        while not self._closed.is_set():
            item = self._items.get()
            if not isinstance(item, _End):
                yield item
                continue
            self._closed.set()
            if item.error is not None:
                raise item.error

    def close(self) -> None:
        """Stop the thread and wait for it, so that its source is no longer in use."""
        self._closed.set()
        self._thread.join()

    def _pump(self) -> None:
        end = _End()
        try:
            for item in self._source:
                if not self._put(item):
                    return
        except BaseException as error:  # whatever it is, it belongs to the consumer
            end = _End(error)
        finally:
            self._put(end)

    def _put(self, item: T | _End) -> bool:
        while not self._closed.is_set():
            try:
                self._items.put(item, timeout=_POLL)
            except queue.Full:
                continue
            return True
        return False


@contextmanager
def prefetch(source: Iterable[T], *, depth: int = 2) -> Iterator[Iterable[T]]:
    """Iterate over `source` in a thread, at most `depth` items ahead.

    Errors of the source reach the consumer with their type, after the items that came before. Leaving the context
    stops the thread, also when the consumer leaves early or fails.
    """
    ahead = _Prefetch(source, depth)
    try:
        yield ahead
    finally:
        ahead.close()
