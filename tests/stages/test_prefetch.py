import threading
from collections.abc import Iterator

import pytest

from vidstyle.errors import ClipReadError
from vidstyle.stages.prefetch import prefetch


def test_it_yields_what_the_source_yields():
    with prefetch(range(100), depth=3) as ahead:
        assert list(ahead) == list(range(100))


def test_the_source_runs_in_a_thread_of_its_own():
    with prefetch(threading.current_thread() for _ in range(1)) as ahead:
        assert next(iter(ahead)) is not threading.current_thread()


def test_it_runs_ahead_by_no_more_than_its_depth():
    taken = []
    hungry = threading.Event()

    def source() -> Iterator[int]:
        for number in range(20):
            taken.append(number)
            if number == 4:
                hungry.set()
            yield number

    with prefetch(source(), depth=2) as ahead:
        items = iter(ahead)
        assert next(items) == 0
        assert next(items) == 1
        # Two were consumed, two wait in the queue, one waits for room: never a sixth.
        assert hungry.wait(5)
        assert not threading.Event().wait(0.3)
        assert taken == [0, 1, 2, 3, 4]


def test_an_error_of_the_source_comes_after_its_items_with_its_type(tmp_path):
    def source() -> Iterator[int]:
        yield 1
        raise ClipReadError("torn", path=tmp_path)

    with prefetch(source()) as ahead:
        items = iter(ahead)
        assert next(items) == 1
        with pytest.raises(ClipReadError, match="torn"):
            next(items)


def test_leaving_early_stops_the_thread():
    def endless() -> Iterator[int]:
        while True:
            yield 0

    before = threading.active_count()
    with prefetch(endless()) as ahead:
        next(iter(ahead))
    assert threading.active_count() == before


def test_a_failing_consumer_stops_the_thread():
    def endless() -> Iterator[int]:
        while True:
            yield 0

    def fail() -> None:
        with prefetch(endless()) as ahead:
            raise RuntimeError(f"disk full at {next(iter(ahead))}")

    before = threading.active_count()
    with pytest.raises(RuntimeError, match="disk full at 0"):
        fail()
    assert threading.active_count() == before
