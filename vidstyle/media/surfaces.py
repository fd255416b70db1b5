"""Frames for an encoder on a GPU, out of the memory that they were made in. Never run on one so far."""

from collections.abc import Sequence

import torch
from av import VideoFrame
from av.codec.hwaccel import HWAccel
from torch import Tensor

_FORMATS = {"yuv420p": "nv12", "yuv420p10le": "p010le"}  # in main memory, and as NVENC takes them over
_SPARE = 6  # bits below the ten of a code in P010


def surface_format(codec: str, pix_fmt: str, width: int, height: int) -> str | None:
    """Give the format of the surfaces that this encoder takes for such pictures; None where it takes none."""
    odd = width % 2 or height % 2
    return None if odd or not codec.endswith("_nvenc") else _FORMATS.get(pix_fmt)


def accelerator() -> HWAccel:
    """Give PyAV the CUDA context that PyTorch works in, for FFmpeg to share."""
    number = torch.cuda.current_device()
    torch.empty(1, device=torch.device("cuda", number))  # so that there is one
    return HWAccel("cuda", device=str(number), options={"primary_ctx": "0", "current_ctx": "1"})


def surface_of(planes: Sequence[Tensor]) -> VideoFrame:
    """Make a frame of the planes Y, Cb and Cr (h, w) of 4:2:0, wherever they lie: NV12 of bytes, P010 of ten bits.

    Convention: width and height are even. The frame holds on to the tensors' memory, and nothing leaves the device.
    """
    luma, chroma = planes[0].contiguous(), torch.stack((planes[1], planes[2]), dim=-1)
    if luma.dtype == torch.uint16:  # codes begin at the upper end; numbers without a sign can't be shifted
        luma, chroma = ((plane.view(torch.int16) << _SPARE).view(torch.uint16) for plane in (luma, chroma))
        name = "p010le"
    else:
        name = "nv12"
    if luma.device.type == "cuda":
        torch.cuda.current_stream(luma.device).synchronize()  # FFmpeg reads in a stream of its own
        return VideoFrame.from_dlpack((luma, chroma), name, current_ctx=True)
    return VideoFrame.from_dlpack((luma, chroma), name)
