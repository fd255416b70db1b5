"""Fine-tuning a style on one shot, so that it flickers less by itself."""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from vidstyle.errors import TrainingError
from vidstyle.frames import FrameBatch, Span
from vidstyle.motion import Flow
from vidstyle.networks import Padding, RecurrentGenerator, Style, StyleCard, save_style
from vidstyle.training.film import ClipFigures, film_frames, measure_film
from vidstyle.training.losses import crispness_loss, edge_loss, warping_loss
from vidstyle.training.section import Section
from vidstyle.training.statistics import WholeFrames
from vidstyle.training.takes import Take, take

_FEWEST = 10  # frames: fewer show no motion worth learning from
_WARM = 20  # steps until the full rate: Adam's first ones know no scale


class TuneConfig(Section):
    """How a style is tuned, and how far it may go."""

    minutes: float = Field(default=10.0, gt=0, description="wall-clock time of the optimization")
    steps: int | None = Field(default=None, ge=1, description="take so many steps instead, however long")
    size: int = Field(
        default=192, ge=64, multiple_of=32, description="side of the windows that are learned from, pixels"
    )
    side: int = Field(default=240, ge=64, description="short side that the shot is reduced to, pixels")
    frames: int = Field(
        default=60, ge=_FEWEST, description="frames of the shot that are looked at, from the span's start"
    )
    rate: float = Field(default=1e-3, gt=0, description="Adam's rate, falling to zero over the time")
    l1: float = Field(default=1.0, ge=0, description="distance to the blended pictures")
    edges: float = Field(default=1.0, ge=0, description="distance of the finite differences: keeps strokes sharp")
    short: float = Field(default=8.0, ge=0, description="warping loss between neighbours")
    crispness: float = Field(default=0.3, ge=0, description="distance of the highest steps to the style's, and grain")
    refresh: int = Field(default=150, ge=1, description="steps between two looks at the whole frames")
    sharpness: float = Field(
        default=0.95, gt=0, le=1, description="least sharpness relative to the style as it was; its inverse is the most"
    )
    distance: float = Field(default=24.0, gt=0, description="largest mean distance to the style's frames, codes of 255")
    seed: int = Field(default=0, ge=0)


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a tuning came to.

    Convention: `share` is how far the weights went from the style's own (0) to the tuned ones (1); `sharpness` is the
    Laplacian variance of single frames relative to the style as it was; `distance` the mean difference to its frames,
    codes of 255; `before` and `after` are the shot's figures.
    """

    folder: Path
    steps: int
    share: float
    sharpness: float
    distance: float
    before: ClipFigures
    after: ClipFigures


Tell = Callable[[int, float, dict[str, float]], None]


def tune(
    style: Style,
    shot: Path,
    out: Path,
    config: TuneConfig,
    *,
    name: str,
    span: Span | None = None,
    on_progress: Tell = lambda _step, _share, _losses: None,
) -> Tuned:
    """Teach `style` to draw the frames of `shot` as the blend in two passes makes them, and save it as another style.

    The blend is the teacher: it knows the past and the future of a frame, the generator learns to do without. How far
    the new weights are taken is decided on the shot: as far as sharpness and distance allow.

    Raises:
        TrainingError: the style remembers frames or takes a strength, or can't be tuned without losing its look.
        ClipError: the shot can't be read.
    """
    if isinstance(style.generator, RecurrentGenerator) or style.card.adjustable or not _learns(style.generator):
        message = f"style {style.card.name!r} can't be tuned: its generator remembers frames, takes a strength (others "
        raise TrainingError(f"{message}would go astray), or has no weights of ours", recipe=style.card.name)
    start = span.start if span is not None else 0
    frames = film_frames(shot, start=start, frames=config.frames, side=config.side)
    if len(frames) < _FEWEST:
        message = f"{shot} has {len(frames)} frames; at least {_FEWEST} are needed to learn stillness"
        raise TrainingError(message, recipe=style.card.name)
    tuned = copy.deepcopy(style.generator).train().requires_grad_(True)
    steps = _optimize(tuned, style, take(style, frames), config, on_progress)
    count = min(40, len(frames))
    before = measure_film(style, shot, start=start, frames=count, side=config.side)
    share, sharpness, distance, after, chosen = _farthest(style, tuned, shot, frames, before, config, start)
    card = style.card.model_copy(update={"name": name, "description": _told(style.card, shot)})
    save_style(out, card, chosen)
    return Tuned(out, steps, share, sharpness, distance, before, after)


def _optimize(generator: nn.Module, style: Style, shown: Take, config: TuneConfig, tell: Tell) -> int:
    rng = np.random.default_rng(config.seed)
    adam = torch.optim.Adam(generator.parameters(), lr=config.rate, betas=(0.9, 0.99))
    whole = WholeFrames(generator)
    started, step, share = time.monotonic(), 0, 0.0
    while share < 1:
        if step % config.refresh == 0:
            _look(generator, style, shown, whole)
        adam.param_groups[0]["lr"] = config.rate * (1 - share) * min(1.0, (step + 1) / _WARM)
        losses = _losses(generator, style, shown, whole, config, rng)
        adam.zero_grad(set_to_none=True)
        total = torch.stack(list(losses.values())).sum()
        if not torch.isfinite(total):
            raise TrainingError(f"tuning diverged at step {step}; lower the rate", recipe=style.card.name)
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(generator.parameters(), 1.0)
        adam.step()
        step += 1
        spent = (time.monotonic() - started) / 60 / config.minutes
        share = spent if config.steps is None else step / config.steps
        tell(step, min(share, 1.0), {key: loss.item() for key, loss in losses.items()})
    return step


def _look(generator: nn.Module, style: Style, shown: Take, whole: WholeFrames) -> None:
    """Draw every frame whole, for the statistics that windows of it are drawn with."""
    with torch.no_grad():
        for number, frame in enumerate(shown.frames):
            with whole.noted(number):
                draw(generator, style, frame[None])


def _losses(
    generator: nn.Module, style: Style, shown: Take, whole: WholeFrames, config: TuneConfig, rng: np.random.Generator
) -> dict[str, Tensor]:
    now = int(rng.integers(1, len(shown)))
    pair = shown.window(now, config.size, rng)
    with whole.given([now - 1, now]):
        drawn = draw(generator, style, pair.frames)
    flow = Flow(pair.flow.to_previous[1:], pair.flow.visibility[1:])
    frames = pair.frames
    short = warping_loss(drawn[1:], drawn[:1], flow, frames[1:], frames[:1], past_learns=True)
    return {
        "l1": config.l1 * (drawn - pair.still).abs().mean(),
        "edges": config.edges * edge_loss(drawn, pair.still),
        "short": config.short * short,
        "crispness": config.crispness * crispness_loss(drawn, pair.alone),
    }


def draw(generator: nn.Module, style: Style, images: Tensor) -> Tensor:
    """Draw pictures with another generator of the style's kind, with a gradient; 0 … 1, not clamped."""
    padding = Padding(multiple=int(getattr(generator, "multiple", 1)))
    return style.decode(padding.crop(generator(padding.pad(style.encode(images))), like=images), clamped=False)


def _farthest(
    style: Style,
    tuned: nn.Module,
    shot: Path,
    frames: list[FrameBatch],
    before: ClipFigures,
    config: TuneConfig,
    start: int,
) -> tuple[float, float, float, ClipFigures, nn.Module]:
    """Go from the style's weights towards the tuned ones as far as the look allows."""
    for share in (1.0, 0.75, 0.5, 0.25):
        between = copy.deepcopy(style.generator)
        with torch.no_grad():
            for weight, target in zip(between.parameters(), tuned.parameters(), strict=True):
                weight.lerp_(target, share)
        candidate = Style(style.card, style.folder, between.eval().requires_grad_(False))
        after = measure_film(candidate, shot, start=start, frames=before.frames, side=config.side)
        sharpness = (after.sharpness_source or 0) / (before.sharpness_source or 1)
        distance = _distance(style, candidate, frames)
        crisp = config.sharpness <= sharpness <= 1 / config.sharpness
        if crisp and distance <= config.distance and _stiller(after, before):
            return share, sharpness, distance, after, between
    message = f"tuning on {shot.name} did not make {style.card.name!r} stiller and keep its look; give it more minutes"
    raise TrainingError(message, recipe=style.card.name)


def _stiller(after: ClipFigures, before: ClipFigures) -> bool:
    return (after.alone or 0.0) < (before.alone or 0.0)


def _distance(style: Style, candidate: Style, frames: list[FrameBatch]) -> float:
    chosen = frames[:: max(1, len(frames) // 6)]
    apart = [(style.paint(each.images) - candidate.paint(each.images)).abs().mean() for each in chosen]
    return float(torch.stack(apart).mean() * 255)


def _learns(generator: nn.Module) -> bool:
    return any(parameter.is_floating_point() for parameter in generator.parameters())


def _told(card: StyleCard, shot: Path) -> str:
    return f"{card.description} Tuned on {shot.name} with vidstyle tune, from {card.name} ({card.sha256[:12]})."
