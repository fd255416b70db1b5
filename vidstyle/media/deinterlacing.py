"""Interlaced frames: refused with the option that helps, or made whole by bwdif."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Literal

import av
from av import VideoFrame
from av.filter import Graph

Deinterlace = Literal["refuse", "bwdif", "off"]


def deinterlace(frames: Iterator[VideoFrame], pix_fmt: str) -> Iterator[VideoFrame]:
    """Pass frames on in `pix_fmt`, a planar format; those flagged as interlaced become whole pictures.

    Convention: one frame out for each one in, at its time. A frame that is not flagged passes bit for bit, also in a
    stream that calls itself interlaced. bwdif joins yadif with w3fdif (FFmpeg, libavfilter/vf_bwdif.c).
    """
    return _Bwdif(pix_fmt).run(frames)


class _Bwdif:
    def __init__(self, pix_fmt: str) -> None:
        self._pix_fmt = pix_fmt
        self._graph: Graph | None = None
        self._time_base = Fraction(1)

    def run(self, frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
        for frame in frames:
            if self._graph is None:
                self._graph = self._built(frame)
            self._graph.vpush(frame)
            yield from self._ready()
        if self._graph is not None:
            self._graph.vpush(None)
            yield from self._ready()

    def _built(self, frame: VideoFrame) -> Graph:
        graph = Graph()
        self._time_base = frame.time_base or Fraction(1, 25)
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=self._time_base
        )
        # Packed formats become planar before, by a filter that knows of fields.
        planar = graph.add("format", self._pix_fmt)
        bwdif = graph.add("bwdif", mode="send_frame", parity="auto", deint="interlaced")
        graph.link_nodes(source, planar, bwdif, graph.add("buffersink")).configure()
        return graph

    def _ready(self) -> Iterator[VideoFrame]:
        assert self._graph is not None
        while True:
            try:
                frame = self._graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return
            if frame.pts is not None and frame.time_base is not None:
                # The filter counts in half ticks.
                frame.pts = round(frame.pts * frame.time_base / self._time_base)
                frame.time_base = self._time_base
            yield frame
