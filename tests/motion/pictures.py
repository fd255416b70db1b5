"""Small moving pictures with known motion, as tensors."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate


def texture(height: int, width: int, *, seed: int = 0, grain: int = 6) -> Tensor:
    """A random RGB picture (3, h, w) in [0, 1]: blobs of `grain` px upon blobs of 4 and 16 times that, as in nature."""
    generator = torch.Generator().manual_seed(seed)
    octaves = [_blobs(height, width, size, generator) for size in (grain, 4 * grain, 16 * grain)]
    return (0.5 + 0.4 * octaves[0] + 0.5 * octaves[1] + 0.6 * octaves[2]).clamp(0, 1)


def _blobs(height: int, width: int, size: int, generator: torch.Generator) -> Tensor:
    coarse = torch.rand(1, 3, height // size + 3, width // size + 3, generator=generator) - 0.5
    return interpolate(coarse, scale_factor=float(size), mode="bicubic")[0, :, :height, :width]


def pan(frames: int, height: int, width: int, *, dx: int = 2, dy: int = 0, seed: int = 0) -> Tensor:
    """A camera that moves over a texture by (dx, dy) whole pixels a frame: (n, 3, h, w).

    What is at p now was at p + (dx, dy) one frame earlier.
    """
    big = texture(height + dy * frames, width + dx * frames, seed=seed)
    return torch.stack([big[:, dy * i : dy * i + height, dx * i : dx * i + width] for i in range(frames)])


def passing_square(frames: int, height: int, width: int, *, side: int = 24, step: int = 4) -> Tensor:
    """A bright square that moves to the right by `step` pixels a frame before a still background."""
    pictures = texture(height, width, seed=1).mul(0.5).repeat(frames, 1, 1, 1)
    face = texture(side, side, seed=2).mul(0.4).add(0.6)
    top = (height - side) // 2
    for i in range(frames):
        left = square_left(i, step)
        pictures[i, :, top : top + side, left : left + side] = face
    return pictures


def square_left(frame: int, step: int = 4) -> int:
    """Where the square's left edge is in that frame."""
    return 40 + step * frame
