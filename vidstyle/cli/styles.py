"""`vidstyle styles`: the gallery on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from vidstyle.cli.checkpoints import export, import_checkpoint, sheet, verify

if TYPE_CHECKING:
    from vidstyle.networks import TrainingRecord

styles = typer.Typer(help="List the styles on this machine; show, import, export or check one.", no_args_is_help=False)

styles.command("import")(import_checkpoint)
for command in (export, verify, sheet):
    styles.command()(command)

AsJson = Annotated[bool, typer.Option("--json", help="As JSON on stdout.")]


@styles.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    """List the styles on this machine, or show one."""
    if context.invoked_subcommand is None:
        list_styles()


@styles.command("list")
def list_styles(as_json: AsJson = False) -> None:
    """List the shipped styles and those in the folder that VIDSTYLE_MODELS names."""
    import json

    from vidstyle.networks import read_card, style_folders, user_models

    cards = {folder: read_card(folder) for folder in style_folders().values()}
    if as_json:
        typer.echo(json.dumps([card.model_dump(mode="json") | {"folder": str(f)} for f, card in cards.items()]))
        return
    table = Table("style", "title", "network", "licence", "stability", "folder")
    for folder, card in cards.items():
        options = ", ".join(f"{key} {value}" for key, value in card.generator.options.items())
        network = f"{card.generator.name} ({options})"
        table.add_row(card.name, card.title, network, card.licence, f"{card.stability:g}", str(folder))
    Console().print(table)
    typer.echo(f"Your own styles go into {user_models()}; `vidstyle styles show NAME` tells more of one.")


@styles.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What the style will be called.")],
    image: Annotated[Path, typer.Option(help="The picture to draw in the look of.", show_default=False)],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a style of this name.")] = False,
) -> None:
    """Keep the look of a picture as a style with a name, so that it can go with an edit."""
    from vidstyle.networks import load_style, read_style, save_style
    from vidstyle.networks.checkpoints.placing import free_place, whole_style
    from vidstyle.networks.checkpoints.proof import write_golden
    from vidstyle.training.sheet import write_style_sheet

    folder = free_place(name, overwrite=overwrite)
    made = load_style(f"image:{image}")
    with whole_style(folder) as filling:
        save_style(filling, made.card.model_copy(update={"name": name}), made.generator)
        write_golden(read_style(filling))
        write_style_sheet(filling / "sheet.jpg", made, ())
    typer.echo(f"{name}: in {folder}; look at its sheet.jpg, then: vidstyle stylize SHOT -o OUT --style {name}")


@styles.command("show")
def show(name: Annotated[str, typer.Argument(help="A style's name or folder.")], as_json: AsJson = False) -> None:
    """Show a style's card, where its contact sheet is, and whether its weights are whole."""
    from vidstyle.networks import load_style

    style = load_style(name)
    if as_json:
        typer.echo(style.card.model_dump_json(indent=2))
        return
    card = style.card
    typer.echo(f"{card.name}: {card.title}\n\n{card.description}\n")
    if card.limits:
        typer.echo(f"Where it fails: {card.limits}\n")
    if card.adjustable:
        typer.echo("Strength       drawn by the network itself (adjustable)")
    typer.echo(f"Licence        {card.licence}")
    typer.echo(f"Folder         {style.folder}")
    typer.echo(f"Contact sheet  {style.sheet or 'none'}")
    typer.echo(f"Weights        SHA-256 {card.sha256} (checked)")
    if card.provenance:
        record = card.provenance
        typer.echo(f"Imported from  {record.file}, {record.kind}, layout {record.layout}, SHA-256 {record.sha256}")
    if card.training:
        _say_training(card.training)


def _say_training(record: "TrainingRecord") -> None:
    typer.echo(f"Trained        {record.steps} steps, {record.minutes:.0f} minutes on {record.device}, {record.mode}")
    for source in record.data:
        typer.echo(f"  data         {source.name}: {source.pictures} pictures, {source.licence}, {source.source}")
    for figure, value in record.figures.items():
        typer.echo(f"  figure       {figure} {value:g}")
