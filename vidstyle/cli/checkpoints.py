"""`vidstyle styles import, export, verify, sheet`: networks in and out, and whether they are whole."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Name = Annotated[str, typer.Argument(help="A style's name or folder.", show_default=False)]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]


def import_checkpoint(
    path: Annotated[Path, typer.Argument(help="A file of weights, or a folder of raw tensors.", show_default=False)],
    name: Annotated[str | None, typer.Option("--name", help="The style's name. [default: from the file's]")] = None,
    layout: Annotated[str | None, typer.Option("--from", help="The layout, instead of inferring it.")] = None,
    value_range: Annotated[
        Literal["-1..1", "0..1", "0..255"] | None, typer.Option("--range", help="Values that it takes and gives.")
    ] = None,
    order: Annotated[Literal["rgb", "bgr"] | None, typer.Option("--order", help="Its channel order.")] = None,
    licence: Annotated[str | None, typer.Option("--licence", help="Of the weights, as an SPDX expression.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Make a style of somebody's checkpoint; says what it inferred, and runs none of its code."""
    from vidstyle.networks.checkpoints.importing import import_style

    made = import_style(
        path,
        name=name,
        layout=layout,
        value_range=value_range,
        channel_order=order,
        licence=licence,
        overwrite=overwrite,
    )
    card, record = made.card, made.card.provenance
    if record is not None:
        typer.echo(f"read           {record.file}, {record.kind}, SHA-256 {record.sha256}")
        typer.echo(f"layout         {record.layout}")
        for reason in record.inferred:
            typer.echo(f"  inferred     {reason}")
    options = ", ".join(f"{key} {value}" for key, value in card.generator.options.items())
    typer.echo(f"network        {card.generator.name} ({options})")
    typer.echo(f"pictures       {card.channel_order} in {card.value_range}")
    for warning in made.warnings:
        typer.echo(f"vidstyle: warning: {warning}", err=True)
    typer.echo(f"style          {made.folder}; see it with: vidstyle styles sheet {card.name} PICTURE…")


def export(
    name: Name,
    onnx: Annotated[bool, typer.Option("--onnx", help="As ONNX, opset 18, of any size.")] = False,
    torchscript: Annotated[bool, typer.Option("--torchscript", help="As TorchScript.")] = False,
    safetensors: Annotated[bool, typer.Option("--safetensors", help="As one file of weights.")] = False,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the files.")] = Path(),
    overwrite: Overwrite = False,
) -> None:
    """Write a style for other programs, its card inside, each file checked against the style."""
    from vidstyle.errors import ConfigError
    from vidstyle.networks import load_style
    from vidstyle.networks.checkpoints.exporting import SUFFIXES, Format, export_style

    wanted: dict[Format, bool] = {"onnx": onnx, "torchscript": torchscript, "safetensors": safetensors}
    if not any(wanted.values()):
        raise ConfigError("nothing to write; say --onnx, --torchscript or --safetensors", key="export")
    style = load_style(name)
    for kind in (each for each, asked in wanted.items() if asked):
        path = out / f"{style.card.name}{SUFFIXES[kind]}"
        difference = export_style(style, path, kind, overwrite=overwrite)
        typer.echo(f"{kind:<12} {path}: differs from the style by {difference:.3f} codes of 255 at most")


def verify(name: Name) -> None:
    """Check a style's card, its weights' checksum, and what it makes of the test card against its golden frame."""
    from vidstyle.errors import StyleError
    from vidstyle.networks import load_style
    from vidstyle.networks.checkpoints.proof import TOLERANCE, compare_golden, doubts

    style = load_style(name)
    typer.echo(f"card           {style.folder}: valid")
    typer.echo(f"weights        SHA-256 {style.card.sha256}: as on the card")
    difference = compare_golden(style)
    if difference is None:
        typer.echo("golden frame   none beside its weights, nothing to compare with")
    else:
        mean, worst = difference
        told = f"{mean:.2f} codes of 255 on average, {worst} at most"
        if mean > TOLERANCE[0] or worst > TOLERANCE[1]:
            message = f"style {style.card.name!r} no longer draws its golden frame: {told}; expected up to"
            raise StyleError(f"{message} {TOLERANCE[0]:g} and {TOLERANCE[1]}; import it again", style=style.card.name)
        typer.echo(f"golden frame   {told}")
    for doubt in doubts(style):
        typer.echo(f"vidstyle: warning: {doubt}", err=True)


def sheet(
    name: Name,
    pictures: Annotated[list[Path] | None, typer.Argument(help="Pictures or clips. [default: the test card]")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The sheet. [default: NAME-sheet.jpg]")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Draw a contact sheet: each picture, or a clip's middle frame, beside what the style makes of it."""
    from vidstyle.errors import TargetError
    from vidstyle.networks import load_style
    from vidstyle.training.sheet import write_style_sheet

    style = load_style(name)
    path = out or Path(f"{style.card.name}-sheet.jpg")
    if path.exists() and not overwrite:
        raise TargetError(f"{path} is there already; choose another --out or say --overwrite", path=path)
    write_style_sheet(path, style, pictures or [])
    typer.echo(f"sheet          {path}")
