"""What a clip holds, read with PyAV alone: what the tests compare vidstyle's output with."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from itertools import groupby, islice
from pathlib import Path

import av
import numpy as np

from vidstyle.frames import Span
from vidstyle.media import ClipReader, ClipWriter, DecodeConfig, EncodeConfig, WriteTally

Packet = tuple[Fraction | None, str]


def audio_packets(path: Path) -> list[list[Packet]]:
    """Each audio track's packets, as (pts in seconds, SHA-256)."""
    tracks: dict[int, list[Packet]] = defaultdict(list)
    with av.open(f"file:{path}") as container:
        streams = list(container.streams.audio)
        for packet in container.demux(streams) if streams else ():
            if packet.size:
                pts = None if packet.pts is None else packet.pts * packet.time_base
                tracks[packet.stream_index].append((pts, hashlib.sha256(bytes(packet)).hexdigest()))
        return [tracks[stream.index] for stream in streams]


def video_times(path: Path, count: int | None = None) -> list[Fraction]:
    """Each decoded frame's pts in seconds; only the first `count` frames'."""
    with av.open(f"file:{path}") as container:
        stream = next(s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic)
        return [frame.pts * frame.time_base for frame in islice(container.decode(stream), count)]


def planes(path: Path, count: int | None = None) -> Iterator[list[np.ndarray]]:
    """Each frame's planes as codes, straight from the decoder."""
    with av.open(f"file:{path}") as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number == count:
                return
            yield [_codes(frame, n) for n in range(len(frame.planes))]


def _codes(frame: av.VideoFrame, n: int) -> np.ndarray:
    deep = frame.format.components[0].bits > 8
    plane = frame.planes[n]
    rows = np.frombuffer(plane, np.uint16 if deep else np.uint8).reshape(plane.height, -1)
    return rows[:, : plane.width].copy()


def longest_run(path: Path) -> int:
    """The most packets of one kind in a row, as they lie in the file, up to the last video packet."""
    with av.open(f"file:{path}") as container:
        kinds = [packet.stream.type for packet in container.demux() if packet.size]
    last = len(kinds) - kinds[::-1].index("video")
    return max(len(list(run)) for _, run in groupby(kinds[:last]))


def copy_clip(
    source: Path, target: Path, *, span: Span | None = None, batch: int = 4, overwrite: bool = False, **encode: object
) -> tuple[ClipReader, ClipWriter, WriteTally]:
    """Read `source` and write it again without any style between."""
    span = span or Span()
    with (
        ClipReader(source, DecodeConfig(batch=batch)) as reader,
        ClipWriter(target, like=reader.info, config=EncodeConfig(**encode), overwrite=overwrite) as writer,
    ):
        tally = writer.write(reader.frames(span), reader.packets(span))
    return reader, writer, tally
