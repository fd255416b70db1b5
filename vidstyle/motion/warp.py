"""Backward warping: fetch a picture along the flow, so that it lies on the current frame."""

from typing import Literal

import cv2
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import grid_sample

from vidstyle.errors import VidstyleError

WarpMode = Literal["nearest", "bilinear", "bicubic", "lanczos"]

_CV2_FLAGS: dict[str, int] = {
    "nearest": cv2.INTER_NEAREST,
    "bilinear": cv2.INTER_LINEAR,
    "bicubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
}


def warp(
    images: Float[Tensor, "n c h w"], to_previous: Float[Tensor, "n 2 h w"], mode: WarpMode = "bicubic"
) -> Float[Tensor, "n c h w"]:
    """Lay previous pictures onto the current frame: the result at p is images(p + flow(p)).

    Convention: flow in pixels of these images, (dx, dy), x to the right and y down; pixel centres have whole
    coordinates; outside the picture its edge pixels are repeated. `bicubic` is Keys' kernel with a = -0.75 and, like
    `lanczos` (8x8 taps), overshoots at edges: nothing is clamped. On the CPU OpenCV resamples; on other devices, and
    where a gradient is asked for, `warp_differentiable` does the same (it has no lanczos and takes bicubic instead).

    OpenCV 4 rounds coordinates to 1/32 px, OpenCV 5 and torch do not.
    """
    wants_gradient = torch.is_grad_enabled() and (images.requires_grad or to_previous.requires_grad)
    if images.device.type != "cpu" or wants_gradient or images.dtype != torch.float32:
        return warp_differentiable(images, to_previous, "bicubic" if mode == "lanczos" else mode)
    return _remap(images, to_previous, mode)


def warp_differentiable(
    images: Float[Tensor, "n c h w"],
    to_previous: Float[Tensor, "n 2 h w"],
    mode: Literal["nearest", "bilinear", "bicubic"] = "bilinear",
) -> Float[Tensor, "n c h w"]:
    """Do the same as `warp` in torch alone: on any device, and with a gradient to the images and to the flow.

    Convention: grid_sample with align_corners=True and border padding; the grid is float32 whatever the images are,
    since a float16 grid is off by 0.22 px at 1080p.
    """
    grid = sampling_grid(to_previous.float())
    height, width = to_previous.shape[-2:]
    span = torch.tensor([max(width - 1, 1), max(height - 1, 1)], dtype=torch.float32, device=grid.device)
    normalized = grid.permute(0, 2, 3, 1) * (2 / span) - 1
    warped = grid_sample(images.float(), normalized, mode=mode, padding_mode="border", align_corners=True)
    return warped.to(images.dtype)


def sampling_grid(to_previous: Float[Tensor, "n 2 h w"]) -> Float[Tensor, "n 2 h w"]:
    """Turn a flow into absolute coordinates (x, y) in pixels: p + flow(p)."""
    height, width = to_previous.shape[-2:]
    y = torch.arange(height, dtype=to_previous.dtype, device=to_previous.device)
    x = torch.arange(width, dtype=to_previous.dtype, device=to_previous.device)
    return torch.stack((to_previous[:, 0] + x, to_previous[:, 1] + y[:, None]), dim=1)


def _remap(images: Tensor, to_previous: Tensor, mode: WarpMode) -> Tensor:
    # Plane by plane, since OpenCV wants channels last and transposing costs more than it wins.
    grid = sampling_grid(to_previous.detach().float()).numpy()
    planes = images.detach().contiguous()
    warped = torch.empty_like(planes)
    source, target = planes.numpy(), warped.numpy()
    try:
        for image in range(planes.shape[0]):
            for channel in range(planes.shape[1]):
                cv2.remap(
                    source[image, channel],
                    grid[image, 0],
                    grid[image, 1],
                    _CV2_FLAGS[mode],
                    dst=target[image, channel],
                    borderMode=cv2.BORDER_REPLICATE,
                )
    except cv2.error as error:
        raise VidstyleError(f"OpenCV can't warp pictures of {tuple(images.shape)}: {error.err}") from error
    return warped
