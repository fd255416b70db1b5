"""Progress as schedulers read it from what a task prints: whole lines, flushed, and no percent twice."""

import json
import os
import re
import socket
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TextIO, get_args

from vidstyle.errors import ConfigError

if TYPE_CHECKING:
    from vidstyle.progress import Progress

ProgressFormat = Literal["auto", "openjd", "deadline", "afanasy", "alf", "json", "plain", "none"]

_VARIABLE = "VIDSTYLE_PROGRESS"  # for schedulers that tell a task nothing of themselves
# The variable by which a scheduler is known, and what it reads. OpenCue reads nothing, but ends a task that is silent
# for too long.
_KNOWN_BY = {"OPENJD_SESSION_WORKING_DIR": "openjd", "AF_TASK_ID": "afanasy", "CUE_JOB": "plain"}
_FORMS: Mapping[str, str] = {
    "openjd": "openjd_progress: {percent}",
    "deadline": "Progress: {percent}%",
    "afanasy": "PROGRESS: {percent}%",
    "alf": "ALF_PROGRESS {percent}%",
}
_EVERY = 10.0  # seconds between two lines at the same percent
_ENVIRONMENT = re.compile(r"^(openjd_(?:redacted_env|env|unset_env))", re.MULTILINE)


def choose_format(asked: str, environment: Mapping[str, str] | None = None) -> str | None:
    """Find out what is to be printed; None where no scheduler is known and nothing was asked for.

    Raises ConfigError for a name that is none.
    """
    environment = os.environ if environment is None else environment
    asked = environment.get(_VARIABLE, asked) if asked == "auto" else asked
    names = get_args(ProgressFormat)
    if asked not in names:
        raise ConfigError(f"--progress {asked!r} is none of {', '.join(names)}", key="progress")
    if asked != "auto":
        return asked
    return next((form for name, form in _KNOWN_BY.items() if environment.get(name)), None)


def in_openjd() -> bool:
    """Whether this is a task of an Open Job Description session."""
    return bool(os.environ.get("OPENJD_SESSION_WORKING_DIR")) or os.environ.get(_VARIABLE) == "openjd"


class SchedulerLines:
    """Prints progress for a scheduler, called with it: a line at each new percent, and one every ten seconds."""

    def __init__(self, form: str, stream: TextIO | None = None, *, shot: str = "") -> None:
        self._form = form
        self._stream = stream or sys.stdout
        self._shot = shot
        self._percent = -1
        self._last = float("-inf")

    def __call__(self, progress: "Progress") -> None:
        """Print a line, if one is due."""
        percent = percent_of(progress)
        now = time.monotonic()
        if self._form == "none" or (percent <= self._percent and now - self._last < _EVERY):
            return
        self._percent, self._last = max(percent, self._percent), now
        print(self._line(progress), file=self._stream, flush=True)

    def _line(self, progress: "Progress") -> str:
        if self._form == "json":
            return json.dumps(json_progress(progress, self._shot))
        if self._form in _FORMS:
            return _FORMS[self._form].format(percent=max(0, self._percent))
        total = "?" if progress.total is None else progress.total
        return f"vidstyle: {self._shot}: {progress.frames}/{total} frames, {progress.fps:.2f} fps"


def json_progress(progress: "Progress", shot: str) -> dict[str, object]:
    """Give a line of progress with who renders what and where."""
    eta = None if progress.eta is None else round(progress.eta, 1)
    return {
        "event": "progress",
        **where(),
        "shot": shot,
        "frames": progress.frames,
        "total": progress.total,
        "percent": percent_of(progress),
        "fps": round(progress.fps, 2),
        "eta_seconds": eta,
    }


def where() -> dict[str, str]:
    """Name this machine, and the scheduler's job and task as far as its variables tell them."""
    told = {"host": socket.gethostname()}
    for field, names in {
        "job": ("CUE_JOB", "AF_JOB_ID", "SLURM_JOB_ID", "DEADLINE_JOB_ID", "OPENJD_SESSION_ID", "JOB_NAME"),
        "task": ("CUE_FRAME", "AF_TASK_ID", "SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"),
    }.items():
        found = next((os.environ[name] for name in names if os.environ.get(name)), "")
        if found:
            told[field] = found
    return told


def percent_of(progress: "Progress") -> int:
    """Whole percents that are done, 0 to 100; 100 only at the end."""
    return 0 if not progress.total else min(100, 100 * progress.frames // progress.total)


def harmless(text: str) -> str:
    """Give a text that no line of sets a variable of an Open Job Description session: a broken one fails the task."""
    return _ENVIRONMENT.sub(r" \1", text.replace("\r", ""))
