"""The command line: each command is a skin over one function of the library."""

import json
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Annotated, NoReturn

import click
import typer

from vidstyle import __version__
from vidstyle.cli.demo import demo
from vidstyle.cli.doctor import doctor
from vidstyle.cli.probe import probe
from vidstyle.cli.styles import styles
from vidstyle.cli.stylize import stylize
from vidstyle.cli.train import train
from vidstyle.errors import VidstyleError

INTERRUPTED, TERMINATED = 130, 143

app = typer.Typer(
    name="vidstyle",
    help="Stylizes film and video so that it holds still.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (stylize, probe, doctor, demo, train):
    app.command()(command)
app.add_typer(styles, name="styles")


class Terminated(BaseException):
    """SIGTERM came: unwind as for an interrupt, so that every context manager cleans up."""


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
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code, drawn in `vidstyle.errors`."""
    try:
        result = app(list(arguments), standalone_mode=False)
    except VidstyleError as error:
        _say_error(error, as_json="--json" in arguments)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        typer.echo("vidstyle: interrupted; nothing was left under the target's name", err=True)
        return INTERRUPTED
    except Terminated:
        typer.echo("vidstyle: terminated; nothing was left under the target's name", err=True)
        return TERMINATED
    return result if isinstance(result, int) else 0


def _say_error(error: VidstyleError, *, as_json: bool) -> None:
    if as_json:
        line = {"event": "error", "error": type(error).__name__, "message": str(error), "exit_code": error.exit_code}
        typer.echo(json.dumps(line))
    typer.echo(f"vidstyle: {error}", err=True)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated
