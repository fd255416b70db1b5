"""`vidstyle train RECIPE` learns a style, `train evaluate` tells how good it became, `train optimize` does without."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidstyle.cli.default import DefaultGroup
from vidstyle.farm.lines import SchedulerLines, choose_format

if TYPE_CHECKING:
    from vidstyle.training import Progress, TrainingReport

train = typer.Typer(
    cls=DefaultGroup.of("run"),
    help="Learn a style: vidstyle train RECIPE.toml; vidstyle train run --help tells the options.",
    no_args_is_help=True,
)


@train.command("run")
def run_recipe(
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
    as_json: Annotated[bool, typer.Option("--json", help="Progress as JSON lines on stdout.")] = False,
) -> None:
    """Train a style (the word run may be left out); an interrupted training saves a checkpoint first."""
    from vidstyle import training
    from vidstyle.devices import resolve_device

    loaded = training.load_recipe(recipe, changes or ())
    folder = run or Path("runs") / loaded.name
    with _progress(loaded.name, as_json=as_json) as on_progress:
        report = training.train(
            loaded,
            run=folder,
            out=out,
            resume=resume,
            max_minutes=max_minutes,
            device=resolve_device(device),
            on_progress=on_progress,
        )
    _say_end(report, folder)
    if report.signal:
        raise typer.Exit(128 + report.signal)


@train.command()
def evaluate(
    run: Annotated[Path, typer.Argument(help="The folder of a finished training.", show_default=False)],
    clips: Annotated[
        list[Path] | None, typer.Argument(help="Clips to measure stillness on. [default: the recipe's held-out ones]")
    ] = None,
    frames: Annotated[int, typer.Option(min=3, help="Frames of each clip.")] = 40,
    features: Annotated[
        str | None, typer.Option(help="A feature network, for content, gram and kid: a file, or torchvision:vgg19.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Where to write the page. [default: RUN/page.html]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The figures as JSON on stdout.")] = False,
) -> None:
    """Tell how good a training's style is: figures, stillness on held-out clips, and a page with curves and sheets."""
    from vidstyle.report import write_whole
    from vidstyle.training.assess import assess
    from vidstyle.training.page import write_page

    found = assess(
        run,
        clips=tuple(clips or ()),
        frames=frames,
        features=features,
        on_clip=lambda name: typer.echo(f"vidstyle: measuring {name}", err=True),
    )
    page = html or run / "page.html"
    write_whole(page, write_page(run, found).encode())
    if as_json:
        typer.echo(found.model_dump_json())
        return
    typer.echo(f"best           step {found.best} of {found.steps}")
    for name, value in found.held_out.items():
        typer.echo(f"{name:<14} {value:g} held out, {found.learned[name]:g} learned")
    for clip in found.clips:
        typer.echo(
            f"{clip.clip}: E_warp {clip.alone} alone, {clip.blended} blended, {clip.source} source (1e-5); "
            f"{clip.alone_far}, {clip.blended_far}, {clip.source_far} far; sharpness {clip.sharpness}"
        )
    if found.over_fits:
        typer.echo(f"vidstyle: warning: over-fitted, {found.over_fitting:.2f} times the learned score", err=True)
    typer.echo(f"page           {page}")


@train.command("optimize")
def optimize_picture(
    content: Annotated[Path, typer.Argument(help="A picture, or a clip: its middle frame.", show_default=False)],
    style: Annotated[Path, typer.Argument(help="The work that it shall look like.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="The picture to write.", show_default=False)],
    features: Annotated[
        str, typer.Option(help="A feature network: a file, or torchvision:vgg19 (is downloaded).", show_default=False)
    ],
    steps: Annotated[int, typer.Option(min=1, help="Iterations.")] = 200,
    side: Annotated[int, typer.Option(min=32, help="Short side of the result, pixels.")] = 384,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Of OptimizeConfig.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
) -> None:
    """Give one picture the look of one work by optimization: slow, and what fast networks are measured against."""
    from vidstyle.config import compose
    from vidstyle.devices import resolve_device
    from vidstyle.networks import load_features
    from vidstyle.training.optimize import OptimizeConfig, optimize, require_suffix, write_picture
    from vidstyle.training.sheet import middle_frame

    config = compose(OptimizeConfig, {"steps": steps, "side": side}, overrides=settings or ())
    require_suffix(out)
    where = resolve_device(device)
    eyes = load_features(features).to(where)
    picture, work = (middle_frame(path).to(where) for path in (content, style))

    def say(step: int, losses: dict[str, float]) -> None:
        if step % 10 == 0 or step == config.steps:
            told = "  ".join(f"{name} {value:.4f}" for name, value in losses.items())
            typer.echo(f"vidstyle: step {step}/{config.steps}, {told}", err=True)

    write_picture(out, optimize(picture, work, eyes, config, on_progress=say).cpu())
    typer.echo(f"picture        {out}")


@contextmanager
def _progress(name: str, *, as_json: bool) -> Iterator[Callable[["Progress"], None]]:
    """A bar on a terminal, a line every ten seconds elsewhere, or what a scheduler reads."""
    if as_json:
        yield _say_json
        return
    if (form := choose_format("auto")) is not None:
        yield _say_to_scheduler(form, name)
        return
    if not sys.stderr.isatty():
        yield _say_line
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[told]}"))
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(name, total=None, told="")

        def show(progress: "Progress") -> None:
            bar.update(task, completed=progress.step, total=progress.steps, told=_told(progress))

        yield show


def _say_to_scheduler(form: str, name: str) -> Callable[["Progress"], None]:
    from vidstyle.progress import Progress as Steps

    lines = SchedulerLines(form, shot=name)
    return lambda progress: lines(Steps(progress.step, progress.steps, progress.minutes * 60))


def _say_json(progress: "Progress") -> None:
    line = {"event": "progress", "step": progress.step, "steps": progress.steps, "minutes": round(progress.minutes, 2)}
    typer.echo(json.dumps(line | {"remaining_minutes": progress.remaining, "losses": progress.losses}))


def _say_line(progress: "Progress") -> None:
    typer.echo(f"vidstyle: step {progress.step}/{progress.steps}, {_told(progress)}", err=True)


def _told(progress: "Progress") -> str:
    if not progress.losses:
        return "taking in the material"
    left = "" if progress.remaining is None else f", {progress.remaining:.0f} min left"
    losses = "  ".join(f"{name} {value:.4f}" for name, value in progress.losses.items())
    return f"{progress.minutes:.1f} min{left}  {losses}"


def _say_end(report: "TrainingReport", run: Path) -> None:
    if not report.finished:
        typer.echo(f"stopped at step {report.step}; --resume goes on from {report.folder}")
        return
    typer.echo(f"style          {report.folder}, of step {report.best}")
    for name, value in (report.figures or {}).items():
        typer.echo(f"{name:<14} {value}")
    typer.echo(f"next           vidstyle train evaluate {run}")
