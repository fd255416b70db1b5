"""Decoded frames → planes: brings any pixel format to the nearest planar one without losing a code."""

from typing import Any

import numpy as np
import torch
from av import VideoFrame
from numpy.typing import NDArray
from torch.utils.dlpack import from_dlpack

from vidstyle.media.pixels import PlaneLayout

# Formats that hold the same codes in another order. What is not here and not planar is refused.
NEAREST = {
    "nv12": "yuv420p", "nv21": "yuv420p", "nv16": "yuv422p", "nv24": "yuv444p", "nv42": "yuv444p",
    "p010le": "yuv420p10le", "p012le": "yuv420p12le", "p016le": "yuv420p16le", "nv20le": "yuv422p10le",
    "p210le": "yuv422p10le", "p212le": "yuv422p12le", "p216le": "yuv422p16le",
    "p410le": "yuv444p10le", "p412le": "yuv444p12le", "p416le": "yuv444p16le",
    "yuyv422": "yuv422p", "uyvy422": "yuv422p", "yvyu422": "yuv422p", "uyyvyy411": "yuv411p",
    "y210le": "yuv422p10le", "y212le": "yuv422p12le", "xv36le": "yuv444p12le", "vuyx": "yuv444p", "vyu444": "yuv444p",
    "rgb24": "gbrp", "bgr24": "gbrp", "rgb0": "gbrp", "bgr0": "gbrp", "0rgb": "gbrp", "0bgr": "gbrp",
    "rgb48le": "gbrp16le", "bgr48le": "gbrp16le", "x2rgb10le": "gbrp10le", "x2bgr10le": "gbrp10le",
    "rgb565le": "gbrp", "rgb555le": "gbrp", "bgr565le": "gbrp", "bgr555le": "gbrp", "rgb8": "gbrp", "bgr8": "gbrp",
    "monob": "gray", "monow": "gray",
    "rgba": "gbrap", "bgra": "gbrap", "argb": "gbrap", "abgr": "gbrap",
    "rgba64le": "gbrap16le", "bgra64le": "gbrap16le", "vuya": "yuva444p", "ayuv": "yuva444p", "uyva": "yuva444p",
    "ayuv64le": "yuva444p16le",
}  # fmt: skip
SPLIT = ("nv12", "p010le", "p016le")  # luma, and both chroma in one plane: what decoders of GPUs give
NEAREST_WITHOUT_ALPHA = {"pal8": "gbrp", "ya8": "gray", "ya16le": "gray16le"}


def planar_layout(pix_fmt: str) -> PlaneLayout | None:
    """The planar layout in which frames of `pix_fmt` are read; None where no lossless one is known."""
    little = f"{pix_fmt[:-2]}le" if pix_fmt.endswith("be") else pix_fmt
    return PlaneLayout.of(NEAREST.get(little) or NEAREST_WITHOUT_ALPHA.get(little) or little)


def has_alpha(pix_fmt: str) -> bool:
    """True where the format carries an opacity that colour planes do not hold."""
    layout = planar_layout(pix_fmt)
    return loses_alpha(pix_fmt) or (layout is not None and layout.alpha)


def loses_alpha(pix_fmt: str) -> bool:
    """True where the format carries an opacity that its planar layout does not hold."""
    return pix_fmt.replace("be", "le") in NEAREST_WITHOUT_ALPHA


def planes_of(frame: VideoFrame, layout: PlaneLayout) -> list[torch.Tensor]:
    """The planes of `frame` as (h, w) tensors of codes; they lie in the frame's own memory where they can.

    Convention: the colour planes in the layout's order, and then opacity where the layout has it.
    """
    if is_split(frame) and (layout.shift_x, layout.shift_y) == (1, 1) and not (frame.width % 2 or frame.height % 2):
        return _parted(frame, layout)
    if frame.format.name != layout.name:
        frame = repacked(frame, layout.name)
    code = np.uint8 if layout.dtype == torch.uint8 else np.uint16
    planes, shapes = [], layout.shapes(frame.height, frame.width)
    for plane, (height, width) in zip(frame.planes, shapes, strict=True):
        rows = np.frombuffer(memoryview(plane), code)[: height * (plane.line_size // code().itemsize)]
        planes.append(torch.from_numpy(rows.reshape(height, -1)[:, :width]))
    return planes


def is_split(frame: VideoFrame) -> bool:
    """True where both chroma share a plane, and each code that is longer than a byte begins at its upper end."""
    return (frame.sw_format or frame.format).name in SPLIT


def _parted(frame: VideoFrame, layout: PlaneLayout) -> list[torch.Tensor]:
    """Take apart what is split, wherever it lies: a frame on a GPU stays there, copied, as its decoder wants it back.

    Convention: width and height are even, since PyAV rounds those of chroma down.
    """
    # torch.from_dlpack(plane) would ask PyAV to wait for a stream, which it refuses.
    luma, chroma = (from_dlpack(plane.__dlpack__()) for plane in frame.planes)
    planes = [luma, chroma[..., 0], chroma[..., 1]]
    if layout.dtype == torch.uint16 and layout.bits < 16:  # noqa: PLR2004
        # As signed numbers, since those of two bytes without a sign can't be shifted.
        spare, top = 16 - layout.bits, (1 << layout.bits) - 1
        planes = [(plane.view(torch.int16) >> spare & top).view(torch.uint16) for plane in planes]
    if luma.device.type == "cpu":
        return planes
    planes = [plane.clone(memory_format=torch.contiguous_format) for plane in planes]
    torch.cuda.current_stream(luma.device).synchronize()  # the surface is the decoder's again as soon as we return
    return planes


def frame_of(planes: list[NDArray[Any]], layout: PlaneLayout, pix_fmt: str) -> VideoFrame:
    """A frame in `pix_fmt` that holds a copy of `planes`, which are laid out as `layout`."""
    height, width = planes[0].shape
    frame = VideoFrame(width, height, layout.name)
    for plane, codes in zip(frame.planes, planes, strict=True):
        rows = np.frombuffer(memoryview(plane), codes.dtype)[: codes.shape[0] * (plane.line_size // codes.itemsize)]
        rows.reshape(codes.shape[0], -1)[:, : codes.shape[1]] = codes
    return frame if pix_fmt == layout.name else repacked(frame, pix_fmt)


def repacked(frame: VideoFrame, pix_fmt: str) -> VideoFrame:
    """Bring the same codes into another order.

    In one thread: with several, FFmpeg 8 leaves a few pixels gray at times where the width is no multiple of 16. That
    was, for P010 at 66x48, one frame in seven, on a busy machine.
    """
    return frame.reformat(format=pix_fmt, threads=1)
