"""Turns, cancelling, and what fails."""

import threading
from collections.abc import Callable
from pathlib import Path

from tests.studio.conftest import until
from vidstyle.errors import ConfigError
from vidstyle.progress import Progress
from vidstyle.studio.tasks import Queue, Task


def task(name: str, work: Callable[[Task], None], session: str = "") -> Task:
    return Task(name, session or name[0], "render", name, Path(), work)


def ignore(_task: Task) -> None:
    pass


def test_sessions_take_turns_however_many_tasks_they_have():
    order: list[str] = []
    gate, names = threading.Event(), ["a0", "a1", "a2", "a3", "b1", "b2", "c1"]

    def work(each: Task) -> None:
        gate.wait(60)
        order.append(each.id)

    with Queue(1) as queue:
        tasks = [task(name, work) for name in names]
        queue.add(tasks[0])
        until(lambda: tasks[0].state == "working")
        for each in tasks[1:]:
            queue.add(each)
        assert [queue.ahead(each) for each in tasks] == [0, 1, 4, 6, 2, 5, 3]
        gate.set()
        until(lambda: len(order) == len(names))
    assert order == ["a0", "a1", "b1", "c1", "a2", "b2", "a3"]


def test_who_waited_longest_is_not_overtaken_by_a_session_that_keeps_adding():
    order: list[str] = []
    gate = threading.Event()

    def work(each: Task) -> None:
        gate.wait(60)
        order.append(each.id)
        if each.session == "a" and len(order) < 10:
            queue.add(task(f"a{len(order)}", work))

    with Queue(1) as queue:
        for name in ("a0", "b0", "b1"):
            queue.add(task(name, work))
        gate.set()
        until(lambda: "b1" in order)
    assert order.index("b1") <= 4


def test_an_error_is_its_sentence_and_the_next_task_goes_on():
    def refuse(_task: Task) -> None:
        raise ConfigError("strength 7 is above 1; use 0 to 1")

    def surprise(_task: Task) -> None:
        raise ZeroDivisionError("by zero")

    with Queue(1) as queue:
        refused, surprised, fine = task("a", refuse), task("b", surprise), task("c", ignore)
        for each in (refused, surprised, fine):
            queue.add(each)
        until(lambda: fine.state == "done")
    assert (refused.state, refused.message) == ("failed", "strength 7 is above 1; use 0 to 1")
    assert (surprised.state, "by zero" in surprised.message) == ("failed", True)


def test_a_cancelled_task_unwinds_at_its_next_step_and_one_that_waits_never_begins():
    unwound = threading.Event()

    def work(each: Task) -> None:
        try:
            while True:
                each.step(Progress(1, 2, 1.0))
        finally:
            unwound.set()

    with Queue(1) as queue:
        working, waiting = task("a1", work), task("a2", ignore)
        queue.add(working)
        queue.add(waiting)
        until(lambda: working.frames == 1)
        queue.cancel(waiting)
        queue.cancel(working)
        until(lambda: working.state == "cancelled")
    assert unwound.is_set()
    assert waiting.state == "cancelled"


def test_the_end_of_the_studio_ends_what_is_at_work():
    def work(each: Task) -> None:
        while True:
            each.step(Progress(1, None, 1.0))

    with Queue(2) as queue:
        tasks = [task("a", work), task("b", work), task("c", ignore)]
        for each in tasks[:2]:
            queue.add(each)
        until(lambda: all(each.state == "working" for each in tasks[:2]))
        queue.add(tasks[2])
    assert [each.state for each in tasks] == ["cancelled", "cancelled", "waiting"]


def test_a_forgotten_session_has_no_tasks():
    with Queue(1) as queue:
        done = task("a", ignore)
        queue.add(done)
        until(lambda: done.state == "done")
        assert queue.of("a") == [done]
        queue.forget("a")
        assert queue.of("a") == []
        assert queue.busy() == set()
