"""A shot: the unit of recurrence, retry and resume."""

from dataclasses import dataclass, field
from pathlib import Path

from vidstyle.frames import Span


@dataclass(frozen=True, slots=True)
class Shot:
    """A named span of a source clip.

    Convention: `timecode` labels the span's first frame where the source has no timecode of its own; `reel` is the name
    of the tape or camera roll, written into the clip where it can hold one.
    """

    source: Path
    span: Span = field(default_factory=Span)
    name: str = ""
    timecode: str = ""
    reel: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.source.stem)
