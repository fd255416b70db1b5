"""A shot: the unit of recurrence, retry and resume."""

from dataclasses import dataclass, field
from pathlib import Path

from vidstyle.frames import Span


@dataclass(frozen=True, slots=True)
class Shot:
    """A named span of a source clip."""

    source: Path
    span: Span = field(default_factory=Span)
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.source.stem)
