"""All knobs of a render: defaults < TOML file < `key=value` overrides < flags."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from vidstyle.errors import ConfigError
from vidstyle.media import DecodeConfig, EncodeConfig, WorkConfig
from vidstyle.motion import MotionConfig
from vidstyle.stages.blend import BlendConfig
from vidstyle.stages.grade import GradeConfig
from vidstyle.stages.mask import MaskConfig
from vidstyle.stages.stylize import StylizeConfig

Model = TypeVar("Model", bound=BaseModel)


class RenderConfig(BaseModel):
    """What `render_shot` needs to know beside the shot and the target; each part stands beside the code it turns."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    style: str = Field(default="ink", description="a style's name or its folder's path, or several: ink:0.7,wave:0.3")
    device: str = Field(default="auto", description="auto, cpu, cuda or cuda:N")
    decode: DecodeConfig = Field(default_factory=DecodeConfig)
    motion: MotionConfig = Field(default_factory=MotionConfig)
    stylize: StylizeConfig = Field(default_factory=StylizeConfig)
    grade: GradeConfig = Field(default_factory=GradeConfig)
    blend: BlendConfig = Field(default_factory=BlendConfig)
    mask: MaskConfig = Field(default_factory=MaskConfig)
    encode: EncodeConfig = Field(default_factory=EncodeConfig)
    work: WorkConfig = Field(default_factory=WorkConfig)


def load_config(
    path: Path | None = None, *, overrides: Iterable[str] = (), flags: Mapping[str, Any] | None = None
) -> RenderConfig:
    """Compose a render's settings.

    Args:
        path: a TOML file with RenderConfig's keys.
        overrides: `dotted.key=value` strings; the value is read as TOML, else as a plain string.
        flags: dotted key → value, for command-line flags; a None counts as not given.

    Raises:
        ConfigError: an unknown key (with the nearest known one), a value out of range, a file that can't be read.
    """
    return compose(RenderConfig, _read_toml(path) if path else {}, overrides=overrides, flags=flags)


def compose(
    model: type[Model],
    settings: dict[str, Any],
    *,
    overrides: Iterable[str] = (),
    flags: Mapping[str, Any] | None = None,
) -> Model:
    """Make a `model` of `settings`, changed by overrides and then by flags, as `load_config` does."""
    for override in overrides:
        key, value = parse_override(override)
        _put(settings, key, value)
    for key, value in (flags or {}).items():
        if value is not None:
            _put(settings, key, value)
    return validate(model, settings)


def parse_override(text: str) -> tuple[str, Any]:
    """Read `dotted.key=value`; the value is a TOML value, or a bare word taken as a string."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {text!r} is not key=value; for example --set blend.strength=0.6", key=key.strip())
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


def validate(model: type[Model], settings: Mapping[str, Any]) -> Model:
    """Make a `model` of `settings`; raises ConfigError naming the first wrong key and the nearest known one."""
    try:
        return model.model_validate(dict(settings))
    except ValidationError as error:
        raise _translate(model, error.errors()[0]) from error


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"config {path} can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"config {path} is not valid TOML: {error}") from error


def _put(settings: dict[str, Any], key: str, value: object) -> None:
    *tables, last = key.split(".")
    for table in tables:
        inner = settings.setdefault(table, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"{key}: {table!r} is a value, not a table", key=key)
        settings = inner
    settings[last] = value


def _translate(model: type[BaseModel], error: ErrorDetails) -> ConfigError:
    key = ".".join(map(str, error["loc"]))
    if error["type"] != "extra_forbidden":
        return ConfigError(f"{key} = {error['input']!r}: {error['msg']}", key=key)
    known = sorted(_keys(model))
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
    return ConfigError(f"unknown key {key!r}; {hint}", key=key)


def _keys(model: type[BaseModel], prefix: str = "") -> Iterable[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _keys(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name
