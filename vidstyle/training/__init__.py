"""Learning a style."""

from vidstyle.training.journal import Progress
from vidstyle.training.oil import OilTeacher
from vidstyle.training.recipe import Recipe, load_recipe
from vidstyle.training.teachers import InkTeacher
from vidstyle.training.training import TrainingReport, train

__all__ = ["InkTeacher", "OilTeacher", "Progress", "Recipe", "TrainingReport", "load_recipe", "train"]
