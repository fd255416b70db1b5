"""`vidstyle report`: what a report says, and what any report may say."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from vidstyle.errors import ConfigError

if TYPE_CHECKING:
    from vidstyle.media.outcome import Outcome


def report(
    file: Annotated[Path | None, typer.Argument(help="A report that `stylize --report` wrote.")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of reports.")] = False,
) -> None:
    """Read a report, or print the schema that every report follows."""
    from vidstyle.report import read_report, report_schema

    if schema:
        typer.echo(json.dumps(report_schema(), indent=2))
        return
    if file is None:
        raise ConfigError("no report is named; write vidstyle report FILE, or --schema", key="report")
    found = read_report(file)
    typer.echo(f"{found.source} -> {found.target}: {found.status}")
    typer.echo(
        f"  {found.decoded} frames decoded ({found.concealed} concealed, {found.dropped} packets dropped), "
        f"{found.written} written ({found.resumed} by an earlier run), {found.seconds:.1f} s"
    )
    typer.echo(f"  style {found.style} {found.style_sha256[:12]}…, encoder {found.encoder}, on {found.device}")
    if found.outcome is not None:
        _say_outcome(found.outcome)
    for warning in found.warnings:
        typer.echo(f"  warning: {warning}")


def _say_outcome(outcome: "Outcome") -> None:
    table = Table("stream", "kind", "codec", "outcome", "packets", box=None, padding=(0, 2, 0, 0))
    for stream in outcome.streams:
        became = stream.codec if stream.became in ("", stream.codec) else f"{stream.codec} -> {stream.became}"
        packets = "" if stream.packets is None else str(stream.packets)
        table.add_row(f"  #{stream.index}", stream.kind, became, stream.outcome, packets)
    Console(width=100, highlight=False).print(table)
    before, after = outcome.audio_offset_in, outcome.audio_offset_out
    if before is not None:
        typer.echo(f"  sound begins {before} s after the picture, in the target {after} s")
    typer.echo(f"  {outcome.bytes} bytes, sha256 {outcome.sha256}")
