"""Which file holds the motion vectors of a frame, and how its numbers are to be read."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from vidstyle.errors import ConfigError

SUFFIXES = (".exr", ".flo", ".png")
_PLACE = re.compile(r"%0?(?P<printf>\d*)d|(?P<hashes>#+)")
_LAST_NUMBER = re.compile(r"^(?P<before>.*?)(?P<digits>\d+)(?P<after>\D*)$")
_KEY = "motion.vectors.files"


class VectorConfig(BaseModel):
    """Where motion vectors of other programs lie, and what their numbers mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: str = Field(default="", description="a folder, or a pattern such as vec.%04d.exr or vec.####.exr")
    first: int | None = Field(
        default=None, description="number in the name of the clip's first frame's file; none: the lowest that is there"
    )
    convention: Literal["auto", "blender", "nuke", "plain"] = Field(
        default="auto", description="whose; auto: by the channels' names in an EXR, plain for .flo and .png"
    )
    layer: str = Field(default="", description="EXR: what the channels' names begin with, where several layers fit")
    channels: tuple[str, str] | None = Field(default=None, description="EXR, plain: the channels of x and of y")
    direction: Literal["to-previous", "to-next"] = Field(
        default="to-next", description="plain: where the vectors in a frame's own file point to"
    )
    y: Literal["down", "up"] = Field(default="down", description="plain: where positive y points to")
    unit: Literal["pixels", "frame"] = Field(
        default="pixels", description="plain: pixels of the file's own picture, or shares of its width and height"
    )


class VectorFiles:
    """Finds the file of a frame.

    Convention: frames of the clip count from 0; the file of frame f has the number `first` + f, whatever span of the
    clip is rendered. In a folder all files of one kind are taken together, by the last number in their names.

    Raises:
        ConfigError: nothing is there, or files of several kinds or names are.
    """

    def __init__(self, config: VectorConfig) -> None:
        if not config.files:
            raise ConfigError(
                "motion.estimator = 'vectors' needs to know where they are; "
                "set motion.vectors.files to a folder or to a pattern such as 'vec.%04d.exr'",
                key=_KEY,
            )
        given = Path(config.files)
        self._folder = given if given.is_dir() else given.parent
        self._before, self._digits, self._after = _name_in(given) if given.is_dir() else _pattern(given)
        self.numbers = frozenset(self._present())
        if not self.numbers:
            raise ConfigError(f"no motion vectors like {self._path('#' * max(self._digits, 1))} are there", key=_KEY)
        self.first = min(self.numbers) if config.first is None else config.first

    @property
    def some_frame(self) -> int:
        """A frame that has a file."""
        return min(self.numbers) - self.first

    def path(self, frame: int) -> Path:
        """Give the file that belongs to that frame of the clip. Raises ConfigError where it is absent."""
        number = self.first + frame
        path = self._path(str(number).zfill(self._digits))
        if number not in self.numbers:
            raise ConfigError(
                f"the motion vectors of frame {frame} are not there: expected {path}; found numbers "
                f"{min(self.numbers)} to {max(self.numbers)}, and frame 0 has the number {self.first} "
                "(motion.vectors.first)",
                key=_KEY,
            )
        return path

    def _path(self, number: str) -> Path:
        return self._folder / f"{self._before}{number}{self._after}"

    def _present(self) -> Iterable[int]:
        name = re.compile(rf"{re.escape(self._before)}(\d+){re.escape(self._after)}")
        for path in self._folder.glob("*"):
            match = name.fullmatch(path.name)
            if match and (len(match[1]) == self._digits or (len(match[1]) > self._digits and match[1][0] != "0")):
                yield int(match[1])


def _pattern(given: Path) -> tuple[str, int, str]:
    places = list(_PLACE.finditer(given.name))
    if len(places) != 1:
        raise ConfigError(
            f"motion.vectors.files = {str(given)!r} is no folder that is there, and no pattern: "
            "its file name needs one place for the frame's number, %04d or ####",
            key=_KEY,
        )
    place = places[0]
    digits = len(place["hashes"]) if place["hashes"] else int(place["printf"] or 1)
    return given.name[: place.start()], digits, given.name[place.end() :]


def _name_in(folder: Path) -> tuple[str, int, str]:
    """Read what all names in a folder have in common from those that are there."""
    names = [path.name for path in folder.iterdir() if path.suffix.lower() in SUFFIXES]
    found: dict[tuple[str, str], list[int]] = {}
    for match in filter(None, map(_LAST_NUMBER.match, names)):
        found.setdefault((match["before"], match["after"]), []).append(len(match["digits"]))
    if len(found) != 1:
        kinds = ", ".join(sorted(f"{before}#{after}" for before, after in found)) or "none"
        raise ConfigError(
            f"motion.vectors.files = {str(folder)!r} must hold one numbered sequence of {', '.join(SUFFIXES)}; "
            f"found {kinds}; name one by a pattern such as 'vec.%04d.exr'",
            key=_KEY,
        )
    ((before, after), digits) = found.popitem()
    return before, min(digits), after
