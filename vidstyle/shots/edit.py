"""What a shot list asks for: its events in one plain model, whatever format they came in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from vidstyle.timecode import Timecode, counted_rate, parse_rate

Kind = Literal["table", "edl", "otio", "fcp7", "fcpxml", "ale", "aaf"]
Place = tuple[int, ...]


class ListConfig(BaseModel):
    """How a shot list is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fps: Annotated[Fraction, BeforeValidator(parse_rate)] | None = Field(
        default=None, description="frames per second that the list counts in; an EDL does not say it"
    )
    timeline: str | None = Field(default=None, description="which timeline, where the list holds several")
    track: str | None = Field(default=None, description="only this track, such as V1")
    lax: bool = Field(default=False, description="read an EDL whose times contradict each other, as well as it goes")


@dataclass(frozen=True, slots=True)
class Hint:
    """What a list says of where an event's pictures are.

    url     path or file URL as the list writes it, of whatever system
    file    file name beside it (EDL: SOURCE FILE)
    reel    tape or camera roll, in an EDL often cut to 8 characters
    clip    the clip's name
    start   frame number that the media's first frame has in the list; None: not said
    frames  length of the media; None: not said
    """

    url: str = ""
    file: str = ""
    reel: str = ""
    clip: str = ""
    start: int | None = None
    frames: int | None = None

    def __str__(self) -> str:
        told = {"": self.url or self.file, "reel ": self.reel, "clip ": self.clip}
        return ", ".join(f"{name}{text}" for name, text in told.items() if text) or "nothing"


@dataclass(frozen=True, slots=True)
class Event:
    """One use of one source.

    Convention:
        number         as the list counts: 003 of an EDL, V1.2 the second item of the first track, row 7 of a table.
        first, frames  source frames that the event shows, half-open; `first` None: the whole source. Counted as `base`
                       says: frames of timecode since 00:00:00:00 (or since what the list calls the media's start), or
                       file: frames of the file from 0, of an image sequence the pictures' numbers.
        labels         timecodes instead of `first` and `frames`, the second one not included; of tables alone.
        rate           frames per second that the source is counted in; None: not said.
        record, length frames of the timeline, from its first; length without transitions.
        speed          source frames per frame of the timeline; negative: backwards, 0: one frame held.
        head, tail     source frames before and after that a transition shows.
        handles        frames wanted on either side besides; None: as asked for the whole list.
        settings       of the render, by dotted name.
        refusal        why it can't be rendered; empty: it can.
        places         where the clip is in the timeline; several where one nested sequence is used again.
        elements       numbers of its lines or XML elements in the original list.
    """

    number: str
    shot: str
    hint: Hint
    first: int | None = None
    frames: int | None = None
    base: Literal["timecode", "file"] = "timecode"
    labels: tuple[str | None, str | None] = (None, None)
    rate: Fraction | None = None
    record: int = 0
    length: int = 0
    track: str = "V1"
    speed: float = 1.0
    head: int = 0
    tail: int = 0
    handles: tuple[int, int] | None = None
    sequence: str = ""
    scene: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0
    notes: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    refusal: str = ""
    warnings: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    elements: tuple[int, ...] = ()

    def label(self, frame: int, rate: Fraction) -> str:
        """A source frame as the list would write it."""
        if self.base == "file":
            return str(frame)
        return str(Timecode(frame, counted_rate(rate)))


@dataclass(frozen=True, slots=True)
class Sound:
    """One use of a source's sound; numbers as in `Event`."""

    number: str
    hint: Hint
    first: int
    frames: int
    rate: Fraction
    record: int


@dataclass(frozen=True, slots=True)
class Edit:
    """A whole list.

    Convention: `start` is the timeline's first frame as a frame count of timecode; `rate` None where a table says none.
    `skipped` has a line for each thing that is rightly not rendered. `timeline` is OpenTimelineIO's, `text` the list as
    it came, both for writing it back.
    """

    path: Path
    name: str
    kind: Kind
    events: tuple[Event, ...]
    rate: Fraction | None = None
    start: int = 0
    drop: bool = False
    sounds: tuple[Sound, ...] = ()
    skipped: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    timeline: Any = None
    text: str = ""

    def record_label(self, event: Event) -> str:
        """The timecode of the timeline where the event begins; empty where nothing is known of one."""
        if self.rate is None:
            return ""
        return str(Timecode(self.start + event.record, counted_rate(self.rate), self.drop))
