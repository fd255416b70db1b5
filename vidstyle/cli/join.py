"""`vidstyle join`: one clip of the parts that a farm rendered."""

import json
from pathlib import Path
from typing import Annotated

import typer


def join(
    out: Annotated[Path, typer.Option("--out", "-o", help="The clip or sequence to make of the parts.")],
    parts: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PART]…", help="Parts, or folders of them [default: those of --out's name beside it]."),
    ] = None,
    source: Annotated[Path | None, typer.Option(help="Where the source is now [default: where it was].")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing target.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The result as a JSON line on stdout.")] = False,
) -> None:
    """Join the parts of a shot without encoding anew, and copy the sound and what else the source has beside them.

    Each part has its record beside it; parts that leave a gap, overlap, or were made with other settings are refused.
    """
    from vidstyle.farm.joining import find_parts, join_parts

    records = find_parts(parts or [], out)
    done, warnings = join_parts(records, out, source=source, overwrite=overwrite)
    if as_json:
        told = {"event": "joined" if done else "skipped", "target": str(out), "parts": len(records)}
        typer.echo(json.dumps(told | {"warnings": warnings}))
        return
    for warning in warnings:
        typer.echo(f"vidstyle: warning: {warning}", err=True)
    typer.echo(f"{out}: {len(records)} parts" + ("" if done else ", joined before"))
