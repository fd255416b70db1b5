"""Learning a style."""

from vidstyle.training.recipe import Recipe, load_recipe
from vidstyle.training.training import Progress, TrainingReport, train

__all__ = ["Progress", "Recipe", "TrainingReport", "load_recipe", "train"]
