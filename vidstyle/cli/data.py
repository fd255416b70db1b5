"""`vidstyle data prepare`: folders of pictures and clips → checked datasets."""

import sys
from pathlib import Path
from typing import Annotated

import typer

data = typer.Typer(help="Material to learn from.", no_args_is_help=True)


@data.callback()
def _group() -> None:
    """Material to learn from."""


@data.command()
def prepare(
    folder: Annotated[Path, typer.Argument(help="A folder of pictures and clips.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="The dataset's folder, a new one.", show_default=False)],
    licence: Annotated[str, typer.Option(help="Of the material, as an SPDX expression.")] = "LicenseRef-unknown",
    source: Annotated[
        str, typer.Option(help="Where it comes from, for attribution. [default: the folder's name]")
    ] = "",
    side: Annotated[int, typer.Option(help="Short side of the pictures, pixels.")] = 360,
    every: Annotated[int, typer.Option(help="Of a clip, frames from one sample to the next.")] = 24,
    frames: Annotated[int, typer.Option(help="Consecutive frames of a sample, with their flow; 1: stills only.")] = 3,
    shares: Annotated[str, typer.Option(help="Hundredths for train, validation and test.")] = "80,10,10",
    seed: Annotated[int, typer.Option(help="Chooses which file goes where.")] = 0,
) -> None:
    """Decode, check, resize and divide pictures and clips; broken, dark, small and repeated ones are left out."""
    from vidstyle.config import validate
    from vidstyle.training.datasets.prepare import SHEET, PrepareConfig, prepare

    settings = {"side": side, "every": every, "frames": frames, "shares": _numbers(shares), "seed": seed}
    config = validate(PrepareConfig, settings)
    with _Telling() as tell:
        made = prepare(folder, out, config, name=out.name, licence=licence, source=source or folder.name, on_found=tell)
    counts = ", ".join(f"{count} {split}" for split, count in made.counts().items())
    typer.echo(f"pictures       {len(made.pictures)} ({counts})")
    typer.echo(f"sequences      {len(made.sequences)}")
    typer.echo(f"left out       {len(made.dropped)}")
    for dropped in made.dropped[:10]:
        typer.echo(f"  {dropped.origin.file}: {dropped.reason}")
    typer.echo(f"dataset        {out}; look at {out / SHEET} before you train")


def _numbers(text: str) -> tuple[int, ...]:
    from vidstyle.errors import ConfigError

    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise ConfigError(f"--shares {text!r} is not three numbers such as 80,10,10", key="shares") from error


class _Telling:
    """One line on a terminal that grows; elsewhere one line every hundred pictures."""

    def __enter__(self) -> "_Telling":
        self._live, self._last = sys.stderr.isatty(), 0
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            typer.echo(err=True)

    def __call__(self, kept: int, dropped: int) -> None:
        if self._live:
            typer.echo(f"\r{kept} pictures, {dropped} left out", err=True, nl=False)
        elif kept >= self._last + 100:
            self._last = kept
            typer.echo(f"vidstyle: {kept} pictures, {dropped} left out", err=True)
