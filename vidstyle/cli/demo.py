"""`vidstyle demo`: a shot from code alone, stylized."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vidstyle.demo import DemoResult


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder for the files.")] = Path("vidstyle-demo"),
    style: Annotated[str, typer.Option(help="A style's name or folder, or all: every one in a labelled grid.")] = "ink",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what an earlier demo left.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Progress and result as JSON lines on stdout.")] = False,
) -> None:
    """Paint a 5-second shot with sound, stylize it, and compare the two; downloads nothing."""
    from vidstyle.cli.progress import progress_display
    from vidstyle.demo import run_demo

    def say(step: str) -> None:
        typer.echo(f"vidstyle: {step} …", err=True)

    with progress_display(as_json=as_json, title=style) as on_progress:
        result = run_demo(out, style=style, overwrite=overwrite, on_progress=on_progress, on_step=say)
    _say(result, as_json=as_json)


def _say(result: "DemoResult", *, as_json: bool) -> None:
    if as_json:
        typer.echo('{"event": "result", "demo": ' + result.model_dump_json() + "}")
        return
    for warning in dict.fromkeys(warning for report in result.reports for warning in report.warnings):
        typer.echo(f"vidstyle: warning: {warning}", err=True)
    typer.echo(f"source         {result.source}")
    for report in result.reports:
        told = f"{report.written} frames in {report.seconds:.1f} s on {report.device}: {report.fps:.2f} fps"
        typer.echo(f"stylized       {report.target}  ({told})")
    typer.echo(f"together       {result.together}")
    typer.echo(f"contact sheet  {result.contact_sheet}")
    typer.echo("Next: vidstyle stylize YOUR_CLIP.mp4 -o stylized.mp4")
