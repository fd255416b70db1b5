"""Which tracks a container can hold, found out by really writing its header."""

import io
from collections.abc import Sequence
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.stream import Stream

from vidstyle.errors import TargetError
from vidstyle.media.packets import AnyPacket

# Tried in this order when the wanted container refuses a track.
_ALTERNATIVES = {"mp4": ".mp4", "mov": ".mov", "matroska": ".mkv"}

# Written anew by the muxer, or only true of the source's file.
_STALE = {
    "major_brand", "minor_version", "compatible_brands", "encoder", "vendor_id", "timecode", "duration", "bps",
    "number_of_frames", "number_of_bytes",
}  # fmt: skip

# QuickTime only knows the bibliographic codes of ISO 639-2 where a language has two.
_BIBLIOGRAPHIC = {
    "bod": "tib", "ces": "cze", "cym": "wel", "deu": "ger", "ell": "gre", "eus": "baq", "fas": "per", "fra": "fre",
    "hye": "arm", "isl": "ice", "kat": "geo", "mkd": "mac", "mri": "mao", "msa": "may", "mya": "bur", "nld": "dut",
    "ron": "rum", "slk": "slo", "sqi": "alb", "zho": "chi",
}  # fmt: skip
_FIRST_PACKETS = 2000  # how far to look for the first packet of every track


def check_tracks(source: InputContainer, tracks: Sequence[Stream], container: str, target: Path) -> None:
    """Raise TargetError, with a container that works, where `container` can't hold one of the tracks untouched.

    Reads on in `source`.
    """
    first = _first_packets(source, tracks)
    refused = [track for track in tracks if not _holds(container, track, first)]
    if not refused:
        return
    codecs = ", ".join(f"#{track.index} ({_codec(track)})" for track in refused)
    works = [
        suffix
        for other, suffix in _ALTERNATIVES.items()
        if other != container and all(_holds(other, track, first) for track in tracks)
    ]
    hint = f"write a {' or '.join(works)} file instead" if works else "no container that vidstyle writes holds them all"
    raise TargetError(f"{target}: audio {codecs} can't be copied into {container}; {hint}", path=target)


def _codec(track: Stream) -> str:
    return track.codec_context.codec.canonical_name if track.codec_context is not None else "of an unknown codec"


def _first_packets(source: InputContainer, tracks: Sequence[Stream]) -> dict[int, bytes]:
    first: dict[int, bytes] = {}
    for packet, _ in zip(source.demux(tracks), range(_FIRST_PACKETS), strict=False):
        if packet.size:
            first.setdefault(packet.stream_index, bytes(packet))
        if len(first) == len(tracks):
            break
    return first


def _holds(container: str, track: Stream, first: dict[int, bytes]) -> bool:
    """True where the muxer writes a clip with a copy of `track`: some refuse in the header, some in the trailer."""
    trial: OutputContainer = av.open(io.BytesIO(), "w", format=container)
    try:
        copy = trial.add_stream_from_template(track)
        trial.start_encoding()
        if track.index in first:
            packet: AnyPacket = av.Packet(first[track.index])
            packet.stream, packet.pts, packet.dts = copy, 0, 0
            trial.mux(packet)
        trial.close()
    except (av.FFmpegError, ValueError):
        return False
    return True


def lasting(metadata: dict[str, str], container: str) -> dict[str, str]:
    """The metadata that stays true of a re-encoded clip, with the language as `container` spells it."""
    kept = {
        key: value
        for key, value in metadata.items()
        if key.lower().partition("-")[0] not in _STALE and not key.startswith("_STATISTICS")
    }
    if container == "mov" and kept.get("language") in _BIBLIOGRAPHIC:
        kept["language"] = _BIBLIOGRAPHIC[kept["language"]]
    return kept
