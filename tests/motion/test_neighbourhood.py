from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.motion.pictures import texture
from vidstyle.motion.neighbourhood import highest, laplacian, lowest, smooth

FILTERS: list[Callable[[Tensor], Tensor]] = [highest, lowest, lambda x: smooth(x, 1.0), lambda x: smooth(x, 1.5)]


@pytest.mark.parametrize("filtered", [*FILTERS, laplacian])
def test_both_bodies_agree(filtered: Callable[[Tensor], Tensor]) -> None:
    images = torch.stack([texture(19, 26), texture(19, 26, seed=1)])
    by_torch = filtered(images.clone().requires_grad_()).detach()  # a wanted gradient takes torch's path
    assert torch.allclose(filtered(images), by_torch, atol=1e-5)


@pytest.mark.parametrize("filtered", FILTERS)
def test_a_flat_picture_stays_flat(filtered: Callable[[Tensor], Tensor]) -> None:
    flat = torch.full((1, 3, 9, 11), 0.4)
    assert torch.allclose(filtered(flat), flat, atol=1e-6)


def test_every_pixel_lies_between_its_lowest_and_its_highest() -> None:
    image = texture(20, 20)[None]
    assert (lowest(image) <= image).all()
    assert (image <= highest(image)).all()


def test_one_bright_pixel_reaches_one_pixel_far() -> None:
    image = torch.zeros(1, 1, 9, 9)
    image[..., 4, 4] = 1
    assert highest(image).sum() == 9
    assert lowest(image).sum() == 0
