"""A shot: the unit of recurrence, retry and resume."""

from dataclasses import dataclass, field
from pathlib import Path

from vidstyle.errors import ConfigError
from vidstyle.frames import Span


@dataclass(frozen=True, slots=True)
class Shot:
    """A named span of a source clip.

    Convention: `timecode` labels the span's first frame where the source has no timecode of its own; `reel` is the name
    of the tape or camera roll, written into the clip where it can hold one. `whole` is the longer span that this one is
    a part of, None where it is all: its cuts and drawings are found as if all of it was rendered, and it gets the
    picture alone. `preroll` and `postroll` are frames of it before and after this span that are rendered too, for what
    its own frames remember, and not written.
    """

    source: Path
    span: Span = field(default_factory=Span)
    name: str = ""
    timecode: str = ""
    reel: str = ""
    whole: Span | None = None
    preroll: int = 0
    postroll: int = 0

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.source.stem)
        if self.whole is not None and not self.whole.holds(self.span):
            told = f"frames {self.span} are no part of {self.whole}"
            raise ConfigError(f"{told}; name frames of the shot", key="frames")
