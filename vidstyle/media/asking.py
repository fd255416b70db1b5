"""Facts of a stream to which PyAV has no door of their own: FFmpeg's description of it, and its first frame."""

import re
import threading
from contextlib import suppress
from pathlib import Path

import av
from av import VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream

from vidstyle.media.opening import open_source

_LOGGING = threading.Lock()
_LARGEST = 8192 * 8192  # pixels of a frame that is decoded only to ask it


def first_frame(path: Path, index: int) -> VideoFrame | None:
    """The first frame of stream `index`; None where it can't be decoded, or is very large."""
    with open_source(path) as container, suppress(av.FFmpegError):
        for packet in container.demux(container.streams[index]):
            context = packet.stream.codec_context
            context.options = {**context.options, "max_pixels": str(_LARGEST)}
            for frame in packet.decode():
                assert isinstance(frame, VideoFrame)
                return frame
    return None


def is_untimed(container: InputContainer, stream: VideoStream) -> bool:
    """Whether frames lie in the order of decoding and nothing says when they are shown: B-frames in AVI.

    FFmpeg then guesses pts, and wrongly; the decoder's dts tell the order in which frames come out.
    """
    return container.format.name == "avi" and bool(stream.codec_context.has_b_frames)


def description(container: InputContainer, index: int) -> str:
    """FFmpeg's own description of one stream, with its chroma location and side data.

    The level is the whole program's, so it is lifted under a lock and only for this call.
    """
    with _LOGGING:
        before = av.logging.get_level()
        av.logging.set_libav_level(av.logging.VERBOSE)
        av.logging.set_level(av.logging.VERBOSE)
        try:
            text = str(container.dumps_format())  # type: ignore[attr-defined]  # in PyAV, not in its stubs
        finally:
            av.logging.set_level(before)
            av.logging.set_libav_level(av.logging.INFO)
    parts = re.split(r"^  Stream #0:(\d+)", text, flags=re.M)
    return next((body for number, body in zip(parts[1::2], parts[2::2], strict=True) if int(number) == index), "")
