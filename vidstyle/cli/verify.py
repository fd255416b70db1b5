"""`vidstyle verify`: is all of the source in the target?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from vidstyle.errors import GateError

if TYPE_CHECKING:
    from vidstyle.verify import Verification

_COLOURS = {"equal": "green", "differs": "red", "allowed": "yellow"}


def verify(
    out: Annotated[Path, typer.Argument(help="The clip or image sequence that was written.", show_default=False)],
    against: Annotated[Path, typer.Option(help="The clip or sequence that it was made of.")],
    report: Annotated[Path | None, typer.Option(help="The report of the render: its frames, counts, checksum.")] = None,
    allow: Annotated[
        list[str] | None, typer.Option(help="A check that may differ, such as range; may be given again.")
    ] = None,
    witness: Annotated[str | None, typer.Option(help="ffprobe or pyav [default: ffprobe where it is on PATH].")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The result as JSON on stdout.")] = False,
) -> None:
    """Check a target against its source, independently of what made it; differences end with exit code 79."""
    from vidstyle.errors import ConfigError
    from vidstyle.report import read_report
    from vidstyle.verify import verify_clip

    if witness not in (None, "ffprobe", "pyav"):
        raise ConfigError(f"--witness {witness!r} is not known; it is ffprobe or pyav", key="witness")
    told = read_report(report) if report is not None else None
    found = verify_clip(out, against, report=told, allow=allow or (), witness=witness)
    if as_json:
        typer.echo(found.model_dump_json())
    else:
        _show(found)
    if found.failures:
        raise GateError(tuple(f"{out}: {line}" for line in found.failures))


def _show(found: "Verification") -> None:
    table = Table("check", "expected", "found", "", box=None, padding=(0, 2, 0, 0))
    for check in found.checks:
        colour = _COLOURS[check.outcome]
        table.add_row(check.name, check.expected, check.found, f"[{colour}]{check.outcome}[/{colour}]")
    Console(width=110, highlight=False).print(table)
    typer.echo(f"as {found.witness} tells it")
