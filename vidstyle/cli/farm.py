"""`vidstyle farm`: jobs for the schedulers of render farms."""

from pathlib import Path
from typing import Annotated

import typer

Text = str | None

farm = typer.Typer(help="Jobs for the schedulers of render farms.", no_args_is_help=True)


@farm.callback()
def _farm() -> None:
    """Jobs for the schedulers of render farms."""


@farm.command()
def template(
    list_file: Annotated[
        Path, typer.Argument(metavar="LIST", help="A list of shots, as `batch` reads it.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder of the results, as the farm sees it.")],
    form: Annotated[str, typer.Option("--format", help="openjd, opencue, deadline or slurm.")] = "openjd",
    to: Annotated[
        Path | None, typer.Option(help="A folder for the job's files [default: one file, on stdout].")
    ] = None,
    chunk: Annotated[int, typer.Option(min=1, help="Frames of a task, as a rule.")] = 100,
    preroll: Annotated[int | None, typer.Option(min=0, help="Frames rendered before each chunk [default: 32].")] = None,
    gpus: Annotated[int, typer.Option(min=0, help="GPUs of a task.")] = 1,
    memory: Annotated[int, typer.Option(min=1, help="GiB of memory of a task.")] = 8,
    cores: Annotated[int, typer.Option(min=1, help="CPU cores of a task.")] = 4,
    executable: Annotated[str, typer.Option(help="The program, as the farm's machines call it.")] = "vidstyle",
    source_root: Annotated[
        list[Path] | None, typer.Option(help="A folder that sources are looked for in [default: the list's].")
    ] = None,
    style: Annotated[Text, typer.Option(help="A style's name or folder [default: ink].")] = None,
    preset: Annotated[Text, typer.Option(help="review, web, master-prores, …: see `vidstyle formats`.")] = None,
    config: Annotated[Path | None, typer.Option(help="A TOML file with settings of the render.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting.")] = None,
    handles: Annotated[int, typer.Option(min=0, help="Frames beside each cut, where the source has them.")] = 8,
    name: Annotated[Text, typer.Option("--name", help="Names of the results, as `batch` has them.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only shots of this name; * and ? are wild.")] = None,
    fps: Annotated[Text, typer.Option(help="Frames per second that the list counts in.")] = None,
) -> None:
    """Write a list of shots as a job: each shot's frames in chunks, and what joins them after."""
    from vidstyle.config import compose, load_config
    from vidstyle.errors import ConfigError
    from vidstyle.farm.template import FarmConfig, farm_job, write_template
    from vidstyle.jobs.batch import plan_list
    from vidstyle.jobs.job import BatchConfig
    from vidstyle.report import write_whole
    from vidstyle.shots import ListConfig

    render = load_config(config, overrides=settings or (), flags={"style": style, "encode.preset": preset})
    how = compose(
        BatchConfig, {"handles": handles, "trial": False}, flags={"template": name, "only": tuple(only or ()) or None}
    )
    plan = plan_list(list_file, out, render, how, compose(ListConfig, {}, flags={"fps": fps}), roots=source_root or [])
    asked = {"chunk": chunk, "preroll": preroll, "gpus": gpus, "memory": memory, "cores": cores}
    job = farm_job(plan, compose(FarmConfig, {**asked, "executable": executable}))
    files = write_template(job, form)
    for warning in plan.warnings:
        typer.echo(f"vidstyle: warning: {warning}", err=True)
    if to is None:
        if form == "deadline":
            raise ConfigError(f"a job for {form} is {len(files)} files; name a folder for them with --to", key="to")
        typer.echo(next(iter(files.values())), nl=False)
        return
    to.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        write_whole(to / file, text.encode())
        typer.echo(str(to / file))
