"""What every long command says: progress as a person, a program or a scheduler reads it, and log lines as JSON."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

import typer

from vidstyle.errors import VidstyleError
from vidstyle.farm.lines import SchedulerLines, choose_format, harmless, in_openjd, where

if TYPE_CHECKING:
    from vidstyle.progress import OnProgress, Progress

_OPTION = "--log-format"


class Log:
    """What is known of the work when something is said, and whether it is said as JSON."""

    def __init__(self) -> None:
        self.stream: TextIO | None = None
        self.known: dict[str, Any] = {}

    @property
    def is_json(self) -> bool:
        """Whether log lines are JSON objects."""
        return self.stream is not None

    def say(self, level: str, message: str, **more: Any) -> None:
        """Write a line, with the time, the place, and the shot and frame that are at work."""
        assert self.stream is not None
        self.stream.write(self.line(level, message, **more) + "\n")
        self.stream.flush()

    def line(self, level: str, message: str, **more: Any) -> str:
        """Give such a line."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        told = {"time": time, "level": level, **where(), **self.known, "message": message, **more}
        return json.dumps(told, ensure_ascii=False)


log = Log()


@contextmanager
def progress_for(asked: str, *, as_json: bool, title: str) -> Iterator["OnProgress"]:
    """Give the callback that shows progress as `--progress` asks; auto is a bar, lines or what a scheduler reads."""
    from vidstyle.cli.progress import progress_display

    form = choose_format(asked)
    if form is None or (as_json and asked == "auto"):
        with progress_display(as_json=as_json, title=title) as on_progress:
            yield _noting(title, on_progress)
    else:
        yield _noting(title, SchedulerLines(form, shot=title))
    log.known.clear()


@contextmanager
def streams(log_format: str) -> Iterator[None]:
    """Within it what goes to stderr is JSON lines where `log_format` is json, and nothing trips a scheduler."""
    before = sys.stdout, sys.stderr
    guarded = in_openjd()
    if log_format == "json":
        log.stream, sys.stderr = before[1], _Lines(before[1], _as_json)
    elif guarded:
        sys.stderr = _Lines(before[1], harmless)
    if guarded:
        sys.stdout = _Lines(before[0], harmless)
    try:
        yield
    finally:
        with suppress(OSError, ValueError):  # whoever read it has gone
            sys.stdout.flush()
            sys.stderr.flush()
        sys.stdout, sys.stderr = before
        log.stream = None


def take_log_format(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[list[str], str]:
    """Take `--log-format F` out of a command line, wherever it stands; VIDSTYLE_LOG_FORMAT says the default."""
    left, log_format = list(arguments), environment.get("VIDSTYLE_LOG_FORMAT") or "text"
    for place, word in enumerate(left):
        if word == "--":
            break
        if word.startswith(f"{_OPTION}="):
            log_format = word.partition("=")[2]
            del left[place]
            break
        if word == _OPTION and place + 1 < len(left):
            log_format = left[place + 1]
            del left[place : place + 2]
            break
    return left, log_format


def say_error(error: VidstyleError, *, as_json: bool) -> None:
    """Say what went wrong, to whoever listens."""
    name, message, code = type(error).__name__, str(error), error.exit_code
    if as_json:
        typer.echo(json.dumps({"event": "error", "error": name, "message": message, "exit_code": code}))
    if in_openjd():
        typer.echo(f"openjd_fail: {' '.join(message.split())}")
    if log.is_json:
        log.say("error", message, error=name, exit_code=code)
        return
    for sentence in message.splitlines():
        typer.echo(f"vidstyle: {sentence}", err=True)


class _Lines:
    """A stream that passes on whole lines as something makes them; no terminal, so that nothing draws bars on it."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, stream: TextIO, made: Callable[[str], str]) -> None:
        self._stream, self._made = stream, made
        self._rest = ""

    def write(self, text: str) -> int:
        """Take text; what is no whole line yet waits."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._put(line)
        return len(text)

    def flush(self) -> None:
        """Pass on what waits."""
        if self._rest:
            self._put(self._rest)
            self._rest = ""
        self._stream.flush()

    def isatty(self) -> bool:
        """Never."""
        return False

    def _put(self, line: str) -> None:
        self._stream.write(self._made(line) + "\n" if line.strip() else "")
        self._stream.flush()


def _as_json(line: str) -> str:
    said = line.removeprefix("vidstyle: ")
    level = "warning" if said.startswith("warning: ") else "info"
    return log.line(level, said.removeprefix("warning: "))


def _noting(shot: str, on_progress: "OnProgress") -> "OnProgress":
    def note(progress: "Progress") -> None:
        log.known.update(shot=shot, frame=progress.frames)
        on_progress(progress)

    log.known.update(shot=shot)
    return note
