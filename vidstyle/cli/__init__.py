"""The command line: each command is a skin over one function of the library."""

import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, NoReturn

import typer

from vidstyle import __version__
from vidstyle.cli.batch import batch
from vidstyle.cli.data import data
from vidstyle.cli.demo import demo
from vidstyle.cli.doctor import doctor
from vidstyle.cli.farm import farm
from vidstyle.cli.formats import formats
from vidstyle.cli.join import join
from vidstyle.cli.measure import measure
from vidstyle.cli.probe import probe
from vidstyle.cli.report import report
from vidstyle.cli.studio import studio
from vidstyle.cli.styles import styles
from vidstyle.cli.stylize import stylize
from vidstyle.cli.telling import say_error, streams, take_log_format
from vidstyle.cli.train import train
from vidstyle.cli.tune import tune
from vidstyle.cli.verify import verify
from vidstyle.errors import VidstyleError
from vidstyle.stopping import Stopped, heed_signals

_USAGE = 2  # exit code of a command line that can't be read

app = typer.Typer(
    name="vidstyle",
    help="Stylizes film and video so that it holds still.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (stylize, batch, join, measure, probe, formats, doctor, demo, tune, report, verify, studio):
    app.command()(command)
app.add_typer(styles, name="styles")
app.add_typer(data, name="data")
app.add_typer(farm, name="farm")
app.add_typer(train, name="train")


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
    log_format: Annotated[  # noqa: ARG001 (taken out of the command line before, wherever it stands)
        str, typer.Option(help="Of what is said on stderr, by every command: text or json.")
    ] = "text",
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
    heed_signals()
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code, drawn in `vidstyle.errors`."""
    arguments, log_format = take_log_format(arguments, os.environ)
    if log_format not in ("text", "json"):
        typer.echo(f"vidstyle: --log-format {log_format!r} is neither text nor json", err=True)
        return _USAGE
    with streams(log_format):
        try:
            app(arguments)
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 0
        except VidstyleError as error:
            say_error(error, as_json=_wants_lines(arguments))
            return error.exit_code
        except Stopped as stopped:
            typer.echo(f"vidstyle: stopped by {stopped}", err=True)
            return stopped.code
    return 0


def _wants_lines(arguments: Sequence[str]) -> bool:
    """Whether stdout takes JSON lines; `measure` has a file after --json, or - for stdout."""
    if arguments[:1] == ["measure"]:
        return "--json=-" in arguments or ("--json", "-") in pairwise(arguments)
    return "--json" in arguments
