"""What came of a render, for people, farms and programs."""

import json
import os
import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from vidstyle.config import RenderConfig
from vidstyle.errors import ClipWriteError, ConfigError, TargetError
from vidstyle.media.opening import translate_write_errors
from vidstyle.media.outcome import Outcome
from vidstyle.networks import StyleShare

_COMPUTED = ("status", "fps")


class _Report(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Versions(_Report):
    """The software that made a clip."""

    vidstyle: str
    python: str
    torch: str
    av: str
    opencv: str

    @classmethod
    def here(cls) -> "Versions":
        """The versions that are running."""
        return cls(
            vidstyle=version("vidstyle"),
            python=platform.python_version(),
            torch=version("torch"),
            av=version("av"),
            opencv=version("opencv-python-headless"),
        )


class RenderReport(_Report):
    """What was read, what was written, and what could not be kept."""

    source: Path
    target: Path
    span: str = Field(description="half-open frame numbers")
    style: str
    style_sha256: str = Field(description="of the style's weights; of a mixture over all its shares")
    styles: tuple[StyleShare, ...] = Field(default=(), description="what was mixed, or the one style alone")
    device: str
    backend: str = Field(default="", description="what ran the networks, with version and precision; empty: none ran")
    encoder: str = Field(description="the encoder that really ran")
    decoded: int = Field(description="frames decoded within the span")
    concealed: int = Field(description="of these, frames that the decoder repaired")
    dropped: int = Field(description="packets that could not be decoded at all")
    written: int = Field(description="frames written")
    resumed: int = Field(default=0, description="of these, frames that an earlier run had finished")
    packets: dict[int, int] = Field(description="source stream → packets copied bit for bit")
    frame_hash: str = Field(description="SHA-256 over the written planes, before the encoder")
    cuts: tuple[int, ...] | None = Field(
        default=None,
        description="frames of the source clip, from 0, that begin a new shot within the span; null where every frame "
        "stands alone (strength 0; stability 0 without hold), so that none were looked for",
    )
    outcome: Outcome | None = Field(
        default=None, description="what the target really holds, read back; null for image sequences"
    )
    seconds: float
    warnings: tuple[str, ...] = Field(description="what could not be kept, and what was assumed")
    settings: RenderConfig
    versions: Versions

    @computed_field  # type: ignore[prop-decorator]
    @property
    def status(self) -> Literal["ok", "ok with warnings"]:
        """A failed render has no report: it raises."""
        return "ok with warnings" if self.warnings else "ok"

    @computed_field  # type: ignore[prop-decorator]
    @property
    def fps(self) -> float:
        """Frames per second of the whole render, start-up included."""
        return round(self.written / self.seconds, 2) if self.seconds else 0.0


def read_report(path: Path) -> RenderReport:
    """Read a report that `stylize --report` wrote. Raises ConfigError where the file is absent or no such report."""
    try:
        return report_of(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"the report {path} can't be read: {error.strerror}", key="report") from error
    except (ValueError, AttributeError) as error:  # no JSON, no object, or another one
        first = str(error).splitlines()[0]
        raise ConfigError(
            f"{path} is no report of a render ({first}); name what --report wrote", key="report"
        ) from error


def report_of(told: object) -> RenderReport:
    """Make a report of what one has told as JSON. Raises pydantic's ValidationError where it is none."""
    if isinstance(told, Mapping):
        told = {key: value for key, value in told.items() if key not in _COMPUTED}
    return RenderReport.model_validate(told)


def report_schema() -> dict[str, Any]:
    """The JSON schema of the reports that are written."""
    return RenderReport.model_json_schema(mode="serialization")


def comment_of(source: Path, span: str, style: str, style_sha256: str, config: RenderConfig, device: str) -> str:
    """What a clip says of its own making: the part of the report that is known before its first frame, as JSON."""
    told = {
        "source": source.name,
        "span": span,
        "style": style,
        "style_sha256": style_sha256,
        "device": device,
        "settings": config.model_dump(mode="json", exclude_defaults=True),
        "versions": Versions.here().model_dump(),
    }
    return json.dumps({"vidstyle": told}, ensure_ascii=False)


@contextmanager
def reserve_report(path: Path | None) -> Iterator[Callable[[BaseModel], None]]:
    """Make sure, before hours are spent, that a report can be written to `path`; then give the function that does.

    With `path` None that function does nothing. An older report is replaced only by a whole new one.

    Raises TargetError when the folder is absent or not writable.
    """
    with reserve_text(path, overwrite=True) as write:
        yield lambda report: write(report.model_dump_json(indent=2) + "\n")


@contextmanager
def reserve_text(path: Path | None, *, overwrite: bool) -> Iterator[Callable[[str], None]]:
    """Make sure that a text can be written to `path`, as `reserve_report` does.

    Raises:
        TargetError: the folder is absent or not writable, `path` is a folder, or it is there already and `overwrite`
            is off.
        ClipWriteError: the disk is full or went away while it was written.
    """
    if path is None:
        yield lambda _text: None
        return
    if path.is_dir():
        raise TargetError(f"the report {path} can't be written: it is a folder; name a file", path=path)
    if path.exists() and not overwrite:
        raise TargetError(f"{path} is there already; choose another name or pass --overwrite", path=path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.touch()
    except OSError as error:
        raise TargetError(f"the report {path} can't be written: {error.strerror}", path=path) from error

    def write(text: str) -> None:
        try:
            partial.write_text(text, encoding="utf-8")
            partial.replace(path)
        except OSError as error:
            raise ClipWriteError(f"writing {path} failed ({error.strerror}); check the disk", path=path) from error

    try:
        yield write
    finally:
        partial.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file by a whole new one. Raises TargetError, ClipWriteError."""
    with translate_write_errors(path):
        partial = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            partial.write_bytes(content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
