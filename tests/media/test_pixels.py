"""Planes ↔ RGB is exact, and agrees with the standard's equations."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vidstyle.media.colour import LUMA_WEIGHTS
from vidstyle.media.pixels import PlaneConverter, PlaneLayout

FORMATS = [
    *("yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p", "gray", "gbrp", "yuv420p10le", "yuv422p10le"),
    *("yuv444p10le", "yuv420p12le", "yuv444p12le", "gbrp12le", "gray10le", "yuv444p16le", "yuva444p12le"),
]


def converter(name: str, matrix: str = "bt709", full_range: bool = False) -> PlaneConverter:
    layout = PlaneLayout.of(name)
    assert layout is not None
    return PlaneConverter(layout, matrix, full_range)


def random_planes(layout: PlaneLayout, height: int, width: int, seed: int) -> list[torch.Tensor]:
    random = np.random.default_rng(seed)
    code = np.uint8 if layout.bits == 8 else np.uint16
    shapes = layout.shapes(height, width)
    return [torch.from_numpy(random.integers(0, 1 << layout.bits, (1, *shape)).astype(code)) for shape in shapes]


@given(
    name=st.sampled_from(FORMATS),
    matrix=st.sampled_from(sorted(LUMA_WEIGHTS)),
    full_range=st.booleans(),
    height=st.integers(1, 19),
    width=st.integers(1, 19),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=150)
def test_planes_come_back_with_every_code(name, matrix, full_range, height, width, seed):
    there = converter(name, matrix, full_range)
    planes = random_planes(there.layout, height, width, seed)[: there.layout.count]  # opacity goes its own way
    back = there.to_planes(there.to_rgb(planes))
    assert all(torch.equal(before, after) for before, after in zip(planes, back, strict=True))


@pytest.mark.parametrize("name", ["yuv420p", "yuv420p10le", "yuv422p12le"])
def test_odd_sizes_come_back_with_every_code(name):
    there = converter(name)
    planes = random_planes(there.layout, 181, 321, seed=1)
    assert all(map(torch.equal, planes, there.to_planes(there.to_rgb(planes))))


@pytest.mark.slow
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", ["smpte170m", "bt709", "bt2020nc"])
def test_all_colours_of_8_bit_come_back(matrix, full_range):
    there = converter("yuv444p", matrix, full_range)
    second, third = torch.meshgrid(torch.arange(256), torch.arange(256), indexing="ij")
    for code in range(256):
        planes = [plane.to(torch.uint8)[None] for plane in (torch.full_like(second, code), second, third)]
        assert all(map(torch.equal, planes, there.to_planes(there.to_rgb(planes))))


@pytest.mark.parametrize("name", ["yuv444p10le", "yuv444p12le"])
@pytest.mark.parametrize("full_range", [False, True])
def test_every_luma_and_chroma_code_comes_back(name, full_range):
    there = converter(name, "bt2020nc", full_range)
    codes = torch.arange(1 << there.layout.bits).to(torch.uint16)[None, None]
    planes = [codes, codes.flip(-1).contiguous(), torch.full_like(codes.int(), 513).to(torch.uint16)]
    assert all(map(torch.equal, planes, there.to_planes(there.to_rgb(planes))))


@pytest.mark.parametrize(
    ("name", "full_range", "codes", "rgb"),
    [
        ("yuv444p", False, (235, 128, 128), (1, 1, 1)),
        ("yuv444p", False, (16, 128, 128), (0, 0, 0)),
        ("yuv444p", True, (255, 128, 128), (1, 1, 1)),
        ("yuv444p10le", False, (940, 512, 512), (1, 1, 1)),
        ("yuv444p10le", False, (64, 512, 512), (0, 0, 0)),
        ("yuv444p12le", True, (4095, 2048, 2048), (1, 1, 1)),
        ("yuv444p", False, (63, 102, 240), (1, 0, 0)),  # pure red of BT.709: Y = 16 + 219 * 0.2126, Cr at its top
    ],
)
def test_reference_colours(name, full_range, codes, rgb):
    there = converter(name, "bt709", full_range)
    planes = [torch.tensor([[[code]]]).to(there.layout.dtype) for code in codes]
    assert there.to_rgb(planes).flatten().tolist() == pytest.approx(rgb, abs=0.006)


@pytest.mark.parametrize("matrix", sorted(LUMA_WEIGHTS))
def test_rgb_agrees_with_the_equations_in_double_precision(matrix):
    red, blue = LUMA_WEIGHTS[matrix]
    y, cb, cr = 0.4, -0.2, 0.3
    codes = [16 * 256 + 219 * 256 * y, 128 * 256 + 224 * 256 * cb, 128 * 256 + 224 * 256 * cr]
    planes = [torch.tensor([[[round(code)]]]).to(torch.uint16) for code in codes]
    expected_red, expected_blue = y + 2 * (1 - red) * cr, y + 2 * (1 - blue) * cb
    expected_green = (y - red * expected_red - blue * expected_blue) / (1 - red - blue)
    found = converter("yuv444p16le", matrix).to_rgb(planes).flatten().tolist()
    assert found == pytest.approx([expected_red, expected_green, expected_blue], abs=1e-4)


def test_codes_outside_the_limited_range_leave_the_unit_interval():
    rgb = converter("gray").to_rgb([torch.tensor([[[0, 255]]], dtype=torch.uint8)])
    assert rgb[0, 0, 0].tolist() == pytest.approx([-16 / 219, 239 / 219])


def test_only_quantizing_clamps_and_halves_round_up():
    rgb = torch.tensor([-1.0, 0.5 / 255, 1.5 / 255, 7.0]).reshape(1, 1, 1, 4).repeat(1, 3, 1, 1)
    (codes,) = converter("gray", full_range=True).to_planes(rgb)
    assert codes.flatten().tolist() == [0, 1, 2, 255]


def test_chroma_is_the_mean_of_its_block():
    rgb = torch.zeros(1, 3, 2, 2)
    rgb[0, 2, 0, 0] = 1.0
    _, cb, _ = converter("yuv420p", full_range=True).to_planes(rgb)
    assert cb.item() == round(128 + 255 * (1 - 0.0722) / (2 * (1 - 0.0722)) / 4)


@pytest.mark.parametrize("name", ["nv12", "rgb24", "pal8", "yuv420p10be", "gbrpf32le", "yuv999p", "xyz12le"])
def test_other_formats_have_no_planar_layout(name):
    assert PlaneLayout.of(name) is None
