from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from tests.motion.pictures import texture
from vidstyle.kernels import resampling
from vidstyle.motion.warp import _HALFWAY, _on_finer_grid, sampling_grid

Resample = Callable[[Tensor, Tensor, int], Tensor]


def lanczos(images: Tensor, flow: Tensor, every: int) -> Tensor:
    return resampling.lanczos(images, flow, every, _HALFWAY)


KERNELS: dict[str, Resample] = {
    "nearest": resampling.nearest,
    "bilinear": resampling.bilinear,
    "bicubic": resampling.bicubic,
    "lanczos": lanczos,
}


def by_torch(mode: str, images: Tensor, flow: Tensor, every: int) -> Tensor:
    if mode == "lanczos":
        return _on_finer_grid(images, flow, every)
    height, width = images.shape[-2:]
    span = torch.tensor([max(width - 1, 1), max(height - 1, 1)])
    grid = sampling_grid(flow, every).permute(0, 2, 3, 1) * (2 / span) - 1
    return grid_sample(images, grid, mode=mode, padding_mode="border", align_corners=True)


def noise(n: int, height: int, width: int, reach: float) -> Tensor:
    return reach * torch.randn(n, 2, height, width, generator=torch.Generator().manual_seed(height + width))


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 3), (7, 5), (64, 48), (131, 77)])
@pytest.mark.parametrize("reach", [0.4, 6.0, 60.0])
def test_a_kernel_gives_what_torch_gives(mode: str, size: tuple[int, int], reach: float) -> None:
    images = torch.stack([texture(*size), texture(*size, seed=1)])
    flow = noise(2, *size, reach)
    for every in (1, 4):
        apart = KERNELS[mode](images, flow, every) - by_torch(mode, images, flow, every)
        assert apart.abs().max() < 2e-4  # torch's grid is normalized and so off by 1e-5 px


def test_nearest_takes_the_pixel_that_is_nearest() -> None:
    images = texture(9, 13)[None]
    flow = torch.tensor([1.4, -2.6])[None, :, None, None].expand(1, 2, 9, 13).contiguous()
    assert torch.equal(resampling.nearest(images, flow, 1)[..., 3:, :-1], images[..., :-3, 1:])


@pytest.mark.parametrize("mode", KERNELS)
@pytest.mark.parametrize("nowhere", [float("nan"), float("inf"), -float("inf"), 1e30])
def test_a_vector_that_leads_nowhere_reads_nothing_else(mode: str, nowhere: float) -> None:
    images, flow = texture(40, 24)[None], torch.zeros(1, 2, 40, 24)
    flow[..., 5, 7] = nowhere
    made = KERNELS[mode](images, flow, 1)
    made[..., 5, 7] = images[..., 5, 7]
    assert torch.allclose(made, images, atol=1e-6)


@pytest.mark.parametrize("mode", ["bicubic", "lanczos"])
def test_far_outside_the_edge_is_repeated(mode: str) -> None:
    images = texture(40, 24)[None]
    for far in (1e9, float("inf")):
        made = KERNELS[mode](images, torch.full((1, 2, 40, 24), far), 1)
        assert torch.allclose(made, images[..., -1:, -1:].expand_as(images), atol=1e-6)


def test_wild_motion_is_found_in_strips_of_any_height() -> None:
    """Vectors that reach over the whole picture make strips grow until they are worth it."""
    images, flow = texture(400, 16)[None], noise(1, 400, 16, 200.0)
    assert (lanczos(images, flow, 1) - by_torch("lanczos", images, flow, 1)).abs().max() < 2e-4
