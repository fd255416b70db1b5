"""Which frames of a shot one task renders, and how many beside them it needs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, Field

from vidstyle.config import RenderConfig
from vidstyle.errors import ConfigError
from vidstyle.farm.ranges import borders, choose_frames, parse_chunk
from vidstyle.frames import Span
from vidstyle.media import ClipInfo, open_reader
from vidstyle.media.spans import count_frames
from vidstyle.shots import Shot
from vidstyle.stages.marks import mark_frames

PREROLL = 32  # frames, see docs/farm.md for what a seam differs by
_FIRST = 1001  # number of a clip's first frame, as farms count
_REACH = 24  # frames that a border is moved by to meet a cut
_BEFORE = 2  # frames before a window, so that a cut at its begin is seen


class ChunkConfig(BaseModel):
    """Which part of a shot is rendered."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    frames: str = Field(default="", description="frame numbers as farms write them: 1001-1100, 1-100x10, 71,72")
    chunk: str = Field(default="", description="i/n: the i-th of n parts, of which borders are moved to cuts near them")
    preroll: int | None = Field(
        default=None,
        ge=0,
        description=f"frames rendered before a part for its memory; none: {PREROLL}, where it has one",
    )
    colon_is_step: bool = Field(default=False, description="a range's : is a step, as Open Job Description means it")

    @property
    def asks(self) -> bool:
        """Whether it asks for a part at all."""
        return bool(self.frames or self.chunk)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a shot: what the pipeline renders, and the numbers of its first and last frame."""

    shot: Shot
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Numbering:
    """How frames of a clip, counted from 0, are numbered: as they are when written as pictures."""

    base: int

    @classmethod
    def of(cls, info: ClipInfo, whole: Span, start_number: int | None) -> "Numbering":
        """A sequence's own numbers, else 1001 for the clip's first; `start_number` is that of the span's first."""
        if start_number is not None:
            return cls(start_number - whole.start)
        own = info.video.first_number
        return cls(_FIRST if own is None else own)


def place_chunks(shot: Shot, info: ClipInfo, render: RenderConfig, config: ChunkConfig) -> tuple[list[Chunk], int]:
    """Give the parts of a shot that are asked for, and how many frames were asked for that there are not.

    Convention: the same for every task that is asked the same of the same clip. A part's pre-roll ends where a cut is.

    Raises ConfigError where what is asked for is no part of the shot.
    """
    if config.frames and config.chunk:
        raise ConfigError("--frame-range and --chunk both say which part; choose one", key="chunk")
    whole = _with_end(shot.span, info)
    numbering = Numbering.of(info, whole, render.encode.start_number)
    spans, outside = _spans(shot, whole, numbering, render, config)
    return [_chunk(shot, span, whole, numbering, render, config) for span in spans], outside


def _with_end(span: Span, info: ClipInfo) -> Span:
    count = count_frames(info) if info.video.first_number is None else info.video.frames or 0
    if span.start >= count:
        raise ConfigError(f"{info.path} has {count} frames, frames {span} begin after its end", key="frames")
    return Span(span.start, count if span.stop is None else min(span.stop, count))


def _spans(
    shot: Shot, whole: Span, numbering: Numbering, render: RenderConfig, config: ChunkConfig
) -> tuple[list[Span], int]:
    assert whole.stop is not None
    if config.frames:
        first, count = numbering.base + whole.start, whole.stop - whole.start
        chosen = choose_frames(config.frames, first, count, colon_is_step=config.colon_is_step)
        return [Span(a - numbering.base, b + 1 - numbering.base) for a, b in chosen.runs], chosen.outside
    place, count = parse_chunk(config.chunk)
    even = borders(whole, count)
    near = [border for border in even[place - 1 : place + 1] if whole.start < border < whole.stop]
    cuts = [
        cut for border in near for cut in find_cuts(shot, render, Span(max(0, border - _REACH), border + _REACH + 1))
    ]
    moved = borders(whole, count, cuts, _REACH)
    return [Span(*moved[place - 1 : place + 1])], 0


def _chunk(
    shot: Shot, span: Span, whole: Span, numbering: Numbering, render: RenderConfig, config: ChunkConfig
) -> Chunk:
    assert span.stop is not None
    assert whole.stop is not None
    usual = PREROLL if remembers(render) else 0
    preroll = min(usual if config.preroll is None else config.preroll, span.start - whole.start)
    if preroll:
        cuts = find_cuts(shot, render, Span(span.start - preroll, span.start + 1))
        preroll = span.start - max((cut for cut in cuts if cut <= span.start), default=span.start - preroll)
    looks_ahead = render.blend.passes > 1
    postroll = min(usual if config.preroll is None else config.preroll, whole.stop - span.stop) if looks_ahead else 0
    part = replace(shot, span=span, whole=whole, preroll=preroll, postroll=postroll)
    return Chunk(part, span.start + numbering.base, span.stop - 1 + numbering.base)


def remembers(render: RenderConfig) -> bool:
    """Whether a frame may depend on those before it: not where strength is 0."""
    return render.blend.strength != 0


def find_cuts(shot: Shot, render: RenderConfig, window: Span) -> Sequence[int]:
    """Give the frames of a window that begin a new shot; only these frames are looked at.

    Raises what reading the clip does.
    """
    start = max(0, window.start - _BEFORE)
    if render.motion.cuts.at and not render.motion.cuts.detect:
        return [cut for cut in render.motion.cuts.at if cut in range(window.start, window.stop or cut + 1)]
    found, number = list[int](), start
    with open_reader(shot.source, render.decode) as reader:
        for marked in mark_frames(reader.frames(Span(start, window.stop)), render.motion.cuts, first=start):
            found += [n for n, cut in enumerate(marked.restarts, start=number) if cut and n > start]
            number += len(marked.frames)
    return [cut for cut in found if cut >= window.start]
