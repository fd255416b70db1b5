"""Which tracks a container can hold, found out by really writing its header."""

import io
from collections.abc import Iterable
from pathlib import Path

import av
from av.container import OutputContainer
from av.stream import Stream

from vidstyle.errors import TargetError

# Tried in this order when the wanted container refuses a track.
_ALTERNATIVES = {"mp4": ".mp4", "mov": ".mov", "matroska": ".mkv"}

# Written anew by the muxer, or only true of the source's file.
_STALE = {
    "major_brand", "minor_version", "compatible_brands", "encoder", "vendor_id", "timecode", "duration", "bps",
    "number_of_frames", "number_of_bytes",
}  # fmt: skip


def check_tracks(tracks: Iterable[Stream], container: str, target: Path) -> None:
    """Raise TargetError, with a container that works, where `container` can't hold one of the tracks untouched."""
    tracks = list(tracks)
    refused = [track for track in tracks if not holds(container, track)]
    if not refused:
        return
    codecs = ", ".join(f"#{track.index} ({track.codec_context.codec.canonical_name})" for track in refused)
    works = [suffix for other, suffix in _ALTERNATIVES.items() if all(holds(other, track) for track in tracks)]
    hint = f"write a {' or '.join(works)} file instead" if works else "no container that vidstyle writes holds them all"
    raise TargetError(f"{target}: audio {codecs} can't be copied into {container}; {hint}", path=target)


def holds(container: str, track: Stream) -> bool:
    """True where the muxer writes a header with a copy of `track`; some refuse only then."""
    trial: OutputContainer = av.open(io.BytesIO(), "w", format=container)
    try:
        trial.add_stream_from_template(track)
        trial.start_encoding()
        trial.close()
    except (av.FFmpegError, ValueError):
        return False
    return True


def lasting(metadata: dict[str, str]) -> dict[str, str]:
    """The metadata that stays true of a re-encoded clip."""
    return {
        key: value
        for key, value in metadata.items()
        if key.lower().partition("-")[0] not in _STALE and not key.startswith("_STATISTICS")
    }
