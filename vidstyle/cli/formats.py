"""`vidstyle formats`: the presets, the encoders with their containers and profiles, and the pictures of sequences."""

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from vidstyle.media import Availability, EncoderPreset


def formats(as_json: Annotated[bool, typer.Option("--json", help="As JSON on stdout.")] = False) -> None:
    """List what can be written: presets for --preset, encoders for --encoder, pictures."""
    from vidstyle.media import ENCODERS, PICTURE_FORMATS, PRESETS, available_encoders

    presets = [PRESETS.get(name) for name in PRESETS.names()]
    encoders = [(ENCODERS.get(found.name), found) for found in available_encoders()]
    if as_json:
        told = {
            "presets": [
                {"name": one.name, "suffix": one.suffix, "purpose": one.purpose, "settings": dict(one.settings)}
                for one in presets
            ],
            "encoders": [_facts(encoder, found) for encoder, found in encoders],
            "pictures": {suffix: list(depths) for suffix, depths in PICTURE_FORMATS.items()},
        }
        typer.echo(json.dumps(told, indent=2))
        return
    table = _table("Presets", "--preset", "usual suffix", "what for")
    for one in presets:
        table.add_row(one.name, one.suffix, one.purpose)
    Console().print(table)
    table = _table("Encoders", "--encoder", "into", "profiles", "here")
    for encoder, found in encoders:
        opens = "[green]opens[/green]" if found.opens else f"[red]{escape(found.reason)}[/red]"
        table.add_row(encoder.name, ", ".join(encoder.formats), ", ".join(encoder.profiles), opens)
    Console().print(table)
    table = _table("Pictures", "shot.####", "pixel formats")
    for suffix, depths in PICTURE_FORMATS.items():
        table.add_row(suffix, ", ".join(depths))
    Console().print(table)


def _facts(encoder: "EncoderPreset", found: "Availability") -> dict[str, object]:
    return {
        "name": encoder.name,
        "codec": encoder.codec,
        "containers": encoder.formats,
        "profiles": list(encoder.profiles),
        "opens": found.opens,
        "reason": found.reason,
    }


def _table(title: str, *columns: str) -> Table:
    table = Table(*columns, title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    table.columns[0].no_wrap = True
    return table
