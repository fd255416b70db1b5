"""A recipe: everything that a style's training depends on, read from a TOML file."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vidstyle.errors import ConfigError
from vidstyle.networks import GeneratorSpec
from vidstyle.training.losses import LossWeights
from vidstyle.training.pairs import PairConfig
from vidstyle.training.pictures import Source
from vidstyle.training.teachers import InkTeacher


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Material(_Section):
    """Where the pictures come from."""

    root: Path = Field(description="folder that the sources' paths start from; itself relative to the recipe file")
    sources: tuple[Source, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _both_kinds(self) -> "Material":
        if {source.train for source in self.sources} != {True, False}:
            raise ValueError("at least one source must have train = true and one train = false (held out, to measure)")
        return self


class DiscriminatorConfig(_Section):
    """The PatchGAN that judges pairs of source and result."""

    width: int = Field(default=24, ge=1, description="channels of its first layer")
    layers: int = Field(default=2, ge=1, le=5, description="stride-2 convolutions: 1, 2, 3 judge 16, 34, 70 pixels")
    start: float = Field(default=0.4, ge=0, le=1, description="share of the steps after which it takes part")


class Schedule(_Section):
    """How long and how fast."""

    steps: int = Field(ge=1, description="optimizer steps")
    rate: float = Field(default=1e-3, gt=0, description="Adam's rate for the generator")
    rate_discriminator: float = Field(default=4e-4, gt=0, description="Adam's rate for the discriminator")
    warmup: int = Field(default=100, ge=0, description="steps over which the rate rises from zero")
    decay_from: float = Field(default=0.5, ge=0, le=1, description="share of the steps at the full rate, then linear")
    clip: float = Field(default=1.0, gt=0, description="largest norm of the generator's gradient")
    average: float = Field(default=0.999, ge=0, lt=1, description="decay of the generator's moving average")
    checkpoint_minutes: float = Field(default=4.0, gt=0, description="between checkpoints")
    sample_minutes: float = Field(default=6.0, gt=0, description="between contact sheets")


class Recipe(_Section):
    """How to train one style in paired mode (pix2pix, Isola et al. 2017) against a classical teacher."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="the style's name")
    title: str
    description: str
    licence: str = Field(description="of the weights, as an SPDX expression")
    limits: str = Field(default="", description="where the style fails")
    stability: float = Field(default=0.97, ge=0, le=1, description="the blend's default for this style")
    mode: Literal["paired"] = "paired"
    seed: int = Field(default=0, ge=0)
    generator: GeneratorSpec
    discriminator: DiscriminatorConfig = DiscriminatorConfig()
    teacher: InkTeacher = InkTeacher()
    material: Material
    pairs: PairConfig = PairConfig()
    losses: LossWeights = LossWeights()
    schedule: Schedule
    file: Path = Field(default=Path("recipe.toml"), exclude=True, description="where the recipe was read from")

    @property
    def root(self) -> Path:
        """The folder of the sources, resolved against the recipe's own folder."""
        return (self.file.parent / self.material.root).resolve()


def load_recipe(path: Path, changes: Iterable[str] = ()) -> Recipe:
    """Read the recipe at `path`, with `changes` of the form `schedule.steps=200` applied (values as in TOML).

    Raises ConfigError for a file that can't be read, an unknown key, or a value out of range.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"no recipe at {path}; see models/recipes for those that are shipped") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    for change in changes:
        _apply(content, change)
    try:
        return Recipe.model_validate(content | {"file": path})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{path}: {key or 'recipe'}: {first['msg']}", key=key) from error


def _apply(content: dict[str, Any], change: str) -> None:
    key, equals, text = change.partition("=")
    if not equals:
        raise ConfigError(f"--set {change!r} is no assignment; write key=value, such as schedule.steps=200", key=key)
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *parents, last = key.strip().split(".")
    for parent in parents:
        content = content.setdefault(parent, {})
        if not isinstance(content, dict):
            raise ConfigError(f"--set {change!r}: {parent} is no table of the recipe", key=key)
    content[last] = value
