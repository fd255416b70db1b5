"""Does a converted track sound as its source, at the same time? Told by decoding both, with PyAV."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, zip_longest
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from vidstyle.media.opening import open_source, translate_read_errors

_RATE = 16_000  # samples a second that are compared: what lies above 8 kHz is not judged
_BLOCK = 4 * _RATE
_FARTHEST = _RATE // 20  # samples by which one may lie from the other, to be told how far
_QUIET = 1e-3  # of full scale: below it, coding noise may be all that is left
_AS_GOOD = 0.999  # a tone is alike at every period: of lags as good as the best the smallest is meant

Samples = NDArray[np.float32]


class Likeness(NamedTuple):
    """How two tracks compare.

    lag         seconds by which the second is heard later, at the block where that is most
    alike       the correlation of the least alike block and channel; 1: the same but for its level
    ends        by how many seconds the second ends later
    """

    lag: float
    alike: float
    ends: float


class Place(NamedTuple):
    """A track of a clip, and the time in it that is compared as 0, seconds."""

    path: Path
    track: int
    origin: Fraction


def likeness(source: Place, target: Place, stop: Fraction | None = None, *, span: bool = False) -> Likeness:
    """Compare two tracks of as many channels; of a span, from time 0 to `stop`, seconds. Raises ClipReadError."""
    first, last = (0 if span else None), (None if stop is None else round(stop * _RATE))
    one, other = _Blocks(source, first, last), _Blocks(target, first, last)
    lags, worst = [0], 1.0
    for before, after in zip_longest(one.all(other.begin), other.all(one.begin)):
        if before is None or after is None:
            rest = before if after is None else after
            worst = 0.0 if _loudness(rest) > _QUIET * 10 else worst
            continue
        for channel in range(before.shape[0]):
            lag, alike = _compared(before[channel], after[channel])
            lags.append(lag)
            worst = min(worst, alike)
    return Likeness(max(lags, key=abs) / _RATE, worst, (other.end - one.end) / _RATE)


def _compared(before: Samples, after: Samples) -> tuple[int, float]:
    """By how many samples the second lies later, and how alike they are at 0; (0, 1) for silence."""
    loud = _loudness(before[None]), _loudness(after[None])
    if loud[0] < _QUIET:
        return 0, 1.0 if loud[1] < _QUIET * 10 else 0.0
    size = 2 * len(before)
    product = np.fft.irfft(np.fft.rfft(before, size).conj() * np.fft.rfft(after, size), size)
    norm = float(np.linalg.norm(before) * np.linalg.norm(after)) or 1.0
    near = np.concatenate((product[-_FARTHEST:], product[: _FARTHEST + 1])) / norm
    good = np.flatnonzero(near >= near.max() * _AS_GOOD) - _FARTHEST
    return int(min(good, key=abs)), float(near[_FARTHEST])


def _loudness(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples)))) if samples.size else 0.0


class _Blocks:
    """The samples of a track in blocks, on a time that begins at its origin; low tones' own channel is left out."""

    def __init__(self, place: Place, first: int | None, last: int | None) -> None:
        self.end = 0
        self._first, self._last = first, last
        pieces = _pieces(place)
        head = next(pieces, None)
        self.begin = first if first is not None else head[0] if head is not None else 0
        self._pieces = chain([head] if head is not None else [], pieces)

    def all(self, other: int) -> Iterator[Samples]:
        """Yield them from where the earlier of both begins."""
        start, block = min(self.begin, other), None
        for place, samples in self._pieces:
            low = max(place, start)
            high = place + samples.shape[1] if self._last is None else min(place + samples.shape[1], self._last)
            while low < high:
                if block is None:
                    block = np.zeros((samples.shape[0], _BLOCK), np.float32)
                if low >= start + _BLOCK:
                    yield block
                    start, block = start + _BLOCK, None
                    continue
                stop = min(high, start + _BLOCK)
                block[:, low - start : stop - start] = samples[:, low - place : stop - place]
                low = self.end = stop
        if block is not None:
            yield block


def _pieces(place: Place) -> Iterator[tuple[int, Samples]]:
    """Decoded samples with the number of the first one; numbers are counted on where times are only rounded."""
    resampler: av.AudioResampler | None = None
    due, kind = 0, ("", "", 0)
    with open_source(place.path) as container, translate_read_errors(place.path):
        for packet in container.demux(container.streams[place.track]):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            for frame in frames:
                if not isinstance(frame, av.AudioFrame) or frame.pts is None or frame.time_base is None:
                    continue
                if kind != (frame.format.name, frame.layout.name, frame.sample_rate):
                    kind = frame.format.name, frame.layout.name, frame.sample_rate
                    resampler, due = av.AudioResampler("fltp", frame.layout, _RATE), -_BLOCK * _RATE
                assert resampler is not None
                told = round((frame.pts * frame.time_base - place.origin) * _RATE)
                ready = [np.asarray(each.to_ndarray(), np.float32) for each in resampler.resample(frame)]
                if abs(told - due) > _RATE // 50:
                    due = told
                for samples in ready:
                    kept = [n for n, each in enumerate(frame.layout.channels) if each.name != "LFE"]
                    yield due, samples[kept]
                    due += samples.shape[1]
