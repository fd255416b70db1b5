"""Keeps finished planes on disk without loss, one file for a run of frames."""

import os
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from vidstyle.media.opening import locator, open_source, translate_read_errors, translate_write_errors

_LEAST = 16  # px of a side
_FORMATS = {1: "gray", 2: "gray16le"}  # by bytes a code
# FFVHuff takes a fraction of FFV1's processor time, for files that are somewhat larger and gone when the render is
# whole. Tables that follow the picture (context) cost too much at 16 bits.
_OPTIONS = {"gray": {"pred": "median", "context": "1"}, "gray16le": {"pred": "median"}}


class SegmentWriter:
    """Writes frames into the file `path`, whole once `close` has returned.

    Convention: a frame's planes lie below each other in one gray picture of FFVHuff, padded to the widest with 0: any
    planes fit, whatever they mean. What has more than two bytes is taken as pairs of them.

    Raises:
        ClipWriteError, TargetError: the disk is full, fails, or can't be written.
    """

    def __init__(self, path: Path, like: Sequence[NDArray[Any]]) -> None:
        self.path = path
        self.frames = 0
        planes = [_bytes(plane) for plane in like]
        height, width = sum(plane.shape[0] for plane in planes), max(plane.shape[1] for plane in planes)
        with translate_write_errors(path):
            self._container = av.open(locator(path), "w", format="nut")
            stream = self._container.add_stream("ffvhuff", rate=Fraction(25))
            assert isinstance(stream, VideoStream)
            self._format = _FORMATS[planes[0].itemsize]
            stream.width, stream.height = max(width, _LEAST), max(height, _LEAST)
            stream.pix_fmt = self._format
            stream.codec_context.options = dict(_OPTIONS[self._format])
        self._stream = stream

    def put(self, planes: Sequence[NDArray[Any]]) -> None:
        """Add one frame."""
        stream = self._stream
        frame = av.VideoFrame(stream.width, stream.height, self._format)
        rows = _rows(frame)
        rows[:] = 0
        top = 0
        for plane in map(_bytes, planes):
            rows[top : top + plane.shape[0], : plane.shape[1]] = plane
            top += plane.shape[0]
        frame.pts, frame.time_base = self.frames, Fraction(1, 25)
        with translate_write_errors(self.path):
            self._container.mux(stream.encode(frame))
        self.frames += 1

    def close(self) -> None:
        """Write what is left, down to the disk."""
        with translate_write_errors(self.path):
            self._container.mux(self._stream.encode(None))
            self._container.close()
            with self.path.open("rb") as file:
                os.fsync(file.fileno())

    def abandon(self) -> None:
        """Close the file in whatever state it is, and remove it."""
        try:
            self._container.close()
        except (av.FFmpegError, OSError, ValueError):
            pass  # it is removed anyway
        finally:
            self.path.unlink(missing_ok=True)


def read_segment(path: Path, shapes: Sequence[tuple[int, int]], dtype: np.dtype[Any]) -> Iterator[list[NDArray[Any]]]:
    """Yield the planes of each frame in a segment; `shapes` are their (height, width), `dtype` is a code's.

    Raises ClipReadError where the file is damaged.
    """
    with open_source(path) as container, translate_read_errors(path):
        for frame in container.decode(video=0):
            rows, planes, top = _rows(frame), [], 0
            for height, width in shapes:
                part = rows[top : top + height, : width * dtype.itemsize // rows.itemsize]
                planes.append(part.copy().view(dtype))
                top += height
            yield planes


def _bytes(plane: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(plane).view(np.uint8 if plane.itemsize == 1 else np.uint16)


def _rows(frame: av.VideoFrame) -> NDArray[Any]:
    plane = frame.planes[0]
    codes = np.frombuffer(memoryview(plane), np.uint8 if frame.format.name == _FORMATS[1] else np.uint16)
    whole = codes[: frame.height * (plane.line_size // codes.itemsize)]
    return whole.reshape(frame.height, -1)[:, : frame.width]
