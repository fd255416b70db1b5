"""Signals that ask for an end: at once, or as soon as what is finished has been put away."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_NOTHING = "nothing was left under the target's name"


class Stopped(BaseException):
    """SIGINT or SIGTERM came: unwind, so that every context manager cleans up. `code` is 128 + the signal."""

    def __init__(self, number: int, note: str = "") -> None:
        super().__init__(f"{signal.Signals(number).name}; {note or _NOTHING}")
        self.code = 128 + number


class _Patience:
    """How long SIGTERM waits within `patience`, and whether it has come."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.asked = False


_patience = _Patience()


def heed_signals() -> None:
    """Let SIGINT and SIGTERM raise Stopped in the main thread; the second of them within `patience` only asks."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # ignored by whoever started us: nohup, a shell's `&`
            signal.signal(number, on_signal)


def on_signal(number: int, _frame: FrameType | None) -> None:
    """Raise Stopped, or note that it is asked for; a handler for `signal.signal`.

    Schedulers send SIGTERM some time before SIGKILL, and whoever presses Ctrl-C wants an end now.
    """
    if number == signal.SIGTERM and _patience.seconds and not _patience.asked:
        _patience.asked = True
        signal.signal(signal.SIGALRM, on_signal)
        signal.setitimer(signal.ITIMER_REAL, _patience.seconds)
        return
    # Another signal must not break the cleaning up that the first one began.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(each, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0)
    _patience.asked = False
    raise Stopped(signal.SIGTERM if number == signal.SIGALRM else number)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Give the body so many seconds after SIGTERM to come to a `stop_if_asked`; at its end it may be forgotten.

    Raises Stopped on entering where SIGTERM came earlier, to a body that was done all the same.
    """
    stop_if_asked()
    before, _patience.seconds = _patience.seconds, seconds
    try:
        yield
    finally:
        _patience.seconds = before
        if _patience.asked:
            signal.setitimer(signal.ITIMER_REAL, 0)


def ask() -> None:
    """Ask for an end at the next good moment without a signal: from another thread, of this process."""
    _patience.asked = True


def is_asked() -> bool:
    """Whether SIGTERM waits for a good moment."""
    return _patience.asked


def stop_if_asked(note: str = "") -> None:
    """Raise Stopped where SIGTERM waits for a good moment: now is one. `note` tells what there is to go on with."""
    if _patience.asked:
        signal.setitimer(signal.ITIMER_REAL, 0)
        _patience.asked = False
        raise Stopped(signal.SIGTERM, note)
