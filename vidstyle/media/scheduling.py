"""Keeps encoders from becoming more important than everything else on the machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def usual_scheduling() -> Iterator[None]:
    """Let an encoder that is opened within run at the priority of the thread that opens it.

    SVT-AV1 makes the thread that opens it, and those that it starts, real-time ones (SCHED_FIFO at 99) where it may:
    as root, so in most containers. They are never interrupted; all that is started from them inherits it, and the rest
    of the machine starves.
    """
    if not hasattr(os, "sched_getscheduler"):  # no Linux
        yield
        return
    policy, priority, before = os.sched_getscheduler(0), os.sched_getparam(0), _threads()
    try:
        yield
    finally:
        if os.sched_getscheduler(0) != policy:
            for thread in {0} | (_threads() - before):
                with suppress(ProcessLookupError):  # it has ended meanwhile
                    os.sched_setscheduler(thread, policy, priority)


def _threads() -> set[int]:
    return {int(entry.name) for entry in Path("/proc/self/task").iterdir()}
