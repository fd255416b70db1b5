"""`vidstyle tune`: a style learns to hold still on one shot."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer


def tune(
    style: Annotated[str, typer.Argument(help="A style's name or folder.", show_default=False)],
    shot: Annotated[Path, typer.Argument(help="The clip to tune it on.", show_default=False)],
    minutes: Annotated[float, typer.Option(min=0.01, help="How long to learn.")] = 10.0,
    name: Annotated[str | None, typer.Option(help="The new style's name. [default: STYLE-SHOT]")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Its folder. [default: among the user's styles]")
    ] = None,
    frames: Annotated[
        str | None, typer.Option(help="Frame numbers A-B, B not included [default: the first 120].")
    ] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Of TuneConfig.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
) -> None:
    """Tune a style on one shot, so that it flickers less by itself and less is left to blend; the look is kept."""
    from vidstyle.config import compose
    from vidstyle.errors import TargetError
    from vidstyle.frames import Span
    from vidstyle.networks import load_style, user_models
    from vidstyle.training.tune import TuneConfig
    from vidstyle.training.tune import tune as tune_style

    loaded = load_style(style)
    span = Span.parse(frames) if frames else Span()
    flags = {"minutes": minutes, "frames": span.stop - span.start if span.stop else None}
    config = compose(TuneConfig, {}, overrides=settings or (), flags=flags)
    called = name or f"{loaded.card.name}-{_word(shot.stem)}"
    folder = out or user_models() / called
    if folder.exists() and not overwrite:
        raise TargetError(f"{folder} is there already; choose another --name or say --overwrite", path=folder)
    found = tune_style(loaded, shot, folder, config, name=called, span=span, on_progress=_Lines())
    before, after = found.before, found.after
    typer.echo(f"E_warp alone   {before.alone} → {after.alone} (1e-5), the source {before.source}")
    typer.echo(f"  10 apart     {before.alone_far} → {after.alone_far}, the source {before.source_far}")
    typer.echo(f"  blended      {before.blended} → {after.blended}")
    typer.echo(f"sharpness      {found.sharpness:.3f} of what it was; {found.distance:.1f} codes from the old look")
    typer.echo(f"style          {folder}, {found.steps} steps, {found.share:.0%} of the way")
    typer.echo(f"next           vidstyle stylize {shot} --style {folder} -o OUT")


def _word(text: str) -> str:
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text.lower())
    return kept.strip("-") or "shot"


class _Lines:
    """Says how far it is every few seconds; on a terminal in one line."""

    def __init__(self) -> None:
        self._last = float("-inf")

    def __call__(self, step: int, share: float, losses: dict[str, float]) -> None:
        now = time.monotonic()
        if now - self._last < (1 if sys.stderr.isatty() else 10) and share < 1:
            return
        self._last = now
        told = "  ".join(f"{name} {value:.4f}" for name, value in losses.items())
        live = sys.stderr.isatty()
        typer.echo(f"{chr(13) if live else ''}vidstyle: step {step}, {share:.0%}  {told}", err=True, nl=not live)
        if live and share >= 1:
            typer.echo(err=True)
