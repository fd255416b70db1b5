"""How good a generator is on held-out pictures: near its teacher or its style, true to the content, and still."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vidstyle.measure.distributions import kernel_distance, sliced_wasserstein
from vidstyle.measure.features import FeatureNetwork, feature_distance
from vidstyle.training.losses import gram, moments, relative_style_loss, texture_loss
from vidstyle.training.pictures import Example, scaled
from vidstyle.training.sheet import render
from vidstyle.training.teachers import Picture

Drawing = Callable[[Picture], Picture]


def measure_pairs(generator: nn.Module, examples: list[Example], teacher: Drawing) -> dict[str, float]:
    """Figures of `generator` on `examples`, averaged over the pictures; `score` is l1 + flicker.

    Convention: `l1`, `flicker` and `flicker_teacher` are in codes of 255 (lower is better); `psnr` in dB; `ssim` and
    `edge_agreement` in [-1, 1], 1 where both are alike. Flicker is the mean change, beyond the shift itself, when the
    source moves by a third of a pixel; the teacher's own is given to compare with.
    """

    def draw(picture: Picture) -> Picture:
        return render(generator, picture)

    rows = [_figures(example, draw, teacher) for example in examples]
    figures = {key: round(float(np.mean([row[key] for row in rows])), 4) for key in rows[0]}
    return figures | {"score": round(figures["l1"] + figures["flicker"], 4)}


def measure_unpaired(
    generator: nn.Module,
    examples: list[Example],
    looks: list[Picture],
    eyes: FeatureNetwork | None = None,
    *,
    distance: int = 1,
) -> dict[str, float]:
    """Figures of `generator` where no picture has a drawing of its own.

    Convention: `style` is the sliced Wasserstein distance from the drawings to `looks`, `style_source` that of the
    undrawn pictures (codes of 255, lower is nearer); `edge_agreement` compares drawing and picture, 1 where contours
    are kept; `flicker` as in `measure_pairs`; with `eyes` those of `measure_seen` too.
    Drawings and pictures are compared with the looks at 1/`distance` of their size.
    `score` = style / style_source + (1 - edge_agreement) + flicker / 10.
    """

    def draw(picture: Picture) -> Picture:
        return render(generator, picture)

    sources = [example.picture for example in examples]
    drawn = [draw(picture) for picture in sources]
    edges = [edge_agreement(_grey(a), _grey(b)) for a, b in zip(_floats(sources), _floats(drawn), strict=True)]
    flickers = [flicker(draw, picture) for picture in sources]
    drawn, sources = ([_from_afar(each, distance) for each in pictures] for pictures in (drawn, sources))
    figures = {
        "style": sliced_wasserstein(drawn, looks),
        "style_source": sliced_wasserstein(sources, looks),
        "edge_agreement": float(np.mean(edges)),
        "flicker": float(np.mean(flickers)),
    }
    if eyes is not None:
        figures |= measure_seen(eyes, sources, drawn, looks)
    style = figures["style"] / max(figures["style_source"], 1e-6)
    figures["score"] = style + (1 - figures["edge_agreement"]) + figures["flicker"] / 10
    return {key: round(value, 4) for key, value in figures.items()}


def measure_seen(
    eyes: FeatureNetwork, sources: list[Picture], drawn: list[Picture], looks: list[Picture]
) -> dict[str, float]:
    """Figures of drawings in the features of a network that sees.

    Convention: `content` is the distance to the pictures (`feature_distance`). `gram` is the squared distance of each
    drawing's Gram matrices to the looks' mean ones, relative to their norm: 0 the same; `texture` is its
    `texture_loss`, which tells more of strokes; `gram_source` and `texture_source` are the pictures' own. `kid` is the
    kernel distance to the looks, where there are at least two of both.
    """
    apart = [feature_distance(eyes, _image(a), _image(b)) for a, b in zip(sources, drawn, strict=True)]
    figures = {"content": float(torch.cat(apart).mean())}
    with torch.no_grad():
        grams, strokes = (_mean_over(eyes, looks, told) for told in (gram, moments))
        for name, pictures in (("", drawn), ("_source", sources)):
            rows = [_apart(eyes(_image(picture)), grams, strokes) for picture in pictures]
            for figure, values in zip(("gram", "texture"), zip(*rows, strict=True), strict=True):
                figures[figure + name] = float(np.mean(values))
    if min(len(drawn), len(looks)) > 1:
        figures["kid"] = kernel_distance(eyes, drawn, looks)
    return figures


def _mean_over(eyes: FeatureNetwork, looks: list[Picture], told: Callable[[Tensor], Tensor]) -> list[Tensor]:
    rows = [[told(layer) for layer in eyes(_image(look))] for look in looks]
    return [torch.stack(layer).mean(0) for layer in zip(*rows, strict=True)]


def _apart(found: Sequence[Tensor], grams: list[Tensor], strokes: list[Tensor]) -> tuple[float, float]:
    return relative_style_loss(found, grams).item(), texture_loss(found, strokes).item()


def _floats(pictures: list[Picture]) -> list[NDArray[np.float32]]:
    return [picture.astype(np.float32) for picture in pictures]


def _from_afar(picture: Picture, distance: int) -> Picture:
    return scaled(picture, max(1, min(picture.shape[:2]) // distance))


def _image(picture: Picture) -> Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255


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
