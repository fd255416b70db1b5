"""Each kernel beside the formula in torch that other devices go through, which a wanted gradient calls for."""

import pytest
import torch
from torch import Tensor

from tests.motion.pictures import texture
from vidstyle.motion import Flow
from vidstyle.motion.sharpness import laplacian_variance
from vidstyle.stages.detail import restore_detail, within_range
from vidstyle.stages.trust import trust

SIZES = [(3, 3), (5, 4), (9, 40), (70, 33), (131, 64)]


def pictures(height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    first, second = texture(height, width)[None], texture(height, width, seed=4)[None]
    return first, second, first.clone().requires_grad_()


@pytest.mark.parametrize("size", SIZES)
def test_within_range(size: tuple[int, int]) -> None:
    past, styled, formula = pictures(*size)
    assert torch.allclose(within_range(past, styled, 0.02), within_range(formula, styled, 0.02), atol=1e-6)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("aim", [0.6, 1.0, 2.5])
def test_restore_detail(size: tuple[int, int], aim: float) -> None:
    blended, styled, formula = pictures(*size)
    wanted = restore_detail(formula, styled, 2.0, torch.tensor([aim]))
    assert torch.allclose(restore_detail(blended, styled, 2.0, torch.tensor([aim])), wanted, atol=1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_laplacian_variance(size: tuple[int, int]) -> None:
    image, _, formula = pictures(*size)
    assert torch.allclose(laplacian_variance(3 * image - 1), laplacian_variance(3 * formula - 1), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("size", SIZES)
def test_trust(size: tuple[int, int]) -> None:
    moved, source, _ = pictures(*size)
    moved = source + 0.1 * (moved - source)
    flow = Flow(torch.zeros(1, 2, *size), torch.ones(1, 1, *size))  # so that nothing depends on odd sizes' halves
    wanted = trust(moved, source.clone().requires_grad_(), flow, 50.0)
    assert torch.allclose(trust(moved, source, flow, 50.0), wanted, atol=1e-5)
