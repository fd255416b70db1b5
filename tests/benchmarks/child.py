"""Runs the command line in a child process that may crash or hang, as hostile files make decoders do.

with Child() as child:
    ended = child.run(["probe", "shot.mp4"], seconds=60)
"""

import multiprocessing
import os
import signal
import tempfile
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType

_CONTEXT = multiprocessing.get_context("spawn")
UNEXPECTED = 1  # the exit code of Python on an exception that nobody caught


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, minus the signal that killed it, None where it hung; what it printed."""

    code: int | None
    output: str

    @property
    def lines(self) -> list[str]:
        """What it said, without warnings and the progress."""
        said = [line for line in self.output.splitlines() if line.startswith("vidstyle: ")]
        return [line for line in said if "warning: " not in line and " frames, " not in line]

    @property
    def is_clean(self) -> bool:
        """True where it succeeded, or refused in one clear line with one of our exit codes."""
        if self.code is None or "Traceback" in self.output:
            return False
        return self.code == 0 or (self.code in OURS and len(self.lines) == 1)


OURS = {65, 66, 73, 74, 75, 78, 79}


class Child:
    """One child process, started again when a command killed it; a context manager."""

    def __enter__(self) -> "Child":
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def run(self, arguments: list[str], *, seconds: float) -> Ended:
        """Run one command of vidstyle, at most `seconds` long."""
        try:
            self._pipe.send(arguments)
            if not self._pipe.poll(seconds):
                self._stop()
                self._start()
                return Ended(None, f"hung for {seconds:.0f} s")
            code, output = self._pipe.recv()
        except (EOFError, OSError):  # the child is dead
            self._process.join(10)
            ended = Ended(self._process.exitcode or -signal.SIGABRT, "the process died")
            self._start()
            return ended
        return Ended(code, output)

    def _start(self) -> None:
        self._pipe, far = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_serve, args=(far,), daemon=True)
        self._process.start()
        far.close()
        self._pipe.recv()  # no watchdog while it imports

    def _stop(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _serve(pipe: Connection) -> None:
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import vidstyle.pipeline  # noqa: PLC0415 (after the environment)
    from vidstyle.cli import run  # noqa: PLC0415

    pipe.send(vidstyle.__version__)
    while True:
        try:
            arguments = pipe.recv()
        except EOFError:
            return
        with tempfile.TemporaryFile() as said:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            try:
                code = run(arguments)
            except BaseException:  # what nobody caught is what is looked for
                code = UNEXPECTED
                os.write(2, traceback.format_exc().encode())
            _flush()
            said.seek(0)
            pipe.send((code, said.read().decode(errors="replace")))


def _flush() -> None:
    import sys  # noqa: PLC0415

    for stream in (sys.stdout, sys.stderr):
        stream.flush()


def leftovers(folder: Path, *expected: Path) -> list[str]:
    """Names in `folder` that should not be there."""
    return sorted(path.name for path in folder.iterdir() if path not in expected)
