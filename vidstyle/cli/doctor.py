"""`vidstyle doctor`: what is here, what is not, and what each absence costs; how fast it renders."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from vidstyle.doctor import Device, Diagnosis, Finding
    from vidstyle.trials import Trial

_GIB = 1 << 30
_NO_BREAK = "\N{NO-BREAK SPACE}"


def doctor(
    benchmark: Annotated[
        Path | None,
        typer.Option(help="Render the beginning of this clip at several settings, for about a minute, and compare."),
    ] = None,
    style: Annotated[str, typer.Option(help="The style to do that in.")] = "ink",
    device: Annotated[str, typer.Option(help="The device to do that on: auto, cpu, cuda or cuda:N.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON on stdout.")] = False,
) -> None:
    """Examine this machine: versions, devices, codecs that really open, styles; and what each absence costs."""
    from vidstyle.doctor import examine

    if benchmark is not None:
        _benchmark(benchmark, style, device, as_json=as_json)
        return
    diagnosis = examine()
    if as_json:
        typer.echo(diagnosis.model_dump_json(indent=2))
    else:
        _say(diagnosis)
    if diagnosis.exit_code:
        raise typer.Exit(diagnosis.exit_code)


def _benchmark(clip: Path, style: str, device: str, *, as_json: bool) -> None:
    from vidstyle.trials import command_of, try_settings

    trials = try_settings(clip, style, device=device, on_trial=None if as_json else _say_trial)
    if as_json:
        typer.echo(trials.model_dump_json(indent=2))
        return
    typer.echo(f"\n{trials.clip.name}, {trials.size}. Fastest with the default's pictures:")
    typer.echo(f"  {command_of(trials, trials.best)}")
    if trials.fastest != trials.best:
        typer.echo(f"Fastest of all:\n  {command_of(trials, trials.fastest)}")


def _say_trial(trial: "Trial") -> None:
    found = trial.problem or f"{trial.pictures}; {trial.backend}, {trial.start:.1f} s to start"
    typer.echo(f"{trial.fps:8.2f} fps  {trial.setting}: {found}")


def _say(diagnosis: "Diagnosis") -> None:
    console = Console()
    console.print(_table(diagnosis))
    if diagnosis.advice:
        console.print("\nWhat is not here, and what it costs:", style="bold")
    for sentence in diagnosis.advice:
        console.print(f"  • {escape(sentence)}", highlight=False, soft_wrap=True)
    verdict = "This machine can't stylize a clip yet." if diagnosis.exit_code else "This machine can stylize clips."
    console.print(f"\n{verdict}", style="bold red" if diagnosis.exit_code else "bold green")


def _table(diagnosis: "Diagnosis") -> Table:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    torch = diagnosis.torch
    table.add_row("vidstyle", f"{diagnosis.vidstyle}, Python {diagnosis.python}")
    table.add_row("platform", f"{escape(diagnosis.platform)}, {diagnosis.cores} cores")
    table.add_row("torch", f"{torch.version} ({torch.build}), {torch.threads} threads, {torch.cpu_capability}")
    table.add_row("packages", ", ".join(f"{name} {found}" for name, found in diagnosis.packages.items()))
    table.add_row("FFmpeg in PyAV", ", ".join(f"{name} {found}" for name, found in diagnosis.ffmpeg.items()))
    for device in diagnosis.devices:
        table.add_row("device", _device(device))
    table.add_row("encoders", _marks(diagnosis.encoders))
    table.add_row("decoders", _marks(diagnosis.decoders))
    table.add_row("on a GPU", _marks(diagnosis.acceleration))
    table.add_row("on PATH", _marks(diagnosis.programs))
    table.add_row("extras", _marks(diagnosis.extras) or "none declared")
    table.add_row("styles", _marks(diagnosis.styles) or "[red]none[/red]")
    table.add_row("disk", f"{diagnosis.disk_free / _GIB:.1f} GiB free here")
    return table


def _device(device: "Device") -> str:
    parts = [f"{device.name}: {escape(device.title)}"]
    if device.memory is not None:
        parts.append(f"{device.memory / _GIB:.1f} GiB")
    if device.free is not None:
        parts.append(f"{device.free / _GIB:.1f} GiB free")
    return ", ".join(parts)


def _marks(findings: Iterable["Finding"]) -> str:
    return "  ".join(
        f"[green]✓[/green]{_NO_BREAK}{escape(each.name)}"
        if each.there
        else f"[red]✗{_NO_BREAK}{escape(each.name)}[/red]"
        for each in findings
    )
