"""Small neighbourhoods of every pixel: the lowest and the highest value, and the smooth mean.

On the CPU OpenCV blurs, sizes and differentiates, plane by plane; elsewhere, and for ranges, torch does. The blend's
ranges on a CPU are loops of their own, `vidstyle.kernels.ranges`.
"""

from collections.abc import Callable
from typing import Any

import cv2
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, max_pool2d, pad

from vidstyle.kernels.compiling import runs


def highest(images: Float[Tensor, "n c h w"], reach: int = 1) -> Float[Tensor, "n c h w"]:
    """Give the highest value of each channel within `reach` px, along both axes; the border repeats the edge."""
    return max_pool2d(images, 2 * reach + 1, stride=1, padding=reach)


def lowest(images: Float[Tensor, "n c h w"], reach: int = 1) -> Float[Tensor, "n c h w"]:
    """Give the lowest value of each channel within `reach` px, along both axes; the border repeats the edge."""
    return -highest(-images, reach)


def smooth(images: Float[Tensor, "n c h w"], sigma: float) -> Float[Tensor, "n c h w"]:
    """Blur by a Gaussian of `sigma` pixels, cut off at 3 sigma; the border repeats the edge."""
    if not runs(images):
        return _blurred(images, gaussian(sigma).to(images))
    size = (2 * _reach(sigma) + 1, 2 * _reach(sigma) + 1)
    return _by_plane(
        images, lambda plane, into: cv2.GaussianBlur(plane, size, sigma, into, borderType=cv2.BORDER_REPLICATE)
    )


def laplacian(images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """Give the sum of a pixel's four neighbours less four times itself; the border repeats the edge."""
    if not runs(images):
        planes = pad(images, (1, 1, 1, 1), mode="replicate").flatten(0, 1)[:, None]
        kernel = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]], device=images.device, dtype=images.dtype)
        return conv2d(planes, kernel[None, None]).reshape(images.shape)
    return _by_plane(
        images, lambda plane, into: cv2.Laplacian(plane, cv2.CV_32F, into, ksize=1, borderType=cv2.BORDER_REPLICATE)
    )


def squared(images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 1 h w"]:
    """Give the squared length of each pixel's vector; channel by channel, several times as fast as a sum over them."""
    first, *others = images.unbind(1)
    total = first.square()
    for other in others:
        total.addcmul_(other, other)
    return total[:, None]


def sized(images: Float[Tensor, "n c h w"], height: int, width: int) -> Float[Tensor, "n c height width"]:
    """Bring pictures to another size: averaged over areas where smaller, bilinear where larger.

    Convention: corners stay in place.
    """
    if images.shape[-2:] == (height, width):
        return images
    smaller = height <= images.shape[-2] and width <= images.shape[-1]
    if not runs(images):
        return interpolate(images, size=(height, width), mode="area" if smaller else "bilinear")
    way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return _by_plane(images, lambda plane, into: cv2.resize(plane, (width, height), into, 0, 0, way), (height, width))


def _by_plane(
    images: Tensor, filtered: Callable[[NDArray[Any], NDArray[Any]], Any], size: tuple[int, int] | None = None
) -> Tensor:
    """Let `filtered` write what it makes of each plane into the result, which has its own size or another."""
    planes = images.detach().contiguous()
    result = planes.new_empty(*planes.shape[:2], *(size or planes.shape[2:]))
    for plane, target in zip(planes.flatten(0, 1).numpy(), result.flatten(0, 1).numpy(), strict=True):
        filtered(plane, target)
    return result


def gaussian(sigma: float) -> Float[Tensor, " taps"]:
    """Give the weights of a Gaussian of `sigma` pixels, cut off at 3 sigma; their sum is 1."""
    offsets = torch.arange(-_reach(sigma), _reach(sigma) + 1, dtype=torch.float32)
    kernel = torch.exp(-offsets.square() / (2 * sigma**2))
    return kernel / kernel.sum()


def _reach(sigma: float) -> int:
    return max(1, round(3 * sigma))


def _blurred(images: Tensor, kernel: Tensor) -> Tensor:
    sides = (len(kernel) // 2,) * 4
    planes = pad(images, sides, mode="replicate").flatten(0, 1)[:, None]
    blurred = conv2d(conv2d(planes, kernel[None, None, None, :]), kernel[None, None, :, None])
    return blurred.reshape(images.shape)
