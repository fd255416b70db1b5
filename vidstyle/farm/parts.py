"""A render's own record beside its result: by it a task is known to be done, and parts to fit together."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vidstyle.errors import ClipReadError
from vidstyle.farm.chunks import Chunk
from vidstyle.media.numbering import Numbering, names_pictures
from vidstyle.report import write_whole

SUFFIX = ".render.json"
_OF_THE_PLACE = ("frames", "part of frames", "preroll", "postroll")  # facts that parts of one shot differ in


class Record(BaseModel):
    """What a render was asked for, and what came of it.

    Convention: `span` and `whole` are half-open frame numbers of the clip from 0; `numbers` are the first and the last
    as they are written. `state` is begun until the result stands under its name, all of it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = 1
    state: Literal["begun", "done"] = "begun"
    source: Path
    target: str = Field(description="name of the result, beside this file")
    of: str = Field(default="", description="name of the clip or sequence that this is a part of; empty: it is all")
    span: tuple[int, int | None]
    whole: tuple[int, int | None]
    numbers: tuple[int, int] | None = None
    timecode: str = Field(default="", description="of the shot, where a list says one")
    reel: str = ""
    facts: dict[str, str] = Field(description="all that the frames depend on, by name")
    config: dict[str, Any] = Field(default_factory=dict, description="the render's settings that were given")
    sha256: str = Field(default="", description="of the result; of pictures over their names and hashes")
    report: dict[str, Any] = Field(default_factory=dict, description="the render's report")

    @property
    def settings(self) -> Mapping[str, str]:
        """The facts that parts of one shot have in common."""
        return {name: text for name, text in self.facts.items() if name not in _OF_THE_PLACE}

    @classmethod
    def read(cls, path: Path) -> "Record | None":
        """Read one; None where there is none that can be read."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return None

    @classmethod
    def expect(cls, path: Path) -> "Record":
        """Read one that must be there. Raises ClipReadError."""
        record = cls.read(path)
        if record is None:
            told = f"{path} is absent or no record of a render"
            raise ClipReadError(f"{told}; name parts that --chunk or --frame-range made", path=path)
        return record

    def write(self, target: Path) -> None:
        """Write it beside a result. Raises TargetError, ClipWriteError."""
        write_whole(record_path(target), (self.model_dump_json(indent=1, exclude_defaults=True) + "\n").encode())


def record_path(target: Path) -> Path:
    """Where a result's record is; a sequence's has its name without the numbers' place, but with its range."""
    numbering = Numbering.of(target) if names_pictures(target) else None
    if numbering is None:
        return target.with_name(target.name + SUFFIX)
    numbers = "" if numbering.first is None else f"{numbering.first}-{numbering.last}"
    stem = f"{numbering.before}{numbers}".rstrip("._-")
    return target.with_name(f"{stem}{numbering.after}{SUFFIX}")


def part_target(target: Path, chunk: Chunk) -> Path:
    """Name a part of `target`: shot.1001-1010.mov; pictures keep the names that they would have in the whole."""
    numbering = Numbering.of(target) if names_pictures(target) else None
    if numbering is not None:
        first, last = (f"{number:0{numbering.digits}}" for number in (chunk.first, chunk.last))
        return target.with_name(f"{numbering.before}{first}-{last}{numbering.after}")
    if names_pictures(target):
        return target
    return target.with_name(f"{target.stem}.{chunk.first}-{chunk.last}{target.suffix}")
