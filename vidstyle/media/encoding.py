"""Encodes planes in a thread of its own, and merges the source's packets among the pictures."""

import hashlib
import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from vidstyle.errors import VidstyleError
from vidstyle.media.mux import Muxer
from vidstyle.media.packets import AnyPacket, Passthrough, begin
from vidstyle.media.pixels import PlaneLayout
from vidstyle.media.planar import frame_of
from vidstyle.media.surfaces import surface_of

_POLL = 0.1  # seconds between two looks at whether the other side is gone
_FEWEST_FOR_DTS = 3  # frames; of fewer x265 knows no dts and gives whatever its memory holds


@dataclass(slots=True)
class WriteTally:
    """What was written.

    packets     source stream → packets copied bit for bit
    frame_hash  SHA-256 over all planes of all frames, in order, before the encoder
    """

    frames: int = 0
    packets: dict[int, int] = field(default_factory=dict)
    frame_hash: str = ""


@dataclass(frozen=True, slots=True)
class PlaneBatch:
    """Codes of consecutive frames, one (n, h, w) array a plane, and their pts on the source's clock.

    Convention: `surfaces` are the same planes where they were made, for an encoder that takes them from there.
    """

    planes: Sequence[NDArray[Any]]
    pts: tuple[int, ...]
    surfaces: Sequence[Tensor] | None = None


_Planes = tuple[list[NDArray[Any]], list[Tensor] | None]  # of a frame: in main memory, and where they were made


class _Abandoned(Exception):  # noqa: N818 (no error: the other side has gone)
    pass


class EncoderThread:
    """Encodes and muxes behind a bounded queue; errors cross to the side that puts, with their type.

    `tally` is complete once `finish` has returned.
    """

    def __init__(self, muxer: Muxer, passthrough: Passthrough | None, layout: PlaneLayout, *, depth: int) -> None:
        self.tally = WriteTally()
        self._muxer = muxer
        self._passthrough = passthrough
        self._layout = layout
        self._items: queue.Queue[PlaneBatch | None] = queue.Queue(maxsize=depth)
        self._abandoned = threading.Event()
        self._error: BaseException | None = None
        self._shift = 0  # ticks of the picture's clock, from the source's to the output's
        self._durations: dict[int, int] = {}
        self._thread = threading.Thread(target=self._run, name="vidstyle-encode", daemon=True)

    def __enter__(self) -> "EncoderThread":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._abandoned.set()
        self._thread.join()

    def put(self, item: PlaneBatch | None) -> None:
        """Hand over a batch; waits while too many wait already. Raises what the thread died of."""
        while True:
            if self._error is not None:
                raise self._error
            try:
                self._items.put(item, timeout=_POLL)
            except queue.Full:
                continue
            return

    def finish(self) -> None:
        """Say that no more comes, and wait until all is muxed. Raises what the thread died of."""
        self.put(None)
        while self._thread.is_alive():
            self._thread.join(_POLL)  # in short waits, so that a signal gets through
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._encode()
        except _Abandoned:
            return
        except BaseException as error:  # whatever it is, it belongs to the side that puts
            self._error = error

    def _encode(self) -> None:
        digest = hashlib.sha256()
        window_end = Fraction(0)
        for (planes, surfaces), pts, duration in self._timed():
            if self._abandoned.is_set():
                raise _Abandoned
            if self.tally.frames == 0:
                self._shift = self._choose_shift(pts)
            for plane in planes:
                digest.update(np.ascontiguousarray(plane).data)
            there = None if surfaces is None else surface_of(surfaces)
            frame = there or frame_of(planes, self._layout, self._muxer.plan.choice.pix_fmt)
            frame.pts, frame.time_base = self._muxer.distinct(pts + self._shift), self._time_base
            self._durations[frame.pts] = duration
            self._mux(self._muxer.encode(frame))
            self.tally.frames += 1
            window_end = (pts + duration) * self._time_base
        if not self.tally.frames:
            raise VidstyleError("there is no frame to write")
        last = self._muxer.encode(None)
        if self.tally.frames < _FEWEST_FOR_DTS:
            for packet in last:
                packet.dts = packet.pts
        self._mux(last)
        self._copy_rest(window_end)
        self.tally.packets = dict(self._muxer.copied)
        self.tally.frame_hash = digest.hexdigest()

    @property
    def _time_base(self) -> Fraction:
        return self._muxer.plan.like.video.time_base

    def _choose_shift(self, first: int) -> int:
        """Nothing for a span from the first frame on; else what brings its first frame to where the clip's own is."""
        if self._passthrough is None or self._passthrough.span.start == 0:
            return 0
        self._passthrough.skip_before(first * self._time_base)
        self._muxer.keep_sound(first * self._time_base, None)
        return (self._muxer.plan.like.video.start or 0) - first

    def _mux(self, packets: list[AnyPacket]) -> None:
        shift = self._shift * self._time_base
        for packet in packets:
            packet.duration = self._durations.pop(packet.pts or 0, 0)  # encoders leave it out
            if self._passthrough is not None:
                self._muxer.copy(self._passthrough.until(begin(packet) - shift), shift)
            self._muxer.mux(packet)

    def _copy_rest(self, window_end: Fraction) -> None:
        if self._passthrough is not None:
            last, shift = None if self._passthrough.span.stop is None else window_end, self._shift * self._time_base
            self._muxer.keep_sound(self._passthrough.skipped_to, last)
            self._muxer.copy(self._passthrough.rest(last), shift)
            self._muxer.finish_sound(shift)

    def _timed(self) -> Iterator[tuple[_Planes, int, int]]:
        """Each frame's planes, pts and duration in ticks: until the next frame; the last lasts a usual frame's time."""
        waiting: tuple[_Planes, int] | None = None
        rate, duration = self._muxer.plan.like.video.average_rate, 1
        for batch in self._received():
            for n, pts in enumerate(batch.pts):
                if waiting is not None:
                    duration = pts - waiting[1]
                    if duration <= 0:
                        raise VidstyleError(f"timestamps do not increase: {pts} after {waiting[1]}")
                    yield *waiting, duration
                surfaces = None if batch.surfaces is None else [plane[n] for plane in batch.surfaces]
                waiting = ([plane[n] for plane in batch.planes], surfaces), pts
        if waiting is not None:
            yield *waiting, max(1, round(1 / (rate * self._time_base))) if rate else duration

    def _received(self) -> Iterator[PlaneBatch]:
        while not self._abandoned.is_set():
            try:
                item = self._items.get(timeout=_POLL)
            except queue.Empty:
                continue
            if item is None:
                return
            yield item
        raise _Abandoned
