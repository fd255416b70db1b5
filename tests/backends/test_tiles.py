from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import instance_norm

from vidstyle.backends.graph import UntileableError
from vidstyle.backends.tiles import Moments, Tiles
from vidstyle.networks.generators import GENERATORS

CPU = torch.device("cpu")
TILEABLE: list[tuple[str, dict[str, Any]]] = [
    ("resnet", {"width": 4, "blocks": 3}),
    ("resnet", {"width": 4, "blocks": 2, "norm": "instance-affine", "upsample": "resize", "skips": True}),
    ("resnet", {"width": 4, "blocks": 2, "norm": "group", "border": "zeros"}),
    ("resnet", {"width": 4, "blocks": 2, "norm": "batch"}),
    ("resnet", {"width": 4, "blocks": 2, "norm": "none"}),
    ("unet", {"width": 4, "depth": 4, "norm": "instance"}),
    ("fast-style", {"widths": (4, 8, 8), "blocks": 2, "bottleneck": 2}),
    ("fast-style", {"widths": (4, 8, 8), "blocks": 2, "upsample": "transposed", "border": "tensorflow"}),
    ("animegan2", {"width": 4, "align_corners": False}),
    ("cartoongan", {"width": 4, "blocks": 2}),
]


def generator_of(name: str, options: dict[str, Any]) -> nn.Module:
    torch.manual_seed(3)
    made = GENERATORS.get(name)(**options).eval().requires_grad_(False)
    for layer in made.modules():  # as a training leaves them, not all ones and zeros
        if isinstance(layer, nn.InstanceNorm2d | nn.GroupNorm) and layer.weight is not None:
            nn.init.normal_(layer.weight, 1, 0.2)
            nn.init.normal_(layer.bias, 0, 0.2)
    return made


def picture(height: int, width: int, seed: int = 0) -> Tensor:
    """A picture whose corners differ, so that the statistics of a tile are not those of the whole."""
    x = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return x * torch.linspace(0.1, 1, width) * torch.linspace(0.3, 1, height)[:, None]


@pytest.mark.parametrize(("name", "options"), TILEABLE, ids=lambda value: value if isinstance(value, str) else "")
def test_tiles_are_equal_to_the_whole(name: str, options: dict[str, Any]):
    generator = generator_of(name, options)
    multiple: int = generator.multiple  # type: ignore[assignment]  # every generator has one
    x = picture(-(-220 // multiple) * multiple, -(-310 // multiple) * multiple)
    with torch.inference_mode():
        tiles = Tiles(generator, CPU)
        assert len(tiles.cut(x.shape[-2], x.shape[-1], 96)) >= 6
        whole, tiled = generator(x), tiles(x, 96)
    assert (tiled - whole).abs().max() < 2e-5 * (whole.max() - whole.min())


def test_without_the_statistics_of_the_whole_tiles_would_show():
    generator = generator_of("resnet", {"width": 4, "blocks": 3})
    x = picture(220, 312)
    with torch.inference_mode():
        whole = generator(x)
        apart = torch.cat([generator(part) for part in x.split(104, dim=-1)], dim=-1)
    assert (apart - whole).abs().mean() > 0.01 * (whole.max() - whole.min())


def test_a_batch_is_drawn_frame_by_frame():
    generator = generator_of("resnet", {"width": 4, "blocks": 1})
    x = torch.cat([picture(96, 96, seed) for seed in range(2)])
    with torch.inference_mode():
        assert torch.allclose(Tiles(generator, CPU)(x, 64), generator(x), atol=1e-5)


@given(height=st.integers(4, 90), width=st.integers(4, 90), side=st.integers(1, 60))
@settings(max_examples=50)
def test_cores_cover_every_pixel_once_and_lie_in_what_they_see(height: int, width: int, side: int):
    height, width = height * 4, width * 4
    covered = torch.zeros(height, width)
    for tile in CUTTER.cut(height, width, side):
        covered[tile.core] += 1
        for core, seen in zip(tile.core, tile.seen, strict=True):
            assert 0 <= seen.start <= core.start < core.stop <= seen.stop
            assert core.stop - core.start <= max(side, 4)
            assert not core.start % 4
    assert (covered == 1).all()


CUTTER = Tiles(generator_of("resnet", {"width": 2, "blocks": 1}), CPU)


@given(st.lists(st.integers(2, 40), min_size=1, max_size=6), st.floats(-100, 100))
@settings(max_examples=40, deadline=None)
def test_moments_of_parts_are_those_of_the_whole(lengths: list[int], offset: float):
    parts = [torch.randn(3, length, generator=torch.Generator().manual_seed(length)) + offset for length in lengths]
    moments = Moments()
    for part in parts:
        moments.add(part)
    mean, variance = moments.finished()
    whole = torch.cat(parts, 1).double()
    assert torch.allclose(mean.double(), whole.mean(1), atol=1e-4)
    assert torch.allclose(variance.double(), whole.var(1, correction=0), rtol=1e-4, atol=1e-5)


class _Foreign(nn.Module):
    """One convolution, and something that a tile can't know."""

    multiple = 1

    def __init__(self, then: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.then = then

    def forward(self, x: Tensor) -> Tensor:
        return self.then(self.conv(x))


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        (lambda x: x * torch.linspace(0, 1, x.shape[-1]), "depends on the place"),
        (lambda x: x - x.mean((2, 3), keepdim=True), "places more than 512 pixels away"),
        (instance_norm, "places more than 512 pixels away"),
        (lambda x: x if x.sum() > 0 else -x, "its steps can't be followed"),
        (lambda x: x[..., ::2, ::2], "it makes"),
        (lambda x: torch.zeros_like(x).sigmoid(), "its output does not depend on its input"),
    ],
)
def test_what_tiles_can_not_know_is_found_out(then: Callable[[Tensor], Tensor], reason: str):
    with pytest.raises(UntileableError, match=reason):
        Tiles(_Foreign(then).eval(), CPU)


def test_a_network_that_knows_the_place_is_found_out():
    with pytest.raises(UntileableError, match="depends on the place"):
        Tiles(generator_of("animegan2", {"width": 4, "align_corners": True}), CPU)
