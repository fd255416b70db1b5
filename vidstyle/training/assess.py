"""`vidstyle train evaluate`: what a run came to, and how its style holds on held-out clips."""

import json
from collections.abc import Callable
from pathlib import Path

from pydantic import Field

from vidstyle.errors import TrainingError
from vidstyle.networks import read_style
from vidstyle.training.film import ClipFigures, measure_film
from vidstyle.training.journal import EVALUATIONS, RECIPE, Evaluation, read_evaluations
from vidstyle.training.pictures import CLIPS, files_of
from vidstyle.training.recipe import Recipe, read_recipe
from vidstyle.training.section import Section

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
    run: Path, *, clips: tuple[Path, ...] = (), frames: int = 40, on_clip: Callable[[str], None] = lambda _: None
) -> Assessment:
    """Sum up the finished training in `run`, and measure its style on `clips`, else on the recipe's held-out ones.

    Raises:
        TrainingError: the training is not finished.
        ClipError: a clip can't be read.
    """
    recipe, evaluations = read_run(run)
    style = read_style(run / "style")
    record = style.card.training
    if record is None:
        raise TrainingError(f"{run / 'style'} was not trained here: its card has no record", recipe=str(run))
    best = min(evaluations, key=lambda each: each.score)
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
        held_out=best.held_out,
        learned=best.learned,
        clips=tuple(found),
    )


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
