"""The packets that a render copies: sound and what else there is, in the order of time, never ahead of the picture."""

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from av.packet import Packet
from av.stream import Stream

from vidstyle.frames import Span
from vidstyle.media.clip import ClipInfo
from vidstyle.media.opening import open_source, translate_read_errors

if TYPE_CHECKING:
    AnyPacket: TypeAlias = Packet[Any]
else:
    AnyPacket = Packet  # generic to type checkers only

_PLAIN_PCM = re.compile(r"pcm_[suf](?P<bits>8|16|24|32|64)(?:le|be)?|pcm_(?:alaw|mulaw)")
_PREROLL = 1  # seconds of packets, more than any decoder needs before its sound is right
_SLACK = 10  # seconds by which a file may store one track ahead of another


class Passthrough:
    """The packets beside the picture that belong to a span of a clip; a context manager that opens it for itself.

    Convention: times are exact seconds on the source's clock. Of a span, uncompressed sound is cut to the sample; a
    compressed packet that overlaps the span is kept whole; a subtitle that is shown already appears with the first
    frame, and one that would stay on goes with the last.
    """

    def __init__(self, info: ClipInfo, span: Span) -> None:
        self.info = info
        self.span = span
        self._chosen = tuple(track.index for track in info.audio)
        self._samples = {
            track.index: (size, track.rate)
            for track in info.audio
            if (size := sample_size(track.codec, track.channels))
        }
        self._decoded: frozenset[int] = frozenset()
        self._texts = {other.index for other in info.others if other.kind == "subtitle"}
        self._stack = ExitStack()
        self._ahead: AnyPacket | None = None
        self.skipped_to: Fraction | None = None
        self._packets: Iterator[AnyPacket] = iter(())

    def choose(self, tracks: Iterable[int], decoded: Iterable[int] = ()) -> None:
        """Take these tracks instead of all audio tracks, some of which are decoded; before the context is entered."""
        self._chosen, self._decoded = tuple(tracks), frozenset(decoded)

    def __enter__(self) -> "Passthrough":
        if self._chosen:
            container = self._stack.enter_context(open_source(self.info.path))
            tracks: list[Stream] = [container.streams[index] for index in self._chosen]
            self._packets = (packet for packet in container.demux(tracks) if packet.size)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._packets = iter(())
        self._stack.close()

    def skip_before(self, seconds: Fraction) -> None:
        """Leave out what has ended by `seconds`."""
        self.skipped_to = seconds

    def until(self, seconds: Fraction) -> Iterator[AnyPacket]:
        """Yield the packets that have not been yielded yet and begin by `seconds`."""
        while (packet := self._next()) is not None:
            # Sound that is cut where the span ends waits until it is known to end before.
            cut = self.span.stop is not None and packet.stream_index in self._samples.keys() | self._decoded
            due = end(packet) if cut else begin(packet)
            if due > seconds:
                return
            self._ahead = None
            yield from self._within(packet, None)

    def rest(self, seconds: Fraction | None) -> Iterator[AnyPacket]:
        """Yield all packets that are left, up to `seconds`, where the last frame ends; None: to the clip's end."""
        while (packet := self._next()) is not None:
            if seconds is not None and begin(packet) > seconds + _SLACK:
                return
            self._ahead = None
            yield from self._within(packet, seconds)

    def _within(self, packet: AnyPacket, stop: Fraction | None) -> Iterator[AnyPacket]:
        """The packet or what of it lies inside the span; nothing where it lies outside."""
        start, decoded = self.skipped_to, packet.stream_index in self._decoded
        if decoded and start is not None:
            start -= _PREROLL
        if (start is not None and end(packet) <= start) or (stop is not None and presented(packet) >= stop):
            return
        if packet.stream_index in self._samples and not decoded:
            packet = _cut_samples(packet, self._samples[packet.stream_index], start, stop)
        elif packet.stream_index in self._texts:
            _cut_duration(packet, start, stop)
        yield packet

    def _next(self) -> AnyPacket | None:
        if self._ahead is None:
            with translate_read_errors(self.info.path):
                self._ahead = next(self._packets, None)
        return self._ahead


def begin(packet: AnyPacket) -> Fraction:
    """When a packet is due for decoding, in exact seconds; a packet without any time is due at once."""
    ticks = packet.dts if packet.dts is not None else packet.pts
    return Fraction(ticks or 0) * packet.time_base


def presented(packet: AnyPacket) -> Fraction:
    """When a packet is heard or shown, in exact seconds."""
    return Fraction(packet.pts) * packet.time_base if packet.pts is not None else begin(packet)


def end(packet: AnyPacket) -> Fraction:
    """When the sound of a packet ends, in exact seconds."""
    return presented(packet) + (packet.duration or 0) * packet.time_base


def sample_size(codec: str, channels: int) -> int:
    """Bytes of one sample of all channels; 0 for sound that can't be cut between any two."""
    match = _PLAIN_PCM.fullmatch(codec)
    return int(match["bits"] or 8) // 8 * channels if match else 0


def _cut_samples(packet: AnyPacket, size: tuple[int, int], start: Fraction | None, stop: Fraction | None) -> AnyPacket:
    """The samples of a packet from `start` on and before `stop`; the packet itself where that is all of it."""
    block, rate = size
    count, first = packet.size // block, presented(packet)
    skipped = max(0, round((start - first) * rate)) if start is not None else 0
    kept = min(count, round((stop - first) * rate)) if stop is not None else count
    if (skipped, kept) == (0, count) or kept <= skipped:
        return packet
    part: AnyPacket = Packet(bytes(packet)[skipped * block : kept * block])
    part.stream, part.time_base = packet.stream, packet.time_base
    part.pts = part.dts = round((first + Fraction(skipped, rate)) / packet.time_base)
    part.duration = round(Fraction(kept - skipped, rate) / packet.time_base)
    part.is_keyframe = True
    return part


def _cut_duration(packet: AnyPacket, start: Fraction | None, stop: Fraction | None) -> None:
    if packet.pts is None or not packet.duration:
        return
    last = packet.pts + packet.duration
    if stop is not None and end(packet) > stop:
        last = round(stop / packet.time_base)
    if start is not None and presented(packet) < start:
        packet.pts = packet.dts = round(start / packet.time_base)
    packet.duration = max(1, last - packet.pts)
