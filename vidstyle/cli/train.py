"""`vidstyle train`: learn a style from a recipe."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vidstyle.training import Progress, TrainingReport


def train(
    recipe: Annotated[Path, typer.Argument(help="The recipe, a TOML file.", show_default=False)],
    run: Annotated[
        Path | None, typer.Option("--run", help="Folder for checkpoints, log and samples. [default: runs/NAME]")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the finished style. [default: RUN/style]")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run folder's checkpoint.")] = False,
    max_minutes: Annotated[float | None, typer.Option(min=0, help="Stop, ready to resume, after so long.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    changes: Annotated[list[str] | None, typer.Option("--set", help="Change a key: schedule.steps=200.")] = None,
) -> None:
    """Train a style; an interrupted training saves a checkpoint first."""
    from vidstyle import training
    from vidstyle.devices import resolve_device

    loaded = training.load_recipe(recipe, changes or ())
    folder = run or Path("runs") / loaded.name
    report = training.train(
        loaded,
        run=folder,
        out=out,
        resume=resume,
        max_minutes=max_minutes,
        device=resolve_device(device),
        on_progress=_say_progress,
    )
    _say_end(report)
    if report.signal:
        raise typer.Exit(128 + report.signal)


def _say_progress(progress: "Progress") -> None:
    losses = "  ".join(f"{name} {value:.4f}" for name, value in progress.losses.items())
    typer.echo(f"vidstyle: step {progress.step}/{progress.steps}, {progress.minutes:.1f} min  {losses}", err=True)


def _say_end(report: "TrainingReport") -> None:
    if not report.finished:
        typer.echo(f"stopped at step {report.step}; --resume goes on from {report.folder}")
        return
    typer.echo(f"style          {report.folder}")
    for name, value in (report.figures or {}).items():
        typer.echo(f"{name:<14} {value}")
