"""What becomes of each track beside the picture, found out by really writing one: copied, converted, attached, left."""

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.stream import Disposition, Stream

from vidstyle.errors import ClipError, ClipReadError, TargetError
from vidstyle.media.clip import ClipInfo, StreamInfo
from vidstyle.media.converting import SoundForm, add_sound, form_for, silence
from vidstyle.media.packets import AnyPacket

# Tried in this order when the wanted container refuses a track.
_ALTERNATIVES = {"mp4": ".mp4", "mov": ".mov", "matroska": ".mkv"}

# Written anew by the muxer, or only true of the source's file.
_STALE = {
    "major_brand", "minor_version", "compatible_brands", "encoder", "vendor_id", "timecode", "duration", "bps",
    "number_of_frames", "number_of_bytes", "alpha_mode",
}  # fmt: skip

# QuickTime numbers languages; these are FFmpeg's names for the numbers, where they are not those of ISO 639-2/T.
_QUICKTIME = {
    "bod": "tib", "cym": "wel", "cze": "ces", "deu": "ger", "ell": "gre", "eus": "baq", "fas": "per", "fre": "fra",
    "hye": "arm", "isl": "ice", "kat": "geo", "mkd": "mac", "msa": "may", "mya": "bur", "nld": "dut", "rum": "ron",
    "slo": "slk", "sqi": "alb", "swe": "sve", "zho": "chi",
}  # fmt: skip
_ADTS = re.compile(rb"\xff[\xf0\xf1\xf8\xf9]")  # ISO/IEC 13818-7, 6.2.1: twelve set bits, layer 0
_FIRST_PACKETS = 2000  # how far to look for the first packet of every track

_TEXT_SUBTITLES = ("subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text")
_CONVERTED_SUBTITLES = {"mp4": "mov_text", "mov": "mov_text", "matroska": "srt", "webm": "webvtt"}
COVER_TYPES = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}


class Track(NamedTuple):
    """A track that goes into the output, and how; a converted one with FFmpeg's name of its new codec.

    `sound` says more of that, where the track is sound.
    """

    info: StreamInfo
    way: Literal["copy", "convert", "cover", "attach"]
    codec: str = ""
    sound: SoundForm | None = None


class TrackPlan(NamedTuple):
    """The tracks beside the picture that are written, and a sentence for each that is changed or left."""

    tracks: list[Track]
    warnings: list[str]


def plan_tracks(
    source: InputContainer, like: ClipInfo, container: str, target: Path, *, audio: str = "auto"
) -> TrackPlan:
    """Decide what becomes of each track of `like`, which `source` holds. Reads on in `source`.

    Convention: `audio` is `EncodeConfig.audio`.

    Raises:
        TargetError: `container` can't hold one of the audio tracks, and it may not or can't be converted.
        ClipReadError: nobody can tell what an audio track is.
    """
    wanted = [info for info in (*like.audio, *like.others) if info.kind in ("audio", "subtitle", "data")]
    streams = {info.index: source.streams[info.index] for info in wanted}
    first = _first_packets(source, list(streams.values()))
    plan = TrackPlan([], [])
    if audio == "drop":
        plan.warnings.extend(f"{_name(sound)} is left out, as asked" for sound in like.audio)
    else:
        _plan_sound(plan, like, streams, first, container, target, convert=audio == "auto")
    for info in like.others:
        if _written_anew(info, like):
            continue
        track = _way(info, streams.get(info.index), first, container)
        if track is None:
            plan.warnings.append(f"{_name(info)} can't be kept in {container}; it is left out")
            continue
        plan.tracks.append(track)
        if track.way == "convert":
            plan.warnings.append(f"{_name(info)} is converted to {track.codec}, which {container} demands")
        elif track.way == "copy":
            plan.warnings.extend(_facts_lost(info, streams[info.index], first, container))
    return plan


def _plan_sound(
    plan: TrackPlan,
    like: ClipInfo,
    streams: Mapping[int, Stream],
    first: dict[int, bytes],
    container: str,
    target: Path,
    *,
    convert: bool,
) -> None:
    refused = []
    for sound in like.audio:
        stream = streams[sound.index]
        if _trial(container, stream, first) is not None:
            plan.tracks.append(Track(sound, "copy"))
            plan.warnings.extend(_copying(sound, stream, first, container))
            continue
        assert isinstance(stream, AudioStream)
        form = form_for(stream, container) if convert else None
        if form is None:
            refused.append(stream)
            continue
        plan.tracks.append(Track(sound, "convert", form.codec, form))
        changed = [f"{form.rate} Hz"] * (form.rate != sound.rate)
        changed += [form.layout] * (form.layout != sound.layout and not sound.layout.endswith("channels"))
        plan.warnings.append(
            f"{_name(sound)} is converted to {' '.join([form.codec, *changed])}, since {container} can't hold it"
        )
        plan.warnings.extend(_facts_lost(sound, stream, first, container, form))
    if refused:
        raise _refusal(refused, [streams[track.index] for track in like.audio], first, container, like, target)


def _copying(sound: StreamInfo, stream: Stream, first: dict[int, bytes], container: str) -> list[str]:
    lost = _facts_lost(sound, stream, first, container)
    if _ADTS.match(first.get(sound.index, b"")) and sound.codec == "aac":
        return [f"{_name(sound)}: its packets lose their ADTS headers, which {container} does not hold", *lost]
    return lost


def _way(info: StreamInfo, stream: Stream | None, first: dict[int, bytes], container: str) -> Track | None:
    if info.kind == "attachment":
        return Track(info, "attach") if container == "matroska" else None
    if info.kind == "video":
        cover = info.disposition & Disposition.attached_pic and info.codec in COVER_TYPES
        return Track(info, "cover") if cover and container in ("mp4", "matroska") else None
    if stream is not None and _trial(container, stream, first) is not None:
        return Track(info, "copy")
    if info.kind == "subtitle" and info.codec in _TEXT_SUBTITLES and container in _CONVERTED_SUBTITLES:
        return Track(info, "convert", _CONVERTED_SUBTITLES[container])
    return None


def _name(info: StreamInfo) -> str:
    what = "cover art" if info.disposition & Disposition.attached_pic else info.kind
    return f"{what} #{info.index} ({info.metadata.get('filename') or info.codec or 'of an unknown codec'})"


def _written_anew(info: StreamInfo, like: ClipInfo) -> bool:
    """Whether a track only says again what is kept otherwise: the timecode, or QuickTime's list of chapters."""
    return "timecode" in info.metadata or bool(info.kind == "data" and info.codec == "bin_data" and like.chapters)


def _refusal(
    refused: Sequence[Stream],
    tracks: Sequence[Stream],
    first: dict[int, bytes],
    container: str,
    like: ClipInfo,
    target: Path,
) -> ClipError:
    """The error for tracks that `container` can't hold: the target's fault, or the source's where nobody could."""
    codecs = ", ".join(f"#{track.index} ({_codec(track)})" for track in refused)
    works = [
        suffix
        for other, suffix in _ALTERNATIVES.items()
        if other != container and all(_trial(other, track, first) is not None for track in tracks)
    ]
    if not works and not all(_is_known(track) for track in refused):
        return ClipReadError(
            f"{like.path}: audio {codecs} can't be read, its rate or its channels are unknown; the clip is damaged: "
            "leave its sound out with --audio drop",
            path=like.path,
        )
    hint = f"write a {' or '.join(works)} file instead" if works else "no container that vidstyle writes holds them all"
    converts = all(isinstance(track, AudioStream) and form_for(track, container) for track in refused)
    way = "--audio auto to convert it" if converts else "--audio drop to leave the sound out"
    return TargetError(f"{target}: audio {codecs} can't be copied into {container}; {hint}, or pass {way}", path=target)


def _is_known(track: Stream) -> bool:
    """Whether somebody could tell how sound is coded, how fast and of how many channels it is."""
    context = track.codec_context
    return isinstance(context, AudioCodecContext) and context.sample_rate > 0 and context.layout.nb_channels > 0


def _codec(track: Stream) -> str:
    return track.codec_context.codec.canonical_name if track.codec_context is not None else "of an unknown codec"


def _first_packets(source: InputContainer, tracks: Sequence[Stream]) -> dict[int, bytes]:
    first: dict[int, bytes] = {}
    if not tracks:
        return first
    for packet, _ in zip(source.demux(tracks), range(_FIRST_PACKETS), strict=False):
        if packet.size:
            first.setdefault(packet.stream_index, bytes(packet))
        if len(first) == len(tracks):
            break
    return first


def _trial(container: str, track: Stream, first: dict[int, bytes], form: SoundForm | None = None) -> io.BytesIO | None:
    """A file with a copy of `track`, or with a silent one in another form.

    None where it can't be: some muxers refuse in the header, some in the trailer.
    """
    file = io.BytesIO()
    trial: OutputContainer = av.open(file, "w", format=container)
    try:
        copy: Stream = add_sound(trial, form) if form is not None else trial.add_stream_from_template(track)
        copy.metadata.update(lasting(dict(track.metadata), container))
        copy.disposition = track.disposition
        trial.start_encoding()
        if isinstance(copy, AudioStream) and form is not None:
            trial.mux(silence(copy))
        elif track.index in first:
            packet: AnyPacket = av.Packet(first[track.index])
            packet.stream, packet.pts, packet.dts = copy, 0, 0
            trial.mux(packet)
        trial.close()
    except (av.FFmpegError, ValueError):
        return None
    return file


def _facts_lost(
    info: StreamInfo, track: Stream, first: dict[int, bytes], container: str, form: SoundForm | None = None
) -> list[str]:
    """What is said about a track that its container can't say."""
    file = _trial(container, track, first, form)
    if file is None or info.index not in first:
        return []
    file.seek(0)
    try:
        with av.open(file, metadata_errors="replace") as reading:
            written = reading.streams[0]
    except (av.FFmpegError, ValueError, IndexError):
        return []
    asked = lasting(info.metadata, container)
    lost = [flag.name or "" for flag in Disposition(info.disposition) if not flag & written.disposition]
    lost += [
        f"{key} {value!r}"
        for key, value in asked.items()
        if key in ("language", "title") and value not in ("und", written.metadata.get(key))
    ]
    return [f"{_name(info)}: {', '.join(lost)} can't be said in {container}"] if lost else []


def lasting(metadata: dict[str, str], container: str) -> dict[str, str]:
    """The metadata that stays true of a re-encoded clip, with the language as `container` spells it."""
    kept = {
        key: value
        for key, value in metadata.items()
        if key.lower().partition("-")[0] not in _STALE and not key.startswith("_STATISTICS")
    }
    if container == "mov" and kept.get("language") in _QUICKTIME:
        kept["language"] = _QUICKTIME[kept["language"]]
    return kept
