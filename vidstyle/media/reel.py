"""A clip to look at: bitmaps and samples in, H.264 and AAC that play anywhere out."""

import os
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vidstyle.media.opening import translate_write_errors
from vidstyle.media.sound import SAMPLE_RATE, Samples

_STEP = 1024  # samples that AAC takes at once


class ReelWriter:
    """Writes pictures of one size at a constant rate, with sound; a context manager.

    Nothing stands under `path` unless it is left without an error. Raises TargetError, ClipWriteError.
    """

    def __init__(self, path: Path, width: int, height: int, rate: Fraction) -> None:
        self.path = path
        self._partial = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
        with translate_write_errors(path):
            self._container = av.open(f"file:{self._partial}", "w")
            self._video = self._container.add_stream("libx264", rate=rate, options={"crf": "21", "preset": "fast"})
            self._video.width, self._video.height, self._video.pix_fmt = width, height, "yuv420p"
            context = self._video.codec_context
            context.time_base = 1 / rate
            context.colorspace = context.color_primaries = context.color_trc = 1
            context.color_range = 1
            self._sound = self._container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
        self._frames = 0
        self._samples = 0
        self._waiting = np.zeros((2, 0), np.float32)

    def __enter__(self) -> "ReelWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                with translate_write_errors(self.path):
                    self._put_sound(flush=True)
                    self._container.mux(self._video.encode(None))
                    self._container.mux(self._sound.encode(None))
                    self._container.close()
                    self._partial.replace(self.path)
        finally:
            self._container.close()
            self._partial.unlink(missing_ok=True)

    def put(self, picture: UInt8[NDArray[np.uint8], "h w 3"]) -> None:
        """Show a picture for one frame; RGB."""
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace=1, dst_color_range=1, threads=1)  # as `repacked`
        frame.pts, frame.time_base = self._frames, self._video.codec_context.time_base
        self._frames += 1
        with translate_write_errors(self.path):
            self._container.mux(self._video.encode(frame))

    def put_sound(self, samples: Samples) -> None:
        """Let sound follow what was put before."""
        self._waiting = np.concatenate([self._waiting, np.clip(samples, -1, 1)], axis=1)
        with translate_write_errors(self.path):
            self._put_sound()

    def _put_sound(self, *, flush: bool = False) -> None:
        while self._waiting.shape[1] >= (1 if flush else _STEP):
            part, self._waiting = self._waiting[:, :_STEP], self._waiting[:, _STEP:]
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part), format="fltp", layout="stereo")
            frame.rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), self._samples
            self._samples += part.shape[1]
            self._container.mux(self._sound.encode(frame))
