"""Clips with all that an edit may hold beside picture and sound: subtitles, cover art, fonts, a second picture."""

import re
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.stream import Disposition

from tests.clips import make_clip

_TAGS = re.compile(r"\{[^}]*\}")
Line = tuple[int, int, str]  # from and to, milliseconds, and the words
LINES: tuple[Line, ...] = ((0, 120, "one"), (200, 280, "two\nlines"), (300, 360, "three"))
_HEADER = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, \
MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def with_subtitles(path: Path, subtitle: str, lines: tuple[Line, ...] = LINES, **settings: object) -> Path:
    """A clip with one track of subtitles, in the codec of an FFmpeg encoder."""
    plain = make_clip(path.with_name(f"plain-{path.stem}.mkv"), **{"audio": ("libopus",), **settings})
    with av.open(str(plain)) as reading, av.open(str(path), "w") as writing:
        copies = {stream.index: writing.add_stream_from_template(stream) for stream in reading.streams}
        track = writing.add_stream(subtitle)
        track.metadata.update({"language": "deu", "title": "Deutsch"})
        track.disposition = Disposition.default
        context = track.codec_context
        context.subtitle_header, context.time_base = _HEADER, Fraction(1, 1000)
        context.open()
        packets = [packet for packet in reading.demux() if packet.size]
        for packet in packets:
            packet.stream = copies[packet.stream_index]
        for number, (first, last, words) in enumerate(lines):
            text = f"{number},0,Default,,0,0,0,,{words}".replace("\n", r"\N").encode()
            packet = context.encode_subtitle(av.subtitles.subtitle.SubtitleSet.create(text, 0, last - first, first))
            packet.time_base, packet.pts, packet.dts = Fraction(1, 1000), first, first
            packet.duration, packet.stream = last - first, track
            packets.append(packet)
        for packet in packets:
            writing.mux(packet)
    return path


def with_attachments(path: Path, cover: bytes) -> Path:
    """A Matroska clip with a cover and a font."""
    plain = make_clip(path.with_name("plain.mkv"), frames=4, audio=())
    with av.open(str(plain)) as reading, av.open(str(path), "w", format="matroska") as writing:
        stream = writing.add_stream_from_template(reading.streams.video[0])
        writing.add_attachment("cover.png", "image/png", cover)
        writing.add_attachment("font.ttf", "application/x-truetype-font", b"not really a font")
        for packet in reading.demux(video=0):
            if packet.size:
                packet.stream = stream
                writing.mux(packet)
    return path


def cover_picture() -> bytes:
    """A PNG of 32x32."""
    context = av.CodecContext.create("png", "w")
    context.width, context.height, context.pix_fmt, context.time_base = 32, 32, "rgb24", Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 200, np.uint8), format="rgb24")
    frame.pts = 0
    return bytes(context.encode(frame)[0])


def cover_of(path: Path) -> bytes | None:
    """The cover art that a clip holds."""
    with av.open(f"file:{path}") as container:
        for stream in container.streams.video:
            if stream.disposition & Disposition.attached_pic:
                return next(bytes(packet) for packet in container.demux(stream) if packet.size)
    return None


def attachments(path: Path) -> dict[str, bytes]:
    """The attachments of a clip, by name."""
    with av.open(f"file:{path}") as container:
        return {stream.name: stream.data for stream in container.streams.attachments}


def subtitles(path: Path) -> list[Line]:
    """The subtitles of a clip's only such track; times in milliseconds, rounded."""
    found = []
    with av.open(f"file:{path}") as container:
        stream = container.streams.subtitles[0]
        for packet in container.demux(stream):
            decoded = stream.codec_context.decode2(packet) if packet.size else None
            if decoded is not None and len(decoded):
                first = packet.pts * packet.time_base * 1000
                last = first + packet.duration * packet.time_base * 1000
                found.append((round(first), round(last), _TAGS.sub("", decoded[0].dialogue.decode())))
    return found
