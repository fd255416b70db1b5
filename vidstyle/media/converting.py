"""Gives a sound track another codec where its container demands one; every sample keeps its time."""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.layout import AudioLayout
from av.audio.stream import AudioStream
from av.container import OutputContainer
from numpy.typing import NDArray

from vidstyle.media.packets import AnyPacket

# By sample format, what holds it without loss; s32 is mostly 24 bits in the upper ones.
_EXACT = {"u8": "pcm_s16le", "s16": "pcm_s16le", "s32": "pcm_s32le", "flt": "pcm_f32le", "dbl": "pcm_f64le"}
_LOSSY = {"mp4": "aac", "mov": "aac", "webm": "libopus", "matroska": "flac"}
_BIT_RATE = 96_000  # of a channel: AAC and Opus are transparent at it, or nearly
_PACKET_BITS = 6  # a sample and channel: the most that an AAC packet holds, ISO/IEC 14496-3, 4.5.3.3
_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
_AT_THE_SIDE = {"5.0(side)": "5.0", "5.1(side)": "5.1"}  # the same speakers, as AAC and Opus call them
_FLAC_BITS = 24
_LOSSLESS = 1 << 2  # among the properties of a codec, AV_CODEC_PROP_LOSSLESS
_JITTER = Fraction(1, 50)  # seconds by which timestamps may be off before they mean a gap
_LONGEST_GAP = 600  # seconds; what lies further ahead is no gap but a broken time

Samples = NDArray[Any]


class SoundForm(NamedTuple):
    """How a converted track is encoded: FFmpeg's encoder, samples a second, layout, sample format, bits a second."""

    codec: str
    rate: int
    layout: str
    sample_format: str
    bit_rate: int


def form_for(stream: AudioStream, container: str) -> SoundForm | None:
    """The form in which `container` holds a track best; None where there is none, or the track can't be decoded.

    Convention: what is lossless stays so in QuickTime and Matroska. Rate and layout stay where the encoder knows them.
    """
    source = stream.codec_context
    if source is None or not source.sample_rate or source.format is None or not source.layout.nb_channels:
        return None
    codec = _codec_for(source, container)
    known = av.Codec(codec, "w")
    rates = sorted(known.audio_rates or [source.sample_rate])
    rate = next((rate for rate in rates if rate >= source.sample_rate), rates[-1])
    own = _named(source.layout)
    wanted = _AT_THE_SIDE.get(own, own) if codec in ("aac", "libopus") else own
    form = known.audio_formats[0].name if known.audio_formats else ""
    if codec == "flac" and source.format.packed.name != "s16":
        form = "s32"
    elif codec == "libopus":
        form = "flt"
    bits = source.layout.nb_channels * min(_BIT_RATE, _PACKET_BITS * rate) if codec in ("aac", "libopus") else 0
    for layout in (wanted, _LAYOUTS.get(source.layout.nb_channels, own)):
        if _opens(SoundForm(codec, rate, layout, form, bits)):
            return SoundForm(codec, rate, layout, form, bits)
    return None


def _named(layout: AudioLayout) -> str:
    """The name of a layout; the usual one for so many channels where it says only how many they are."""
    return _LAYOUTS.get(layout.nb_channels, layout.name) if layout.name.endswith("channels") else layout.name


def _codec_for(source: AudioCodecContext, container: str) -> str:
    name, kind = source.codec.canonical_name, source.format.packed.name
    lossless = name.startswith("pcm_") or bool(source.codec.properties & _LOSSLESS)
    exact = _EXACT.get(kind)
    deep = kind == "s32" and _bits(source) > _FLAC_BITS
    if container == "mov" and lossless and name != "dts" and exact:
        return "pcm_s24le" if kind == "s32" and not deep else exact
    if container == "matroska" and lossless and exact and (deep or kind in ("flt", "dbl")):
        return exact
    return _LOSSY[container]


def _bits(source: AudioCodecContext) -> int:
    """How many bits of the 32 of a sample hold sound, at most."""
    name, extra = source.codec.canonical_name, source.extradata or b""
    if name == "flac" and len(extra) > 13:  # noqa: PLR2004  STREAMINFO: bits - 1 in five bits from bit 103 on
        return ((extra[12] & 1) << 4 | extra[13] >> 4) + 1
    match = re.fullmatch(r"pcm_s(\d+)\w*", name)
    if match is not None:
        return int(match[1])
    return 24 if name in ("truehd", "mlp", "pcm_bluray", "pcm_dvd") else 32


def _opens(form: SoundForm) -> bool:
    context = av.CodecContext.create(form.codec, "w")
    assert isinstance(context, AudioCodecContext)
    try:
        _set(context, form)
        context.time_base = Fraction(1, form.rate)
        context.open()
    except (av.FFmpegError, ValueError):
        return False
    return True


def _set(context: AudioCodecContext, form: SoundForm) -> None:
    context.sample_rate, context.layout = form.rate, form.layout
    context.format = form.sample_format
    if form.bit_rate:
        context.bit_rate = form.bit_rate


def add_sound(output: OutputContainer, form: SoundForm) -> AudioStream:
    """Add a track of that form, whose header is not written yet."""
    added = output.add_stream(form.codec, rate=form.rate)
    assert isinstance(added, AudioStream)
    _set(added.codec_context, form)
    return added


def silence(track: AudioStream) -> list[AnyPacket]:
    """Packets of a moment without sound, for a track that is only tried out."""
    context = track.codec_context
    frame = av.AudioFrame(context.format.name, context.layout.name, context.frame_size or 1024)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.sample_rate, frame.time_base, frame.pts = context.sample_rate, Fraction(1, context.sample_rate), 0
    return [*track.encode(frame), *track.encode(None)]


class SoundConverter:
    """One track on its way into another codec.

    Convention: the sample that was heard at t seconds is heard at t + shift. Timestamps say where sound begins; from
    there on samples are counted, so that times rounded to milliseconds leave no clicks. A gap is filled with silence;
    sound whose time goes back is left out. `window` is what of the source's time is kept, seconds; None: all.

    Args:
        output: the track to write.
        milliseconds: whether its container counts them.
    """

    def __init__(self, output: AudioStream, *, milliseconds: bool = False) -> None:
        # Opus's delay ends in half a millisecond: what is told a sample early is rounded down, and not up and up again.
        self._early = int(milliseconds)
        self.window: tuple[Fraction | None, Fraction | None] = (None, None)
        self.broken = 0
        self.gaps = 0
        self._output = output
        self._stream: AudioStream | None = None
        self._kind: tuple[str, str, int] | None = None  # format, layout, rate of what is decoded
        self._resampler: av.AudioResampler | None = None
        self._due: int | None = None  # number of the sample that is decoded next, counted from time 0
        self._written: int | None = None  # the same of the sample that is encoded next

    def carry(self, packet: AnyPacket, shift: Fraction) -> Iterator[AnyPacket]:
        """The packets that come of one, moved by `shift` seconds."""
        stream = packet.stream
        assert isinstance(stream, AudioStream)
        self._stream = stream
        try:
            frames: Sequence[Any] = packet.decode()
        except av.FFmpegError:
            self.broken += 1
            return
        for frame in frames:
            yield from self._take(frame, shift)

    def finish(self, shift: Fraction) -> Iterator[AnyPacket]:
        """The packets that are left when all have been carried."""
        if self._stream is not None:
            try:
                rest: Sequence[Any] = self._stream.decode(None)
            except av.FFmpegError:
                rest = []
            for frame in rest:
                yield from self._take(frame, shift)
        yield from self._encode(None)
        yield from self._output.encode(None)

    def losses(self) -> list[str]:
        """What became of sound that could not be converted, as ends of a sentence."""
        broken, gaps = _counted(self.broken, "packet"), _counted(self.gaps, "gap")
        found = [f"silence stands for {broken} that could not be decoded"] if self.broken else []
        return found + ([f"silence fills {gaps} in its time"] if self.gaps else [])

    def _take(self, frame: Any, shift: Fraction) -> Iterator[AnyPacket]:
        """Encode what of a decoded frame lies in the window, after silence where time went on without sound."""
        rate, kind = frame.sample_rate, (frame.format.name, _named(frame.layout), frame.sample_rate)
        if kind != self._kind:
            yield from self._change(kind)
        due = self._due
        place = due if frame.pts is None else round((frame.pts * frame.time_base + shift) * rate)
        if place is None:
            place = round(((self.window[0] or 0) + shift) * rate)
        if due is not None and (abs(place - due) <= _JITTER * rate):
            place = due
        if due is not None and place > due + _LONGEST_GAP * rate:
            self.broken += 1
            return
        samples = _channels(frame)
        if due is not None and place > due:
            self.gaps += 1
            for first in range(due, place, rate):
                nothing = np.full((samples.shape[0], min(rate, place - first)), _zero(samples), samples.dtype)
                yield from self._keep(nothing, first, shift)
        if due is not None and place < due:
            samples, place = samples[:, due - place :], due
        self._due = place + samples.shape[1]
        yield from self._keep(samples, place, shift)

    def _keep(self, samples: Samples, place: int, shift: Fraction) -> Iterator[AnyPacket]:
        assert self._kind is not None
        form, layout, rate = self._kind
        first, last = (None if time is None else round((time + shift) * rate) for time in self.window)
        low = max(place, place if first is None else first)
        high = min(place + samples.shape[1], place + samples.shape[1] if last is None else last)
        if high <= low:
            return
        part = samples[:, low - place : high - place]
        packed = av.AudioFormat(form).is_packed
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(part.T.reshape(1, -1) if packed else part), format=form, layout=layout
        )
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), low
        if self._written is None:
            self._written = round(Fraction(low, rate) * self._output.codec_context.sample_rate)
        yield from self._encode(frame)

    def _change(self, kind: tuple[str, str, int]) -> Iterator[AnyPacket]:
        """Go on with samples of another kind; what was decoded before is encoded first."""
        yield from self._encode(None)
        context = self._output.codec_context
        self._resampler = av.AudioResampler(context.format, context.layout, context.sample_rate)
        if self._due is not None and self._kind is not None:
            self._due = round(Fraction(self._due, self._kind[2]) * kind[2])
        self._kind = kind

    def _encode(self, frame: av.AudioFrame | None) -> Iterator[AnyPacket]:
        rate = self._output.codec_context.sample_rate
        for ready in self._resampler.resample(frame) if self._resampler is not None else ():
            ready.time_base, ready.pts = Fraction(1, rate), (self._written or 0) - self._early
            self._written = (self._written or 0) + ready.samples
            yield from self._output.encode(ready)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _channels(frame: Any) -> Samples:
    """The samples of a frame, one row a channel."""
    samples: Samples = frame.to_ndarray()
    return samples if frame.format.is_planar else samples.reshape(-1, frame.layout.nb_channels).T


def _zero(samples: Samples) -> int:
    return 128 if samples.dtype == np.uint8 else 0
