"""`vidstyle train evaluate`: what a run came to, and how its style holds on held-out clips."""

import json
from collections.abc import Callable
from pathlib import Path

from pydantic import Field

from vidstyle.errors import TrainingError
from vidstyle.networks import FeatureNetwork, Style, load_features, read_style
from vidstyle.training.evaluate import measure_seen
from vidstyle.training.evenly import evenly
from vidstyle.training.film import ClipFigures, measure_film
from vidstyle.training.journal import EVALUATIONS, RECIPE, Evaluation, read_evaluations
from vidstyle.training.pictures import CLIPS, files_of
from vidstyle.training.recipe import Recipe, read_recipe
from vidstyle.training.section import Section
from vidstyle.training.sheet import render
from vidstyle.training.trainer import MODES

_OVER = 1.3  # times the score on learned pictures, above which a style counts as over-fitted


class Assessment(Section):
    """A finished run: its best step, its figures there, and its style on film."""

    name: str
    mode: str
    steps: int
    minutes: float
    best: int = Field(description="the step whose weights the style has: that with the least score")
    held_out: dict[str, float] = Field(description="figures at that step, on held-out pictures")
    learned: dict[str, float] = Field(description="the same on as many pictures that it learned from")
    clips: tuple[ClipFigures, ...] = Field(description="on clips that nothing was learned from")

    @property
    def over_fitting(self) -> float:
        """Give the score on held-out pictures relative to that on learned ones; well above 1: it learned by heart."""
        return self.held_out["score"] / max(self.learned["score"], 1e-9)

    @property
    def over_fits(self) -> bool:
        """Whether that is worth a warning."""
        return self.over_fitting > _OVER


def assess(
    run: Path,
    *,
    clips: tuple[Path, ...] = (),
    frames: int = 40,
    features: Path | str | None = None,
    on_clip: Callable[[str], None] = lambda _: None,
) -> Assessment:
    """Sum up the finished training in `run`, and measure its style on `clips`, else on the recipe's held-out ones.

    Convention: with `features`, a feature network, content kept and style reached are measured in its eyes as well, on
    all held-out pictures and on as many learned ones.

    Raises:
        TrainingError: the training is not finished, or its material is gone.
        ClipError: a clip can't be read.
        ConfigError: there is no such feature network.
    """
    recipe, evaluations = read_run(run)
    style = read_style(run / "style")
    record = style.card.training
    if record is None:
        raise TrainingError(f"{run / 'style'} was not trained here: its card has no record", recipe=str(run))
    best = min(evaluations, key=lambda each: each.score)
    seen = _seen(recipe, run, style, load_features(features)) if features is not None else ({}, {})
    found = []
    for clip in clips or held_out_clips(recipe):
        on_clip(clip.name)
        found.append(measure_film(style, clip, frames=frames))
    return Assessment(
        name=style.card.name,
        mode=recipe.mode,
        steps=record.steps,
        minutes=record.minutes,
        best=best.step,
        held_out=best.held_out | seen[0],
        learned=best.learned | seen[1],
        clips=tuple(found),
    )


def _seen(recipe: Recipe, run: Path, style: Style, eyes: FeatureNetwork) -> tuple[dict[str, float], dict[str, float]]:
    """Measure held-out and learned pictures in the eyes of a network, against the looks that the mode knows."""
    mode = MODES.get(recipe.mode)(recipe, run)
    looks = evenly(mode.held_looks or mode.looks, 16)
    told = []
    for examples in (mode.held_out, evenly(mode.learned, len(mode.held_out))):
        sources = [example.picture for example in examples]
        figures = measure_seen(eyes, sources, [render(style.generator, picture) for picture in sources], looks)
        told.append({name: round(value, 4) for name, value in figures.items()})
    return told[0], told[1]


def read_run(run: Path) -> tuple[Recipe, list[Evaluation]]:
    """Read what a finished run was. Raises TrainingError where it is not finished, or no run."""
    if not (run / RECIPE).is_file():
        raise TrainingError(f"{run} is no run of vidstyle train: no {RECIPE} in it", recipe=str(run))
    told = json.loads((run / RECIPE).read_text(encoding="utf-8"))
    recipe = read_recipe(told["recipe"], Path(told["file"]))
    if not (run / "style" / "card.json").is_file():
        message = f"the training in {run} is not finished; go on with: vidstyle train {recipe.file} --resume"
        raise TrainingError(message, recipe=recipe.name)
    return recipe, read_evaluations(run / EVALUATIONS)


def held_out_clips(recipe: Recipe) -> tuple[Path, ...]:
    """Give the clips of the recipe's held-out sources."""
    held = [source for source in recipe.material.sources if not source.train and source.role == "content"]
    return tuple(path for source in held for path in files_of(source, recipe.root) if path.suffix.lower() in CLIPS)
