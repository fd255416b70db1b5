"""How far apart two sets of pictures are as a whole, when no picture of the one belongs to one of the other."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from vidstyle.measure.features import FeatureNetwork

Picture = NDArray[np.uint8]

_PATCH, _PATCHES, _DIRECTIONS = 7, 256, 256  # px; for each picture and level; projections
_LEVELS = 3


def sliced_wasserstein(first: Sequence[Picture], second: Sequence[Picture], *, seed: int = 0) -> float:
    """Give the sliced Wasserstein distance of the patches of two sets of pictures, RGB 0..255; 0 for the same set.

    Convention: 7x7 patches at each of three sizes, each half of the one before; codes of 255 along random directions,
    averaged over the sizes. Patches keep their colour, so that palettes count as much as strokes. Random, but the same
    for the same seed; the distance of a set to another half of itself tells what is nothing.

    Source: Rabin et al. 2011, as used on patches by Karras et al. 2018, section 5 (there on Laplacian pyramids).
    """
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(_PATCH * _PATCH * 3, _DIRECTIONS)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=0)
    found = []
    for level in range(_LEVELS):
        sides = [_patches(each, level, np.random.default_rng([seed, level])) @ directions for each in (first, second)]
        count = min(len(side) for side in sides)
        ranks = (np.arange(count) + 0.5) / count
        quantiles = [np.quantile(side, ranks, axis=0) for side in sides]
        found.append(np.abs(quantiles[0] - quantiles[1]).mean())
    return float(np.mean(found))


def kernel_distance(network: FeatureNetwork, first: Sequence[Picture], second: Sequence[Picture]) -> float:
    """Give the squared maximum mean discrepancy of features, pooled over each picture: KID (Bińkowski et al. 2018).

    Convention: kernel (x·y / d + 1)³ and the unbiased estimate, which may lie below 0; features are those of the
    network's last stage, so that the figure can't be compared with one of an Inception network.
    """
    x, y = (torch.stack([_pooled(network, picture) for picture in each]).double() for each in (first, second))

    def kernel(one: Tensor, other: Tensor) -> Tensor:
        return (one @ other.T / one.shape[1] + 1) ** 3

    n, m = len(x), len(y)
    if min(n, m) < 2:  # noqa: PLR2004
        raise ValueError(f"sets of {n} and {m} pictures; at least two each are needed")
    within = [(k.sum() - k.diagonal().sum()) / (len(k) * (len(k) - 1)) for k in (kernel(x, x), kernel(y, y))]
    return float(within[0] + within[1] - 2 * kernel(x, y).mean())


def _patches(pictures: Sequence[Picture], level: int, rng: np.random.Generator) -> NDArray[np.float32]:
    found = []
    for picture in pictures:
        small = picture.astype(np.float32)
        for _ in range(level):
            small = cv2.pyrDown(small).astype(np.float32)
        height, width = small.shape[0] - _PATCH, small.shape[1] - _PATCH
        if min(height, width) < 1:
            continue
        tops, lefts = rng.integers(height, size=_PATCHES), rng.integers(width, size=_PATCHES)
        found += [
            small[top : top + _PATCH, left : left + _PATCH].ravel() for top, left in zip(tops, lefts, strict=True)
        ]
    return np.stack(found)


def _pooled(network: FeatureNetwork, picture: Picture) -> Float[Tensor, " c"]:
    image = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        pooled: Tensor = network(image)[-1].mean((2, 3))[0]
    return pooled
