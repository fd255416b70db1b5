"""Decoding on the render device: NVIDIA's decoder through FFmpeg, planes that stay on the GPU. Never run on one so far.

What it gives is proven before it is used: its first frame must be the one that FFmpeg decodes on the CPU, to the code.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Literal, NamedTuple

import av
import torch
from av import VideoFrame
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.video.stream import VideoStream

from vidstyle.errors import ClipError
from vidstyle.media.asking import first_frame
from vidstyle.media.clip import ClipInfo
from vidstyle.media.opening import open_source
from vidstyle.media.packets import AnyPacket
from vidstyle.media.planar import is_split, planar_layout, planes_of

Hardware = Literal["auto", "off"]

_CODECS = ("h264", "hevc", "vp8", "vp9")  # bit-exact by their standards, and FFmpeg has an NVDEC path for its decoder
_BITS = (8, 10, 12)


class Coded(NamedTuple):
    """The packets of a picture, and what makes frames of each; the last packet is empty."""

    packets: Iterable[AnyPacket]
    decode: Callable[[Any], Sequence[VideoFrame]]


class HardwareError(Exception):
    """The device doesn't decode this; the message goes on after "because"."""


@contextmanager
def open_hardware(info: ClipInfo, device: torch.device) -> Iterator[Coded]:
    """Open a clip once more, so that its pictures are decoded on `device` and stay there.

    Raises HardwareError where the device is no GPU, does not decode such pictures, or other ones than the CPU.
    """
    _require_fitting(info, device)
    with open_on(info, device) as coded:
        _prove(info, coded)
    with open_on(info, device) as coded:
        yield coded


@contextmanager
def open_on(info: ClipInfo, device: torch.device) -> Iterator[Coded]:
    """Open a clip with a decoder on a CUDA device. Raises HardwareError where there is none."""
    number = torch.cuda.current_device() if device.index is None else device.index
    shared: dict[str, object] = {"primary_ctx": "0", "current_ctx": "1"}
    accelerated = HWAccel("cuda", device=str(number), options=shared, is_hw_owned=True)
    with ExitStack() as stack:
        try:
            with _current(number):
                container = stack.enter_context(open_source(info.path, accelerated))
        except ClipError as error:
            reason = getattr(error.__cause__, "strerror", None) or str(error)
            raise HardwareError(f"NVDEC does not open ({reason})") from error
        stream = stream_of(container, info)
        yield Coded(container.demux(stream), stream.codec_context.decode)


@contextmanager
def _current(number: int) -> Iterator[None]:
    """Make PyTorch's CUDA context the current one, for FFmpeg to share: its own would have flags that CUDA refuses."""
    if not torch.cuda.is_available():
        yield
        return
    with torch.cuda.device(number):
        torch.empty(1, device=torch.device("cuda", number))
        yield


def stream_of(container: InputContainer, info: ClipInfo) -> VideoStream:
    """Give the stream that is the picture."""
    return next(stream for stream in container.streams.video if stream.index == info.video.index)


def _require_fitting(info: ClipInfo, device: torch.device) -> None:
    video, layout = info.video, planar_layout(info.video.pix_fmt)
    if device.type != "cuda":
        raise HardwareError(f"{device} has no decoder of its own")
    if video.codec not in _CODECS:
        raise HardwareError(f"it is not asked for {video.codec}, only for {', '.join(_CODECS)}")
    fits = layout is not None and layout.kind == "yuv" and (layout.shift_x, layout.shift_y) == (1, 1)
    if layout is None or not fits or layout.alpha or layout.bits not in _BITS or video.width % 2 or video.height % 2:
        raise HardwareError(f"it is not asked for {video.pix_fmt} of {video.width}x{video.height}")
    if info.container == "avi":
        raise HardwareError("AVI does not say when frames are shown")


def _prove(info: ClipInfo, coded: Coded) -> None:
    """Compare the first frame with that of the CPU: cropping, depth and order of codes then are right for all."""
    layout = planar_layout(info.video.pix_fmt)
    expected = first_frame(info.path, info.video.index)
    assert layout is not None  # looked at before
    if expected is None:
        raise HardwareError("the CPU decodes no frame to compare with")
    found = _first(coded)
    if (found.width, found.height) != (expected.width, expected.height):
        raise HardwareError(f"its pictures are {found.width}x{found.height}")
    try:
        pairs = zip(planes_of(found, layout), planes_of(expected, layout), strict=True)
        equal = all(torch.equal(ours.cpu(), theirs) for ours, theirs in pairs)
    except (RuntimeError, TypeError, ValueError, BufferError) as error:  # of the card, DLPack's, and PyAV's
        raise HardwareError(f"its planes can't be taken over ({error})") from error
    if not equal:
        raise HardwareError("its first picture differs from what the CPU decodes")


def _first(coded: Coded) -> VideoFrame:
    """Give the first frame as the device decodes it."""
    try:
        for packet in coded.packets:
            for frame in coded.decode(packet):
                return whole(frame)
    except av.FFmpegError as error:
        raise HardwareError(f"it fails ({error.strerror})") from error
    raise HardwareError("it decodes no frame")


def whole(frame: VideoFrame) -> VideoFrame:
    """Give a frame back that came from a device as it should. Raises HardwareError for any other."""
    if not is_split(frame):
        raise HardwareError("it leaves such pictures to the CPU")
    if frame.is_corrupt:
        raise HardwareError("the clip is damaged, which the CPU conceals better")
    return frame
