"""Learning a style."""

from vidstyle.training.recipe import Recipe, load_recipe
from vidstyle.training.teachers import InkTeacher
from vidstyle.training.training import Progress, TrainingReport, train

__all__ = ["InkTeacher", "Progress", "Recipe", "TrainingReport", "load_recipe", "train"]
