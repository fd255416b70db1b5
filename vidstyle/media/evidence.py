"""What a clip holds, as one of two witnesses tells it: FFmpeg's ffprobe, or PyAV where that is absent.

Nothing here goes through ClipReader: it is for checking what vidstyle wrote.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import av

from vidstyle.errors import ClipReadError
from vidstyle.media import external
from vidstyle.media.asking import is_untimed
from vidstyle.media.clip import VideoInfo, picture_stream, probe
from vidstyle.media.opening import open_source, translate_read_errors
from vidstyle.media.packets import sample_size

_TAGS = {
    "matrix": "color_space", "primaries": "color_primaries", "transfer": "color_transfer", "range": "color_range",
    "chroma_location": "chroma_location",
}  # fmt: skip
_Packets: TypeAlias = list[tuple[Fraction | None, str, int]]
_SILENT = {"", "unknown", "unspecified", "reserved"}  # what ffprobe and PyAV call a tag that is not there


@dataclass(frozen=True, slots=True)
class Track:
    """One audio track: the time in seconds and SHA-256 of each packet, and how many bytes it has.

    Convention: `block` is the size of one sample of all channels in bytes, 0 where sound is compressed; `rate` samples
    a second, `tick` seconds.
    """

    index: int
    codec: str
    language: str
    channels: int
    rate: int
    block: int
    tick: Fraction
    packets: tuple[tuple[Fraction | None, str], ...]
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one witness says of a clip.

    Convention: `times` are the frames' presentation times in exact seconds; `tick` is the time base of the picture.
    `tags` has only what is said. `streams` counts the others by kind.
    """

    witness: str
    path: Path
    container: str
    tick: Fraction
    times: tuple[Fraction, ...]
    size: tuple[int, int]
    tags: dict[str, str]
    aspect: Fraction
    rotation: int
    timecode: str
    seconds: float | None
    tracks: tuple[Track, ...]
    streams: dict[str, int]
    chapters: tuple[tuple[Fraction, Fraction, str], ...]

    def sound(self, track: Track) -> Iterator[bytes]:
        """All that the packets of a track hold, piece by piece. Raises ClipReadError."""
        if self.witness == "ffprobe":
            yield from external.stream_bytes(self.path, track.index)
            return
        with open_source(self.path) as container, translate_read_errors(self.path):
            for packet in container.demux(container.streams[track.index]):
                yield bytes(packet) if packet.size else b""


def look(path: Path, *, witness: str | None = None) -> Evidence:
    """Ask `witness`, `ffprobe` or `pyav`; by default the first of them that is there.

    Raises ClipMissingError, ClipReadError, and PluginError where ffprobe is asked for and absent.
    """
    asked = witness or ("ffprobe" if external.present() else "pyav")
    return _ffprobe(path) if asked == "ffprobe" else _pyav(path)


def _ffprobe(path: Path) -> Evidence:
    facts = external.examine(path)
    streams = facts.get("streams", [])
    picture = next((s for s in streams if s["codec_type"] == "video" and not s["disposition"]["attached_pic"]), None)
    if picture is None:
        raise ClipReadError(f"{path} holds no picture; name a clip with video", path=path)
    tick = Fraction(picture["time_base"])
    ticks = external.frame_ticks(path, picture["index"])
    duration = facts["format"].get("duration")
    return Evidence(
        witness="ffprobe",
        path=path,
        container=facts["format"]["format_name"],
        tick=tick,
        times=tuple(each * tick for each in ticks),
        size=(picture["width"], picture["height"]),
        tags=_said({ours: picture.get(theirs, "") for ours, theirs in _TAGS.items()}),
        aspect=_ratio(picture.get("sample_aspect_ratio", "")),
        rotation=next((int(s["rotation"]) for s in picture.get("side_data_list", ()) if "rotation" in s), 0),
        timecode=_timecode([each.get("tags", {}) for each in (picture, facts["format"], *streams)]),
        seconds=float(duration) if duration is not None else None,
        tracks=_heard(path, [s for s in streams if s["codec_type"] == "audio"]),
        streams=_counted([(s["codec_type"], s.get("tags", {})) for s in streams if s is not picture]),
        chapters=tuple(
            (Fraction(c["start"]) * Fraction(c["time_base"]), Fraction(c["end"]) * Fraction(c["time_base"]),
             c.get("tags", {}).get("title", ""))
            for c in facts.get("chapters", ())
        ),
    )  # fmt: skip


def _heard(path: Path, streams: list[dict[str, Any]]) -> tuple[Track, ...]:
    packets: dict[int, _Packets] = defaultdict(list)
    bases = {stream["index"]: Fraction(stream["time_base"]) for stream in streams}
    for index, ticks, size, digest in external.audio_packets(path) if streams else ():
        packets[index].append((None if ticks is None else ticks * bases[index], digest, size))
    return tuple(
        _track(
            s["index"], s.get("codec_name", ""), s.get("tags", {}), int(s.get("channels", 0)),
            int(s.get("sample_rate", 0)), bases[s["index"]], packets[s["index"]],
        )
        for s in streams
    )  # fmt: skip


def _pyav(path: Path) -> Evidence:
    info = probe(path)
    video = info.video
    packets: dict[int, _Packets] = defaultdict(list)
    with open_source(path) as container, translate_read_errors(path):
        for packet in container.demux([container.streams[track.index] for track in info.audio]) if info.audio else ():
            if packet.size:
                when = None if packet.pts is None else packet.pts * packet.time_base
                packets[packet.stream_index].append((when, hashlib.sha256(bytes(packet)).hexdigest(), packet.size))
    return Evidence(
        witness="pyav",
        path=path,
        container=info.container,
        tick=video.time_base,
        times=_times(path, video),
        size=(video.width, video.height),
        tags=_said({name: str(getattr(video.tags, name)) for name in _TAGS}),
        aspect=video.sample_aspect_ratio or Fraction(1),
        rotation=video.rotation,
        timecode=video.timecode,
        seconds=info.seconds,
        tracks=tuple(
            _track(
                track.index,
                track.codec,
                track.metadata,
                track.channels,
                track.rate,
                track.time_base or Fraction(1),
                packets[track.index],
            )
            for track in info.audio
        ),
        streams=_counted([(stream.kind, stream.metadata) for stream in (*info.audio, *info.others)]),
        chapters=tuple(
            (mark.start * mark.time_base, mark.end * mark.time_base, mark.metadata.get("title", ""))
            for mark in info.chapters
        ),
    )


def _track(
    index: int, codec: str, tags: dict[str, str], channels: int, rate: int, tick: Fraction, packets: _Packets
) -> Track:
    return Track(
        index=index,
        codec=codec,
        language=tags.get("language", "und"),
        channels=channels,
        rate=rate,
        block=sample_size(codec, channels),
        tick=tick,
        packets=tuple((when, digest) for when, digest, _ in packets),
        sizes=tuple(size for _, _, size in packets),
    )


def _times(path: Path, video: VideoInfo) -> tuple[Fraction, ...]:
    found: list[int] = []
    with open_source(path) as container, translate_read_errors(path):
        untimed = is_untimed(container, picture_stream(container, path))
        for packet in container.demux(container.streams[video.index]):
            try:
                frames: list[Any] = packet.decode()
            except av.FFmpegError:
                continue  # a packet that can't be decoded has no frame
            for frame in frames:
                tick = frame.dts if untimed else frame.pts
                if tick is not None:
                    found.append(tick)
                elif len(found) > 1:
                    found.append(2 * found[-1] - found[-2])
    return tuple(tick * video.time_base for tick in found)


def _said(tags: dict[str, str]) -> dict[str, str]:
    spelled = {"tv": "limited", "pc": "full"}
    return {name: spelled.get(text, text) for name, text in tags.items() if text not in _SILENT}


def _ratio(text: str) -> Fraction:
    width, _, height = text.partition(":")
    return Fraction(int(width), int(height)) if width.isdecimal() and int(height or 0) and int(width) else Fraction(1)


def _timecode(places: list[dict[str, str]]) -> str:
    return next((text for place in places for key, text in place.items() if key.lower() == "timecode"), "")


def _counted(streams: list[tuple[str, dict[str, str]]]) -> dict[str, int]:
    """Count streams by kind, but for timecode tracks, which are told as the timecode."""
    kinds = [kind for kind, tags in streams if kind != "data" or not any(key.lower() == "timecode" for key in tags)]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}
