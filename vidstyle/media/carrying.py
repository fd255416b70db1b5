"""Brings the tracks beside the picture into the output: packets copied, subtitles converted, files attached."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.stream import AttachmentStream, Disposition, Stream
from av.subtitles.stream import SubtitleStream

from vidstyle.media.clip import StreamInfo
from vidstyle.media.converting import SoundConverter, add_sound
from vidstyle.media.packets import AnyPacket
from vidstyle.media.target import MILLISECONDS
from vidstyle.media.tracks import COVER_TYPES, Track, lasting

_BINARY = "application/octet-stream"
_NO_TEXT = bytes(2)  # what ends a subtitle in QuickTime


class Carrier:
    """One track of the source on its way into the output: its packets are copied bit for bit.

    `needless` are packets that the muxer writes by itself.
    """

    def __init__(self, output: Stream, *, needless: bytes | None = None) -> None:
        self._output = output
        self._needless = needless

    def carry(self, packet: AnyPacket, shift: Fraction) -> Iterator[AnyPacket]:
        """The packet to write, moved by `shift` seconds, rounded to whole ticks; none where nothing is to be shown."""
        if packet.size == len(self._needless or b"") and bytes(packet) == self._needless:
            return
        ticks = round(shift / packet.time_base)
        if ticks:
            packet.pts = None if packet.pts is None else packet.pts + ticks
            packet.dts = None if packet.dts is None else packet.dts + ticks
        packet.stream = self._output
        yield packet


class SubtitleConverter(Carrier):
    """A track of text subtitles that gets another codec: each keeps its time; what the codec can't style is plain."""

    def __init__(self, source: SubtitleStream, output: SubtitleStream) -> None:
        super().__init__(output)
        self._decoder = av.CodecContext.create(source.codec_context.codec.name, "r")
        self._decoder.extradata = source.codec_context.extradata
        self._decoder.open(strict=False)
        self._encoder = output.codec_context
        self._encoder.subtitle_header = self._decoder.subtitle_header  # type: ignore[attr-defined]
        self._encoder.time_base = source.time_base or Fraction(1, 1000)
        self._encoder.open()

    def carry(self, packet: AnyPacket, shift: Fraction) -> Iterator[AnyPacket]:
        """The converted subtitle; none for one that holds no text, as those that end others in QuickTime."""
        try:
            found = self._decoder.decode2(packet)  # type: ignore[attr-defined]
        except av.FFmpegError:
            return  # a broken subtitle costs only itself
        if found is None or not len(found):
            return
        converted: AnyPacket = self._encoder.encode_subtitle(found)
        converted.time_base, converted.duration = packet.time_base, packet.duration
        converted.pts = converted.dts = packet.pts
        yield from super().carry(converted, shift)


class Carried(NamedTuple):
    """What carries each track that has packets, by its number in the source.

    covers   cover art, to be written at once
    copied   how much of each track that stays as it is has been copied: packets, or 1 for a file
    """

    carriers: dict[int, Carrier | SoundConverter]
    covers: list[AnyPacket]
    copied: dict[int, int]

    @property
    def converters(self) -> dict[int, SoundConverter]:
        """What carries sound that gets another codec."""
        return {index: each for index, each in self.carriers.items() if isinstance(each, SoundConverter)}


def add_tracks(output: OutputContainer, container: str, source: InputContainer, tracks: list[Track]) -> Carried:
    """Add all `tracks` of `source` to `output`, whose header is not written yet."""
    carried = Carried({}, [], {})
    for track in tracks:
        info, stream = track.info, source.streams[track.info.index]
        if track.way != "convert":
            carried.copied[info.index] = int(track.way != "copy")
        if track.way == "attach":
            assert isinstance(stream, AttachmentStream)
            output.add_attachment(stream.name or f"attachment{info.index}", stream.mimetype or _BINARY, stream.data)
        elif track.way == "cover":
            carried.covers.extend(_add_cover(output, container, source, info))
        else:
            carried.carriers[info.index] = _add_carrier(output, container, stream, track)
    return carried


def _add_carrier(output: OutputContainer, container: str, stream: Stream, track: Track) -> Carrier | SoundConverter:
    added: Stream
    if track.sound is not None:
        added = add_sound(output, track.sound)
    else:
        added = output.add_stream(track.codec) if track.way == "convert" else output.add_stream_from_template(stream)
    added.metadata.update(lasting(track.info.metadata, container))
    added.disposition = Disposition(track.info.disposition)
    if isinstance(added, AudioStream) and track.sound is not None:
        return SoundConverter(added, milliseconds=container in MILLISECONDS)
    if track.way != "convert":
        return Carrier(added, needless=_NO_TEXT if track.info.codec == "mov_text" else None)
    assert isinstance(stream, SubtitleStream)
    assert isinstance(added, SubtitleStream)
    return SubtitleConverter(stream, added)


def _add_cover(
    output: OutputContainer, container: str, source: InputContainer, info: StreamInfo
) -> Iterator[AnyPacket]:
    """Add cover art: to Matroska as an attachment, which is how it is read there; elsewhere its packet is returned."""
    stream = source.streams[info.index]
    picture = next((packet for packet in source.demux(stream) if packet.size), None)
    if picture is None:
        return
    if container == "matroska":
        name, kind = COVER_TYPES[info.codec]
        output.add_attachment(info.metadata.get("filename", name), kind, bytes(picture))
        return
    added = output.add_stream_from_template(stream)
    added.metadata.update(lasting(info.metadata, container))
    added.disposition = Disposition.attached_pic
    picture.stream, picture.pts, picture.dts = added, 0, 0
    yield picture
