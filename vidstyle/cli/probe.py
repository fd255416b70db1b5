"""`vidstyle probe`: what a clip holds."""

from pathlib import Path
from typing import Annotated

import typer


def probe(
    clip: Annotated[Path, typer.Argument(help="The clip or image sequence to look into.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as one JSON object.")] = False,
) -> None:
    """Say what a clip or an image sequence holds: picture, colour, sound, and what else is in the file."""
    from vidstyle import media

    info = media.probe_source(clip)
    typer.echo(info.model_dump_json(indent=2) if as_json else info.describe())
