"""Packets → frames: on the CPU, or on a GPU for as long as all goes well there."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import av
from av import VideoFrame
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from vidstyle.errors import ClipReadError
from vidstyle.media.clip import ALPHA_DECODERS, ClipInfo, alpha_beside
from vidstyle.media.hardware import Coded, HardwareError, stream_of, whole
from vidstyle.media.opening import translate_read_errors


@dataclass(slots=True)
class ReadTally:
    """What became of the packets that were read: frames decoded, of them concealed, and packets dropped.

    skipped  of the decoded frames, those before the span
    """

    decoded: int = 0
    skipped: int = 0
    concealed: int = 0
    dropped: int = 0


class Decoder:
    """Decodes the pictures of an open clip.

    Convention: frames come in presentation order. `untimed` takes their times from the order of decoding. `notes` say
    why a device did not decode to the end.
    """

    def __init__(
        self, container: InputContainer, info: ClipInfo, *, untimed: bool, threads: int, max_pixels: int
    ) -> None:
        self.tally = ReadTally()
        self.notes: list[str] = []
        self._container = container
        self._info = info
        self._untimed = untimed
        self._threads = threads
        self._options = {"max_pixels": str(max_pixels)}

    def frames(self, on_device: Coded | None = None) -> Iterator[VideoFrame]:
        """Decode all, `on_device` if that is given: whatever is wrong there, the CPU goes on where it ended.

        Raises ClipReadError where the size changes or the file can't be read.
        """
        given = 0
        if on_device is not None:
            try:
                for frame in map(whole, self._decoded(on_device, lenient=False)):
                    given += 1
                    yield frame
            except HardwareError as error:
                self.notes.append(f"decoded on the CPU from frame {given} on, as {error}")
                self.tally.decoded = self.tally.concealed = self.tally.dropped = 0
            else:
                return
        stream = stream_of(self._container, self._info)
        context = self._context(stream)
        context.thread_type = "AUTO"
        context.thread_count = self._threads
        context.options = {**context.options, **self._options}
        yield from islice(self._decoded(Coded(self._container.demux(stream), context.decode)), given, None)

    def _decoded(self, coded: Coded, *, lenient: bool = True) -> Iterator[VideoFrame]:
        """Decode packet by packet: one that can't be decoded is counted and costs only itself.

        Raises HardwareError for it instead where not `lenient`.
        """
        sent = 0
        with translate_read_errors(self._info.path):
            for packet in coded.packets:
                sent += packet.size > 0 and not packet.is_discard
                try:
                    decoded = coded.decode(packet)
                except av.FFmpegError as error:
                    if not lenient:
                        raise HardwareError(f"it fails ({error.strerror})") from error
                    if isinstance(error, MemoryError | av.error.BlockingIOError):
                        raise
                    self.tally.dropped += 1
                    continue
                for frame in decoded:
                    frame.pts = frame.dts if self._untimed else frame.pts
                    self._check_size(frame)
                    self.tally.decoded += 1
                    self.tally.concealed += frame.is_corrupt
                    yield frame
        # After damage a decoder silently skips to the next key frame: those packets gave no frame either.
        self.tally.dropped = max(self.tally.dropped, sent - self.tally.decoded)

    def _context(self, stream: VideoStream) -> VideoCodecContext:
        """The stream's decoder, or the one that also sees the opacity beside the picture of VP8 and VP9."""
        own, codec = stream.codec_context, self._info.video.codec
        if not alpha_beside(stream) or codec not in ALPHA_DECODERS:
            return own
        context = av.CodecContext.create(ALPHA_DECODERS[codec], "r")
        assert isinstance(context, VideoCodecContext)
        context.extradata = own.extradata
        return context

    def _check_size(self, frame: VideoFrame) -> None:
        video = self._info.video
        if (frame.width, frame.height) != (video.width, video.height):
            raise ClipReadError(
                f"{self._info.path}: frame {self.tally.decoded} is {frame.width}x{frame.height}, "
                f"expected {video.width}x{video.height}; the size changes inside the clip, split it there",
                path=self._info.path,
                pts=frame.pts,
            )
