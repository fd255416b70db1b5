"""Long work: who waits, who is at work, what came of it. Browsers take turns."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from vidstyle.errors import VidstyleError
from vidstyle.progress import Progress

Kind = Literal["render", "measure", "batch", "train"]
State = Literal["waiting", "working", "done", "failed", "cancelled"]
_PATIENCE = 30.0  # seconds for tasks at work to unwind at the end


class Cancelled(BaseException):
    """The task's owner, or the end of the studio, stopped it."""


@dataclass(slots=True)
class Task:
    """One piece of long work of one session.

    Convention: `results` are names of files below `folder`, by what they are; `told` is what the page shows beside
    the progress, by name. `run` fills both, and calls `step` often: that is where a cancelled task unwinds.
    """

    id: str
    session: str
    kind: Kind
    title: str
    folder: Path
    run: Callable[["Task"], None] = field(repr=False)
    state: State = "waiting"
    doing: str = ""
    frames: int = 0
    total: int | None = None
    fps: float = 0.0
    eta: float | None = None
    message: str = ""
    results: dict[str, str] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event, repr=False)
    created: float = field(default_factory=time.time)
    seconds: float = 0.0

    def begin(self, doing: str) -> None:
        """Say what is done now."""
        self.doing, self.frames, self.total, self.fps, self.eta = doing, 0, None, 0.0, None
        self.check()

    def step(self, progress: Progress) -> None:
        """Note how far it is. Raises Cancelled."""
        self.frames, self.total = progress.frames, progress.total
        self.fps, self.eta = progress.fps, progress.eta
        self.check()

    def check(self) -> None:
        """Raise Cancelled where it is."""
        if self.stop.is_set():
            raise Cancelled

    @property
    def is_open(self) -> bool:
        """Whether it waits or is at work."""
        return self.state in ("waiting", "working")


class Queue:
    """Works on tasks, `lanes` of them at once; the sessions that wait take turns, whoever has how many waiting.

    A context manager, whose end cancels what is at work and waits for it.
    """

    def __init__(self, lanes: int) -> None:
        self._lanes = lanes
        self._waiting: dict[str, deque[Task]] = {}
        self._tasks: dict[str, Task] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> "Queue":
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self._lanes)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._closed = True
            for task in self._tasks.values():
                task.stop.set()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(_PATIENCE)

    def add(self, task: Task) -> None:
        """Let a task wait for its turn."""
        with self._changed:
            self._tasks[task.id] = task
            self._waiting.setdefault(task.session, deque()).append(task)
            self._changed.notify()

    def cancel(self, task: Task) -> None:
        """Stop a task: at once where it waits, at its next step where it is at work."""
        with self._changed:
            task.stop.set()
            if task.state == "waiting":
                self._waiting[task.session].remove(task)
                task.state = "cancelled"

    def forget(self, session: str) -> None:
        """Stop and forget all tasks of a session."""
        for task in self.of(session):
            self.cancel(task)
        with self._changed:
            self._tasks = {key: task for key, task in self._tasks.items() if task.session != session}

    def drop(self, task: Task) -> None:
        """Forget one that is over."""
        with self._changed:
            self._tasks.pop(task.id, None)

    def of(self, session: str) -> list[Task]:
        """A session's tasks, the newest first."""
        with self._changed:
            return [task for task in reversed(self._tasks.values()) if task.session == session]

    def busy(self) -> set[str]:
        """Sessions with tasks that wait or are at work."""
        with self._changed:
            return {task.session for task in self._tasks.values() if task.is_open}

    def ahead(self, task: Task) -> int:
        """How many tasks come before one that waits, those at work included."""
        with self._changed:
            order = list(self._turns())
            working = sum(each.state == "working" for each in self._tasks.values())
            return working + order.index(task) if task in order else 0

    def _turns(self) -> Iterator[Task]:
        """Everything that waits, in the order in which it will begin."""
        rows = [list(row) for row in self._waiting.values() if row]
        for place in range(max(map(len, rows), default=0)):
            yield from (row[place] for row in rows if place < len(row))

    def _next(self) -> Task | None:
        with self._changed:
            while not self._closed:
                for session, row in list(self._waiting.items()):
                    del self._waiting[session]
                    if row:
                        task = row.popleft()
                        self._waiting[session] = row  # to the end: the others come first now
                        task.state = "working"
                        return task
                self._changed.wait()
            return None

    def _work(self) -> None:
        while (task := self._next()) is not None:
            started = time.monotonic()
            try:
                task.run(task)
                state: State = "done"
            except Cancelled:
                state = "cancelled"
            except VidstyleError as error:
                state, task.message = "failed", str(error)
            except Exception as error:  # the others must go on
                state, task.message = "failed", f"something unexpected went wrong: {error or type(error).__name__}"
            task.seconds = time.monotonic() - started
            task.state = state
