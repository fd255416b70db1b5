"""The packets that a render copies untouched: audio, in the order of time, never ahead of the picture."""

from collections.abc import Iterator
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


class Passthrough:
    """The audio packets of a clip; a context manager that opens the clip for itself.

    Convention: times are exact seconds on the source's clock.
    """

    def __init__(self, info: ClipInfo, span: Span) -> None:
        self.info = info
        self.span = span
        self._stack = ExitStack()
        self._ahead: AnyPacket | None = None
        self._skipped_to: Fraction | None = None
        self._packets: Iterator[AnyPacket] = iter(())

    def __enter__(self) -> "Passthrough":
        if self.info.audio:
            container = self._stack.enter_context(open_source(self.info.path))
            tracks: list[Stream] = [container.streams[track.index] for track in self.info.audio]
            self._packets = (packet for packet in container.demux(tracks) if packet.size)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._packets = iter(())
        self._stack.close()

    def skip_before(self, seconds: Fraction) -> None:
        """Leave out the packets whose sound has ended by `seconds`; one that reaches beyond is kept whole."""
        self._skipped_to = seconds

    def until(self, seconds: Fraction | None) -> Iterator[AnyPacket]:
        """Yield the packets that have not been yielded yet and begin by `seconds`; all that are left for None."""
        while (packet := self._next()) is not None:
            if seconds is not None and begin(packet) > seconds:
                return
            self._ahead = None
            if self._skipped_to is None or end(packet) > self._skipped_to:
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


def end(packet: AnyPacket) -> Fraction:
    """When the sound of a packet ends, in exact seconds."""
    return Fraction((packet.pts or 0) + (packet.duration or 0)) * packet.time_base
