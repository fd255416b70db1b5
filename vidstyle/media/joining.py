"""Puts clips that are parts of one behind each other, packet by packet, with the other tracks of their source."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from av.video.stream import VideoStream

from vidstyle.errors import PartsError
from vidstyle.frames import Span
from vidstyle.media.clip import ClipInfo, picture_stream
from vidstyle.media.encoders import EncodeConfig
from vidstyle.media.mux import Muxer
from vidstyle.media.opening import open_source, translate_read_errors
from vidstyle.media.packets import AnyPacket, Passthrough, begin
from vidstyle.media.plan import OutputPlan, plan_output
from vidstyle.media.spans import frame_times
from vidstyle.media.target import PartialFile

_SLACK = Fraction(1, 999)  # seconds by which a container of milliseconds may round


@dataclass(frozen=True, slots=True)
class _Part:
    """What is known of a part before it is copied: pts in seconds, in the order of its packets."""

    path: Path
    times: tuple[Fraction, ...]

    @property
    def ranks(self) -> list[int]:
        """The place of each packet in the order in which frames are shown."""
        order = sorted(range(len(self.times)), key=lambda place: self.times[place])
        ranks = [0] * len(order)
        for rank, place in enumerate(order):
            ranks[place] = rank
        return ranks


def join_clips(
    paths: Sequence[Path], target: Path, like: ClipInfo, span: Span, config: EncodeConfig, *, overwrite: bool = False
) -> list[str]:
    """Copy the pictures of `paths` into `target`, bit for bit, and the other tracks of `like` as a render would.

    Convention: the clips hold the frames of `span` of the clip `like` describes, in their order; each frame gets the
    time that it has there. Packets are due as early as the frames that overtake each other need. Gives warnings.

    Raises:
        PartsError: they are not encoded alike.
        TargetError, ClipWriteError: the target can't be written.
    """
    parts = [_look(path) for path in paths]
    _check_alike(paths)
    plan = plan_output(target, like, config)
    file = PartialFile(target, source=like.path, overwrite=overwrite)
    with ExitStack() as stack:
        stack.callback(file.discard)
        first = stack.enter_context(open_source(paths[0]))
        muxer = _Joiner(file.path, plan, picture_stream(first, paths[0]))
        stack.callback(muxer.abandon)
        passthrough = Passthrough(like, span)
        passthrough.choose(muxer.tracks, muxer.decoded)
        stack.enter_context(passthrough)
        _copy(parts, muxer, passthrough, _times(parts, like, span))
        muxer.finish()
        file.commit()
        return [*plan.losses(), *muxer.warnings, *muxer.left_out()]


class _Joiner(Muxer):
    """A muxer whose pictures are encoded already."""

    def __init__(self, path: Path, plan: OutputPlan, picture: VideoStream) -> None:
        self._picture = picture
        super().__init__(path, plan)

    def _add_video(self) -> VideoStream:
        stream = self._container.add_stream_from_template(self._picture)
        assert isinstance(stream, VideoStream)
        video, context = self.plan.like.video, stream.codec_context
        stream.time_base = video.time_base
        context.framerate = video.average_rate or context.framerate
        if tag := self.quicktime_tag:
            context.codec_tag = tag
        self._label(stream)
        return stream

    @property
    def video(self) -> VideoStream:
        """The pictures' stream."""
        return self._video


def _look(path: Path) -> _Part:
    times = []
    with open_source(path) as container, translate_read_errors(path):
        for packet in container.demux(picture_stream(container, path)):
            if packet.size:
                if packet.pts is None:
                    raise PartsError(f"{path}: a frame has no time; render this part again")
                times.append(packet.pts * packet.time_base)
    if not times:
        raise PartsError(f"{path} holds no frame; render this part again")
    return _Part(path, tuple(times))


def _check_alike(paths: Sequence[Path]) -> None:
    """Refuse what one decoder could not go through without being opened anew."""
    before: tuple[Path, dict[str, object]] | None = None
    for path in paths:
        with open_source(path) as container:
            stream = picture_stream(container, path)
            context = stream.codec_context
            facts: dict[str, object] = {
                "codec": context.name,
                "size": (context.width, context.height),
                "pixel format": context.pix_fmt,
                "parameters of the encoder": context.extradata,
            }
        if before is not None and facts != before[1]:
            names = ", ".join(name for name in facts if facts[name] != before[1][name])
            raise PartsError(f"{before[0]} and {path} differ in {names}; render both with the same settings")
        before = path, facts


def _times(parts: Sequence[_Part], like: ClipInfo, span: Span) -> list[int]:
    """The pts of all frames, ticks of the source: as they are there, else as the parts have them one after another."""
    tick = like.video.time_base
    count = sum(len(part.times) for part in parts)
    if like.video.first_number is not None:
        return list(range(span.start, span.start + count))
    found = frame_times(like, span)[span.start :][:count]
    if len(found) == count and _agree(parts, [time * tick for time in found]):
        return found
    times: list[int] = []
    for part in parts:
        shown = [round(time / tick) for time in sorted(part.times)]
        usual = shown[-1] - shown[-2] if len(shown) > 1 else _usual(like)
        start = times[-1] + usual if times else like.video.start or 0
        times += [start + time - shown[0] for time in shown]
    return times


def _agree(parts: Sequence[_Part], times: Sequence[Fraction]) -> bool:
    """Whether the parts' frames follow each other as those times do."""
    place = 0
    for part in parts:
        shown, there = sorted(part.times), times[place : place + len(part.times)]
        if any(abs((a - shown[0]) - (b - there[0])) > _SLACK for a, b in zip(shown, there, strict=True)):
            return False
        place += len(shown)
    return True


def _copy(parts: Sequence[_Part], muxer: _Joiner, passthrough: Passthrough, times: list[int]) -> None:
    like, tick, span = muxer.plan.like, muxer.plan.like.video.time_base, passthrough.span
    shift = 0
    if span.start:
        passthrough.skip_before(times[0] * tick)
        muxer.keep_sound(times[0] * tick, None)
        shift = (like.video.start or 0) - times[0]
    lasting = [later - time for time, later in pairwise(times)]
    lasting.append(_usual(like) or (lasting[-1] if lasting else 1))
    shown = [muxer.distinct(time + shift) for time in times]
    for packet, rank, due in _ordered(parts, shown, lasting[0]):
        packet.stream, packet.time_base = muxer.video, tick
        packet.pts, packet.dts, packet.duration = shown[rank], due, lasting[rank]
        muxer.copy(passthrough.until(begin(packet) - shift * tick), shift * tick)
        muxer.mux(packet)
    last = None if span.stop is None else (times[-1] + lasting[-1]) * tick
    muxer.keep_sound(passthrough.skipped_to, last)
    muxer.copy(passthrough.rest(last), shift * tick)
    muxer.finish_sound(shift * tick)


def _ordered(parts: Sequence[_Part], shown: list[int], usual: int) -> Iterator[tuple[AnyPacket, int, int]]:
    """Give each packet in the order of decoding, its frame's place in the order of showing, and when it is due."""
    ranks, place = list[int](), 0
    for part in parts:
        ranks += [place + rank for rank in part.ranks]
        place += len(part.times)
    delay = max(order - rank for order, rank in enumerate(ranks))
    dues = [shown[0] - usual * (delay - n) for n in range(delay)] + shown
    order = 0
    for part in parts:
        with open_source(part.path) as container, translate_read_errors(part.path):
            for packet in container.demux(picture_stream(container, part.path)):
                if packet.size:
                    yield packet, ranks[order], dues[order]
                    order += 1


def _usual(like: ClipInfo) -> int:
    """How many ticks a usual frame lasts."""
    rate = like.video.average_rate
    return max(1, round(1 / (rate * like.video.time_base))) if rate else 1
