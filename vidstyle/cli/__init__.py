"""The command line: each command is a skin over one function of the library."""

import json
import os
import signal
import sys
from collections.abc import Sequence
from itertools import pairwise
from types import FrameType
from typing import Annotated, NoReturn

import typer

from vidstyle import __version__
from vidstyle.cli.batch import batch
from vidstyle.cli.data import data
from vidstyle.cli.demo import demo
from vidstyle.cli.doctor import doctor
from vidstyle.cli.formats import formats
from vidstyle.cli.measure import measure
from vidstyle.cli.probe import probe
from vidstyle.cli.report import report
from vidstyle.cli.styles import styles
from vidstyle.cli.stylize import stylize
from vidstyle.cli.train import train
from vidstyle.cli.tune import tune
from vidstyle.cli.verify import verify
from vidstyle.errors import VidstyleError

app = typer.Typer(
    name="vidstyle",
    help="Stylizes film and video so that it holds still.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (stylize, batch, measure, probe, formats, doctor, demo, tune, report, verify):
    app.command()(command)
app.add_typer(styles, name="styles")
app.add_typer(data, name="data")
app.add_typer(train, name="train")


class Stopped(BaseException):
    """SIGINT or SIGTERM came: unwind, so that every context manager cleans up. `code` is 128 + the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.code = 128 + number


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """Stylizes film and video so that it holds still."""
    if version:
        typer.echo(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> NoReturn:
    """Run the command line and end with its exit code."""
    # Read by OpenMP when torch is first imported. By default its threads spin while they wait and so take the cores
    # from decoder, flow and encoder; asleep, they made a generator beside a busy thread 2 to 3 times faster.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # ignored by whoever started us: nohup, a shell's `&`
            signal.signal(number, _stop)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code, drawn in `vidstyle.errors`."""
    try:
        app(list(arguments))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except VidstyleError as error:
        _say_error(error, as_json=_wants_lines(arguments))
        return error.exit_code
    except Stopped as stopped:
        typer.echo(f"vidstyle: stopped by {stopped}; nothing was left under the target's name", err=True)
        return stopped.code
    return 0


def _wants_lines(arguments: Sequence[str]) -> bool:
    """Whether stdout takes JSON lines; `measure` has a file after --json, or - for stdout."""
    if arguments[:1] == ["measure"]:
        return "--json=-" in arguments or ("--json", "-") in pairwise(arguments)
    return "--json" in arguments


def _say_error(error: VidstyleError, *, as_json: bool) -> None:
    if as_json:
        line = {"event": "error", "error": type(error).__name__, "message": str(error), "exit_code": error.exit_code}
        typer.echo(json.dumps(line))
    for sentence in str(error).splitlines():
        typer.echo(f"vidstyle: {sentence}", err=True)


def _stop(number: int, _frame: FrameType | None) -> None:
    # A second signal must not break the cleaning up that the first one began.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise Stopped(number)
