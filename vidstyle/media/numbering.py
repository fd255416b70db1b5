"""Names of numbered pictures: which files a pattern means, and which file a frame gets.

A name means a sequence where its suffix is a picture's and it has a place for the number: `shot.%04d.png`,
`shot.####.dpx`, `shot.@@@@.tif`, `shot.1001-1100.exr`, `shot.1001-1100#.exr`. A file that is there under the very name
is one picture, whatever its name looks like.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from fileseq.constants import PAD_STYLE_HASH1
from fileseq.exceptions import FileSeqException
from fileseq.filesequence import FileSequence

from vidstyle.errors import ClipMissingError, ClipReadError

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dpx", ".exr")
_BARE_RANGE = re.compile(r"(?P<range>(?<!\d)\d+-\d+)(?=\.\w+$)")  # fileseq asks for a # after it
_SHOWN = 8  # missing numbers that a message names


def names_pictures(path: Path) -> bool:
    """True where the name is that of a picture or of a sequence of them, by its suffix."""
    return path.suffix.lower() in PICTURES


@dataclass(frozen=True, slots=True)
class Numbering:
    """A name with a place for the frame's number.

    digits   width that the number is padded to with zeros
    first, last   where the name itself says the range, both included; None where it does not
    """

    folder: Path
    before: str
    digits: int
    after: str
    first: int | None = None
    last: int | None = None

    @classmethod
    def of(cls, name: Path) -> "Numbering | None":
        """Read a name; None where it has no place for a number. A range may not leave numbers out."""
        text = _BARE_RANGE.sub(
            lambda found: f"{found['range']}{'#' * len(found['range'].partition('-')[0])}", name.name
        )
        if not re.search(r"[#@]|%0?\d*d", text):
            return None
        try:
            read = FileSequence(text, pad_style=PAD_STYLE_HASH1)
        except FileSeqException:
            return None
        ends = (int(read.start()), int(read.end())) if read.frameSet() else (None, None)
        if not read.padding() or (ends[0] is not None and ends[1] - ends[0] + 1 != len(read)):
            return None
        return cls(name.parent, read.basename(), max(1, read.zfill()), read.extension(), *ends)

    def path(self, number: int) -> Path:
        """The file of one frame."""
        return self.folder / f"{self.before}{number:0{self.digits}}{self.after}"

    def present(self) -> dict[int, Path]:
        """The files that are there, by number, in order; of a range in the name only those within it."""
        name = re.compile(rf"{re.escape(self.before)}(-?\d+){re.escape(self.after)}")
        found = {}
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            match = name.fullmatch(path.name)
            if match and self.path(int(match[1])) == path and self._within(int(match[1])):
                found[int(match[1])] = path
        return dict(sorted(found.items()))

    def _within(self, number: int) -> bool:
        return (self.first is None or number >= self.first) and (self.last is None or number <= self.last)


def find_pictures(name: Path) -> dict[int, Path]:
    """The pictures that `name` means, by number, in order and without a gap.

    Raises:
        ClipMissingError: there is none.
        ClipReadError: the name has no place for a number, or numbers within the range are missing.
    """
    numbering = Numbering.of(name)
    if name.is_file():
        digits = re.search(r"(\d+)$", name.stem)
        return {int(digits[1]) if digits else 1: name}
    if numbering is None:
        raise ClipMissingError(
            f"no picture at {name}; check the name, or write a sequence as {name.stem}.####{name.suffix}", path=name
        )
    try:
        present = numbering.present()
    except OSError as error:
        raise ClipReadError(
            f"{name.parent} can't be listed ({error.strerror}); check its permissions", path=name
        ) from error
    if not present:
        raise ClipMissingError(f"no pictures like {numbering.path(1)} for {name}; check folder and name", path=name)
    first = min(present) if numbering.first is None else numbering.first
    last = max(present) if numbering.last is None else numbering.last
    missing = sorted(set(range(first, last + 1)) - set(present))
    if missing:
        raise ClipReadError(
            f"{name}: of frames {first}-{last} {len(missing)} are missing: {_listed(missing)}; "
            f"render them, or name a range that is whole, such as {numbering.before}A-B{numbering.after}",
            path=name,
        )
    return present


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:_SHOWN]))
    return f"{shown} and {len(numbers) - _SHOWN} more" if len(numbers) > _SHOWN else shown
