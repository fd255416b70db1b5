"""How near a generator is to its teacher, and how still it holds, on held-out pictures."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import nn

from vidstyle.training.pictures import Example
from vidstyle.training.sheet import render
from vidstyle.training.teachers import Picture

Drawing = Callable[[Picture], Picture]


def measure(generator: nn.Module, examples: list[Example], teacher: Drawing) -> dict[str, float]:
    """Figures of `generator` on `examples`, averaged over the pictures.

    Convention: `l1`, `flicker` and `flicker_teacher` are in codes of 255 (lower is better); `psnr` in dB; `ssim` and
    `edge_agreement` in [-1, 1], 1 where both are alike. Flicker is the mean change, beyond the shift itself, when the
    source moves by a third of a pixel; the teacher's own is given to compare with.
    """

    def draw(picture: Picture) -> Picture:
        return render(generator, picture)

    rows = [_figures(example, draw, teacher) for example in examples]
    return {key: round(float(np.mean([row[key] for row in rows])), 4) for key in rows[0]}


def _figures(example: Example, draw: Drawing, teacher: Drawing) -> dict[str, float]:
    result, target = draw(example.picture).astype(np.float32), example.target.astype(np.float32)
    error = result - target
    return {
        "l1": float(np.abs(error).mean()),
        "psnr": float(10 * np.log10(255**2 / max(np.square(error).mean(), 1e-6))),
        "ssim": ssim(_grey(result), _grey(target)),
        "edge_agreement": edge_agreement(_grey(result), _grey(target)),
        "flicker": flicker(draw, example.picture),
        "flicker_teacher": flicker(teacher, example.picture),
    }


def ssim(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Structural similarity of two planes in 0..255 (Wang et al. 2004, Gaussian window, sigma 1.5)."""

    def blur(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        return cv2.GaussianBlur(plane, (11, 11), 1.5).astype(np.float32)

    mean1, mean2 = blur(first), blur(second)
    spread = blur(first * first) + blur(second * second) - mean1 * mean1 - mean2 * mean2
    shared = blur(first * second) - mean1 * mean2
    floor1, floor2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    likeness = (2 * mean1 * mean2 + floor1) * (2 * shared + floor2)
    return float((likeness / ((mean1 * mean1 + mean2 * mean2 + floor1) * (spread + floor2))).mean())


def edge_agreement(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Correlation of the gradient magnitudes of two planes; 1 where contours lie in the same places."""
    strengths = [
        np.hypot(cv2.Sobel(plane, cv2.CV_32F, 1, 0), cv2.Sobel(plane, cv2.CV_32F, 0, 1)) for plane in (first, second)
    ]
    centred = [strength - strength.mean() for strength in strengths]
    return float((centred[0] * centred[1]).sum() / max(np.prod([np.linalg.norm(plane) for plane in centred]), 1e-6))


def flicker(draw: Drawing, picture: Picture) -> float:
    """Mean |draw(shift(x)) - shift(draw(x))| in codes of 255, for a shift by a third of a pixel along both axes."""
    error = draw(_shifted(picture)).astype(np.float32) - _shifted(draw(picture))
    return float(np.abs(error[4:-4, 4:-4]).mean())


def _shifted(picture: Picture) -> Picture:
    matrix = np.array([[1, 0, 1 / 3], [0, 1, 1 / 3]], np.float32)
    size = (picture.shape[1], picture.shape[0])
    moved = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return moved.astype(np.uint8)


def _grey(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
