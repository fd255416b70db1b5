"""What a clip holds: picture, colour, sound and everything else, as one value that fits into JSON."""

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.stream import DataStream, Disposition, Stream
from av.video.stream import VideoStream
from pydantic import BaseModel, ConfigDict, Field

from vidstyle.errors import ClipReadError
from vidstyle.media.asking import description, first_frame
from vidstyle.media.colour import CHROMA_LOCATIONS, MATRICES, PRIMARIES, RANGES, TRANSFERS, UNKNOWN, ColourTags, name_of
from vidstyle.media.mastering import Mastering
from vidstyle.media.opening import open_source, translate_read_errors
from vidstyle.media.orientation import Orientation, display_matrix
from vidstyle.media.scene import SceneCoding

_PQ = "smpte2084"
_ON_FRAMES = ("Display Matrix", "Mastering display", "Content light level")  # what only a frame tells in full
_FIELD_ORDERS = {2: "top first", 3: "bottom first", 4: "top coded first", 5: "bottom coded first"}
# FFmpeg's own decoders of these leave out the opacity that lies beside the picture.
ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StreamInfo(_Part):
    """What every stream has."""

    index: int = Field(description="number of the stream in the file, from 0")
    kind: str = Field(description="video, audio, subtitle, data or attachment")
    codec: str = Field(description="FFmpeg's name of the codec; empty where it has none")
    time_base: Fraction | None = Field(default=None, description="seconds per tick")
    start: int | None = Field(default=None, description="first timestamp as the container says, ticks")
    duration: int | None = Field(default=None, description="length as the container says, ticks; a hint")
    metadata: dict[str, str] = Field(default_factory=dict, description="language, title, handler and so on")
    disposition: int = Field(default=0, description="FFmpeg's disposition flags, such as 1 = default")


class VideoInfo(StreamInfo):
    """The picture."""

    width: int = Field(description="pixels, as coded: before rotation and sample aspect ratio")
    height: int = Field(description="pixels, as coded: before rotation and sample aspect ratio")
    pix_fmt: str = Field(description="FFmpeg's pixel format, such as yuv420p10le")
    time_base: Fraction = Field(description="seconds per tick, exact")
    average_rate: Fraction | None = Field(default=None, description="frames per second; a hint, never the truth")
    frames: int | None = Field(default=None, description="number of frames as the container says; a hint")
    tags: ColourTags = Field(default_factory=ColourTags, description="colour tags")
    sample_aspect_ratio: Fraction | None = Field(default=None, description="width:height of a pixel; None: not said")
    rotation: int = Field(default=0, description="degrees to turn the picture counter-clockwise for display")
    display_matrix: tuple[int, ...] = Field(default=(), description="FFmpeg's nine numbers, 16.16; empty: none")
    mastering: Mastering | None = Field(default=None, description="static metadata of HDR10; None: none")
    field_order: str = Field(default="", description="as the stream says, such as top first; empty: progressive")
    timecode: str = Field(default="", description="timecode of the first frame, such as 01:00:00:00")
    first_number: int | None = Field(default=None, description="number of a sequence's first picture; None: a clip")
    scene: SceneCoding | None = Field(default=None, description="how scene-linear pictures became display-referred")
    side: tuple[str, ...] = Field(default=(), description="kinds of stream side data, such as mastering metadata")

    @property
    def orientation(self) -> Orientation | None:
        """How pictures become upright; None where the display matrix does more than turn and mirror."""
        return Orientation.of(self.display_matrix)

    @property
    def upright(self) -> tuple[int, int]:
        """Height and width of the upright picture, in pixels."""
        return (self.orientation or Orientation()).size(self.height, self.width)


class AudioInfo(StreamInfo):
    """One audio track."""

    rate: int = Field(description="samples per second")
    channels: int = Field(description="number of channels")
    layout: str = Field(description="FFmpeg's channel layout, such as stereo or 5.1")


class ChapterInfo(_Part):
    """One chapter."""

    start: int = Field(description="ticks of time_base")
    end: int = Field(description="ticks of time_base")
    time_base: Fraction = Field(description="seconds per tick")
    metadata: dict[str, str] = Field(default_factory=dict, description="title and so on")


class ClipInfo(_Part):
    """All that `probe` finds out without decoding the clip."""

    path: Path = Field(description="where the clip is")
    container: str = Field(description="FFmpeg's names of the container format")
    seconds: float | None = Field(default=None, description="length as the container says; a hint")
    video: VideoInfo = Field(description="the picture that is stylized")
    audio: tuple[AudioInfo, ...] = Field(default=(), description="the audio tracks, in the file's order")
    others: tuple[StreamInfo, ...] = Field(default=(), description="further pictures, subtitles, data, attachments")
    chapters: tuple[ChapterInfo, ...] = Field(default=(), description="chapter marks")
    metadata: dict[str, str] = Field(default_factory=dict, description="title, creation time and so on")

    def resized(self, height: int, width: int) -> "ClipInfo":
        """Describe a clip of the same time and colour, but of another size, upright, and of pictures alone."""
        own = {"height": height, "width": width, "rotation": 0, "display_matrix": ()}
        own |= {"first_number": None, "scene": None}
        video = self.video.model_copy(update=own)
        return self.model_copy(update={"video": video, "audio": (), "others": (), "chapters": ()})

    def describe(self) -> str:
        """The same for people: a few lines of text."""
        video, tags = self.video, self.video.tags
        rate = f"{float(video.average_rate):.3f}".rstrip("0").rstrip(".") if video.average_rate else "?"
        length = f"{self.seconds:.3f} s" if self.seconds is not None else "length unknown"
        lines = [
            f"{self.path.name}: {self.container}, {length}",
            f"  #{video.index} video  {video.codec} {video.width}x{video.height} {video.pix_fmt} {rate} fps, "
            f"{video.frames or '?'} frames",
            f"     colour {tags.matrix}/{tags.primaries}/{tags.transfer}, {tags.range} range, "
            f"chroma {tags.chroma_location}",
        ]
        extras = {
            "pixel aspect": video.sample_aspect_ratio or "",
            "rotation": f"{video.rotation}°" if video.rotation else "",
            "fields": video.field_order,
            "timecode": video.timecode,
        }
        lines += [f"     {name} {value}" for name, value in extras.items() if value]
        for track in self.audio:
            language = track.metadata.get("language", "und")
            lines.append(f"  #{track.index} audio  {track.codec} {track.rate} Hz {track.layout} ({language})")
        lines += [f"  #{other.index} {other.kind}  {other.codec or '-'}" for other in self.others]
        return "\n".join(lines + ([f"  {len(self.chapters)} chapters"] if self.chapters else []))


def probe(path: Path | str) -> ClipInfo:
    """Find out what a clip holds. Raises ClipMissingError, and ClipReadError where it is no clip with a picture."""
    with open_source(Path(path)) as container, translate_read_errors(Path(path)):
        return describe_container(container, Path(path))


def picture_stream(container: InputContainer, path: Path) -> VideoStream:
    """The stream that is the picture; cover art is not. Raises ClipReadError where there is none."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic and stream.codec_context is not None:
            return stream
    found = ", ".join(sorted({stream.type for stream in container.streams})) or "no stream"
    raise ClipReadError(f"{path} holds no picture (found: {found}); name a clip with video", path=path)


def alpha_beside(stream: VideoStream) -> bool:
    """Whether a second picture that holds opacity lies beside each of VP8 or VP9; Matroska's word for it."""
    context = stream.codec_context
    known = context.codec.canonical_name in ALPHA_DECODERS and context.pix_fmt == "yuv420p"
    return known and any(key.lower() == "alpha_mode" and text == "1" for key, text in stream.metadata.items())


def describe_container(container: InputContainer, path: Path) -> ClipInfo:
    """What an open container holds."""
    picture = picture_stream(container, path)
    others = [stream for stream in container.streams if stream.type != "audio" and stream.index != picture.index]
    return ClipInfo(
        path=path,
        container=container.format.name,
        seconds=container.duration / av.time_base if container.duration else None,
        video=_video(container, picture, path),
        audio=tuple(_audio(stream) for stream in container.streams.audio),
        others=tuple(StreamInfo(**_common(stream)) for stream in others),
        chapters=tuple(
            ChapterInfo(
                start=chapter["start"],
                end=chapter["end"],
                time_base=chapter["time_base"] or Fraction(1, av.time_base),
                metadata=chapter["metadata"],
            )
            for chapter in container.chapters()
        ),
        metadata=dict(container.metadata),
    )


def _common(stream: Stream) -> dict[str, Any]:
    return {
        "index": stream.index,
        "kind": stream.type,
        "codec": _codec(stream),
        "time_base": stream.time_base,
        "start": stream.start_time,
        "duration": stream.duration,
        "metadata": dict(stream.metadata),
        "disposition": int(stream.disposition),
    }


def _codec(stream: Stream) -> str:
    if isinstance(stream, DataStream):
        return stream.name or ""
    return stream.codec_context.codec.canonical_name if stream.codec_context is not None else ""


def _audio(stream: Any) -> AudioInfo:
    context = stream.codec_context
    known = context is not None
    return AudioInfo(
        **_common(stream),
        rate=context.sample_rate if known else 0,
        channels=context.layout.nb_channels if known else 0,
        layout=context.layout.name if known else "",
    )


def _video(container: InputContainer, stream: VideoStream, path: Path) -> VideoInfo:
    context = stream.codec_context
    if not context.pix_fmt or not context.width or not context.height or stream.time_base is None:
        raise ClipReadError(f"{path}: the picture's size or format is unknown; the clip is cut short", path=path)
    dump = description(container, stream.index)
    hdr = name_of(TRANSFERS, context.color_trc) == _PQ
    asked = hdr or any(kind in dump for kind in _ON_FRAMES)
    first = first_frame(path, stream.index) if asked else None
    rotation = re.search(r"Display Matrix: rotation of (-?[\d.]+)", dump)
    return VideoInfo(
        **_common(stream),
        width=context.width,
        height=context.height,
        pix_fmt=context.pix_fmt if not alpha_beside(stream) else "yuva420p",
        average_rate=_plausible(stream.average_rate or stream.guessed_rate, stream.time_base),
        frames=stream.frames or None,
        tags=ColourTags(
            matrix=name_of(MATRICES, context.colorspace),
            primaries=name_of(PRIMARIES, context.color_primaries),
            transfer=name_of(TRANSFERS, context.color_trc),
            range="full" if context.pix_fmt.startswith("yuvj") else name_of(RANGES, context.color_range),
            chroma_location=_chroma_location(dump),
        ),
        sample_aspect_ratio=stream.sample_aspect_ratio or None,
        rotation=round(float(rotation[1])) if rotation else 0,
        display_matrix=display_matrix(first) if first is not None and "Display Matrix" in dump else (),
        mastering=Mastering.of(first) if first is not None else None,
        field_order=_FIELD_ORDERS.get(context.field_order, ""),
        timecode=_timecode(container, stream),
        side=tuple(
            re.findall(r"^ {6}([A-Z][A-Za-z ]+?)(?: metadata| Metadata)?:", dump.partition("Side data:")[2], re.M)
        ),
    )


def _plausible(rate: Fraction | None, time_base: Fraction) -> Fraction | None:
    """A rate, unless it is beyond what the ticks can tell apart: no encoder would take such a guess."""
    return rate if rate and rate * time_base <= 1 else None


def _timecode(container: InputContainer, stream: VideoStream) -> str:
    places = [stream.metadata, container.metadata, *(other.metadata for other in container.streams.data)]
    return next((text for place in places for key, text in place.items() if key.lower() == "timecode"), "")


def _chroma_location(dump: str) -> str:
    inside = re.search(r"Video: .*?\b\w+\(([^)]*)\)(?:, \d+x\d+|\[)", dump)
    words = re.split(r"[,/] ?", inside[1]) if inside else []
    return next((word for word in words if word in CHROMA_LOCATIONS), UNKNOWN)
