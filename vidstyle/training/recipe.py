"""A recipe: everything that a style's training depends on, read from a TOML file."""

import tomllib
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from vidstyle.errors import ConfigError, PluginError
from vidstyle.networks import GeneratorSpec
from vidstyle.networks.features import DOWNLOADS
from vidstyle.registry import Registry
from vidstyle.training.engine import Schedule
from vidstyle.training.pictures import Source
from vidstyle.training.section import Section

RECIPES: Registry[type["Recipe"]] = Registry(
    "recipes",
    {
        "pix2pix": "vidstyle.training.modes.pix2pix:Pix2pixRecipe",
        "cyclegan": "vidstyle.training.modes.cyclegan:CycleganRecipe",
        "perceptual": "vidstyle.training.modes.perceptual:PerceptualRecipe",
        "reference": "vidstyle.training.modes.reference:ReferenceRecipe",
    },
)
"""The kinds of recipes, by their `mode`."""


class Material(Section):
    """Where the pictures come from.

    A recipe may name `sets`, TOML files beside it with `[[sources]]` that several recipes share; `load_recipe` puts
    them before the recipe's own.
    """

    root: Path = Field(description="folder that the sources' paths start from; itself relative to the recipe file")
    sources: tuple[Source, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _both_kinds(self) -> "Material":
        content = {source.train for source in self.sources if source.role == "content"}
        if content != {True, False}:
            raise ValueError("at least one source must have train = true and one train = false (held out, to measure)")
        return self


class Recipe(Section):
    """How to train one style; each mode adds its own tables."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="the style's name")
    title: str
    description: str
    licence: str = Field(description="of the weights, as an SPDX expression")
    limits: str = Field(default="", description="where the style fails")
    stability: float = Field(default=0.97, ge=0, le=1, description="the blend's default for this style")
    mode: str
    seed: int = Field(default=0, ge=0)
    generator: GeneratorSpec
    start: str | None = Field(
        default=None, description="a style, by name or folder, whose weights training starts from; none: from chance"
    )
    material: Material
    schedule: Schedule
    file: Path = Field(default=Path("recipe.toml"), exclude=True, description="where the recipe was read from")

    @property
    def root(self) -> Path:
        """The folder of the sources, resolved against the recipe's own folder."""
        return self.beside(self.material.root)

    def beside(self, path: Path) -> Path:
        """Resolve a path of the recipe against the recipe's own folder; torchvision:vgg19 and the like are none."""
        return path if str(path) in DOWNLOADS else (self.file.parent / path).resolve()

    def fingerprint(self) -> str:
        """Give what may not change between runs: all but the schedule and what only the card says."""
        free = {"schedule", "title", "description", "licence", "limits", "stability", "material"}
        return self.model_dump_json(exclude=free, exclude_none=True)  # a key that is new and not used changes nothing


def load_recipe(path: Path, changes: Iterable[str] = ()) -> Recipe:
    """Read the recipe at `path`, with `changes` of the form `schedule.steps=200` applied (values as in TOML).

    Raises ConfigError for a file that can't be read, an unknown mode or key, or a value out of range.
    """
    content = _tables(path, "see models/recipes for those that are shipped")
    for change in changes:
        _apply(content, change)
    _take_in_sets(content.get("material"), path)
    return read_recipe(content, path)


def _tables(path: Path, hint: str) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"no recipe at {path}; {hint}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error


def _take_in_sets(material: Any, path: Path) -> None:
    """Put the sources of the sets that `material` names before its own."""
    names = material.pop("sets", []) if isinstance(material, dict) else []
    if not isinstance(names, list):
        raise ConfigError(f"{path}: material.sets: give a list of files", key="material.sets")
    shared = [_tables(path.parent / str(name), "material.sets names it").get("sources", []) for name in names]
    if shared:
        material["sources"] = [*chain.from_iterable(shared), *material.get("sources", [])]


def read_recipe(content: dict[str, Any], path: Path) -> Recipe:
    """Make a recipe of its tables; `path` is where they stand. Raises ConfigError as `load_recipe` does."""
    try:
        kind = RECIPES.get(str(content.get("mode", "")))
    except PluginError as error:
        raise ConfigError(f"{path}: mode: {error}", key="mode") from error
    try:
        return kind.model_validate(content | {"file": path})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, _written(first["loc"], content)))
        raise ConfigError(f"{path}: {key or 'recipe'}: {first['msg']}", key=key) from error


def _written(place: tuple[int | str, ...], content: Any) -> Iterable[int | str]:
    """Give the place of an error as the file has it: without the names of the kinds that a table was tried as."""
    for number, part in enumerate(place):
        known = isinstance(content, dict) and part in content
        if known or not isinstance(content, dict) or number == len(place) - 1:
            content = content[part] if known else None
            yield part


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
