import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.motion.pictures import texture
from vidstyle.motion import WarpMode, warp, warp_differentiable
from vidstyle.motion.warp import sampling_grid

MODES: list[WarpMode] = ["nearest", "bilinear", "bicubic", "lanczos"]


def constant_flow(dx: float, dy: float, height: int, width: int) -> Tensor:
    return torch.tensor([float(dx), float(dy)])[None, :, None, None].expand(1, 2, height, width).contiguous()


@pytest.mark.parametrize("mode", MODES)
def test_zero_flow_is_identity(mode: WarpMode) -> None:
    image = texture(17, 23)[None]
    assert torch.allclose(warp(image, constant_flow(0, 0, 17, 23), mode), image, atol=1e-6)


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=15)
@given(dx=st.integers(-5, 5), dy=st.integers(-5, 5))
def test_whole_pixel_flow_is_a_shift(mode: WarpMode, dx: int, dy: int) -> None:
    image = texture(24, 32)[None]
    warped = warp(image, constant_flow(dx, dy, 24, 32), mode)
    inner = warped[:, :, 9:15, 9:23]  # lanczos reaches 4 px, the shift 5
    assert torch.allclose(inner, image[:, :, 9 + dy : 15 + dy, 9 + dx : 23 + dx], atol=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_outside_the_picture_its_edge_is_repeated(mode: WarpMode) -> None:
    image = texture(12, 12)[None]
    far = warp(image, constant_flow(100, 0, 12, 12), mode)
    assert torch.allclose(far, image[..., -1:].expand_as(image), atol=1e-5)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_both_bodies_agree(mode: WarpMode) -> None:
    """Within 1/32 px of coordinate rounding (OpenCV 4) on a picture whose steepest slope is about 0.2 a pixel."""
    images = torch.stack([texture(41, 57), texture(41, 57, seed=1)])
    flow = 6 * torch.randn(2, 2, 41, 57, generator=torch.Generator().manual_seed(0))
    by_torch = warp_differentiable(images, flow, "bilinear" if mode == "bilinear" else "bicubic")
    assert (warp(images, flow, mode) - by_torch).abs().max() < 0.2 / 32


def test_both_bodies_of_lanczos_agree() -> None:
    images = torch.stack([texture(41, 57), texture(41, 57, seed=1)])
    flow = 6 * torch.randn(2, 2, 41, 57, generator=torch.Generator().manual_seed(0))
    images.requires_grad_()
    by_torch = warp(images, flow, "lanczos")
    assert by_torch.requires_grad
    assert (warp(images.detach(), flow, "lanczos") - by_torch).abs().max() < 0.2 / 32


def test_lanczos_is_exact_half_way_and_close_to_it_between() -> None:
    """Beside OpenCV's own, which takes three times as long."""
    image = texture(40, 48)[None]
    for dx, dy, tolerance in ((0.5, 0.0, 1e-5), (0.5, -1.5, 1e-5), (0.25, 0.75, 0.01)):
        flow = constant_flow(dx, dy, 40, 48)
        grid = [part.numpy() for part in sampling_grid(flow)[0]]
        theirs = [cv2.remap(plane.numpy(), *grid, cv2.INTER_LANCZOS4) for plane in image[0]]
        apart = (warp(image, flow, "lanczos")[0] - torch.from_numpy(np.stack(theirs))).abs()
        assert apart[:, 8:-8, 8:-8].max() < tolerance


def test_a_gradient_reaches_the_images_and_the_flow() -> None:
    image = texture(12, 14)[None].requires_grad_()
    flow = constant_flow(0.3, -0.2, 12, 14).requires_grad_()
    warp(image, flow, "bilinear").square().sum().backward()
    assert image.grad is not None
    assert flow.grad is not None
    assert flow.grad.abs().sum() > 0


def test_every_picture_follows_its_own_flow_whatever_its_channels() -> None:
    images = torch.stack([texture(16, 16), texture(16, 16, seed=3)])[:, :1].repeat(1, 6, 1, 1)
    flow = torch.cat((constant_flow(1, 0, 16, 16), constant_flow(0, 2, 16, 16)))
    together = warp(images, flow)
    apart = torch.cat([warp(images[i : i + 1], flow[i : i + 1]) for i in range(2)])
    assert torch.equal(together, apart)
    assert not torch.allclose(together[0], together[1])


def test_a_picture_that_is_not_contiguous_is_warped_alike() -> None:
    image = texture(16, 20)[None]
    mirrored = image.flip(-1).flip(-1).transpose(2, 3).contiguous().transpose(2, 3)
    flow = constant_flow(1.25, 0.5, 16, 20)
    assert torch.equal(warp(mirrored, flow), warp(image, flow))


def test_the_images_stay_as_they_were() -> None:
    image = texture(16, 20)[None]
    before = image.clone()
    warp(image, constant_flow(2.5, 1, 16, 20))
    assert torch.equal(image, before)


@pytest.mark.parametrize("mode", ["bilinear", "lanczos"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_fourth_row_is_that_of_the_whole(mode: WarpMode, dtype: torch.dtype) -> None:
    images = texture(22, 30)[None].to(dtype)
    flow = 3 * torch.rand(1, 2, 22, 30, generator=torch.Generator().manual_seed(1)) - 1
    assert torch.equal(warp(images, flow, mode, 4), warp(images, flow, mode)[:, :, ::4])
