"""What became of a clip's streams, colours and times, found by looking at what was written."""

from fractions import Fraction
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from vidstyle.media.clip import ClipInfo, StreamInfo, probe
from vidstyle.media.colour import ColourTags
from vidstyle.media.manifest import sha256_of


class StreamOutcome(BaseModel):
    """What became of one stream of the source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    index: int = Field(description="number of the stream in the source, from 0")
    kind: str = Field(description="video, audio, subtitle, data or attachment")
    codec: str = Field(description="FFmpeg's name of the codec in the source; empty where it has none")
    outcome: Literal["stylized", "copied", "converted", "written anew", "left out"] = Field(
        description="copied: every packet bit for bit; written anew: a timecode track, by the muxer"
    )
    packets: int | None = Field(default=None, description="packets copied bit for bit; null where none were")
    became: str = Field(default="", description="its codec in the target; empty where it is left out")


class Outcome(BaseModel):
    """What a target holds, beside its source: found by reading it again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tags_in: ColourTags = Field(description="the source's colour tags")
    tags_out: ColourTags = Field(description="the target's")
    streams: tuple[StreamOutcome, ...] = Field(description="what became of each stream of the source")
    audio_offset_in: float | None = Field(
        description="seconds from the picture's begin to the first audio track's, in the source; null without sound"
    )
    audio_offset_out: float | None = Field(description="the same in the target")
    bytes: int = Field(description="size of the target")
    sha256: str = Field(description="of the target")

    @classmethod
    def of(cls, source: ClipInfo, target: Path, copied: dict[int, int]) -> "Outcome":
        """Look at `target`; `copied` says how many packets were copied of which stream. Raises ClipReadError."""
        written = probe(target)
        return cls(
            tags_in=source.video.tags,
            tags_out=written.video.tags,
            streams=stream_outcomes(source, written, copied),
            audio_offset_in=_seconds(audio_offset(source)),
            audio_offset_out=_seconds(audio_offset(written)),
            bytes=target.stat().st_size,
            sha256=sha256_of(target),
        )


def stream_outcomes(source: ClipInfo, target: ClipInfo, copied: dict[int, int]) -> tuple[StreamOutcome, ...]:
    """Say of each stream of the source what is in the target, given how many packets were copied of which.

    Convention: tracks of one kind keep their order, so what was neither stylized nor copied is held against the
    target's streams of its kind that nothing else became.
    """
    left = [*target.audio, *target.others]
    found = [StreamOutcome(**_named(source.video), outcome="stylized", became=target.video.codec)]
    for stream in (*source.audio, *source.others):
        match = next((other for other in left if other.kind == stream.kind and _fits(stream, other, copied)), None)
        if match is not None:
            left.remove(match)
        found.append(_outcome(stream, match, target, copied))
    return tuple(sorted(found, key=lambda each: each.index))


def audio_offset(info: ClipInfo) -> Fraction | None:
    """By how much the first audio track begins later than the picture, seconds; None where one says no start."""
    if not info.audio:
        return None
    voice, picture = info.audio[0], info.video
    if voice.start is None or voice.time_base is None or picture.start is None:
        return None
    return voice.start * voice.time_base - picture.start * picture.time_base


def _seconds(time: Fraction | None) -> float | None:
    return None if time is None else round(float(time), 6)


def _fits(stream: StreamInfo, other: StreamInfo, copied: dict[int, int]) -> bool:
    return stream.index not in copied or stream.codec == other.codec


def _outcome(stream: StreamInfo, match: StreamInfo | None, target: ClipInfo, copied: dict[int, int]) -> StreamOutcome:
    named = _named(stream)
    if "timecode" in stream.metadata:
        kept = target.video.timecode != ""
        return StreamOutcome(**named, outcome="written anew" if kept else "left out", became="tmcd" if kept else "")
    if stream.index in copied:
        became = match.codec if match is not None else stream.codec
        return StreamOutcome(**named, outcome="copied", packets=copied[stream.index], became=became)
    if match is not None:
        return StreamOutcome(**named, outcome="converted", became=match.codec)
    return StreamOutcome(**named, outcome="left out")


def _named(stream: StreamInfo) -> dict[str, int | str]:
    return {"index": stream.index, "kind": stream.kind, "codec": stream.codec}
