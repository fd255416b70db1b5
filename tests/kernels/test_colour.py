"""The loops beside torch: the same bits, in codes and in RGB."""

import pytest
import torch

from vidstyle.media.pixels import PlaneConverter, PlaneLayout

FORMATS = ["yuv420p", "yuvj420p", "yuv422p10le", "yuv444p12le", "yuv411p", "yuv410p", "yuv440p", "yuv420p16le"]


@pytest.mark.parametrize("pix_fmt", FORMATS)
@pytest.mark.parametrize("matrix", ["bt709", "smpte170m", "bt2020nc"])
@pytest.mark.parametrize("size", [(1, 1), (5, 9), (130, 34)])
@pytest.mark.parametrize("full_range", [True, False])
def test_both_ways_are_torchs_to_the_bit(pix_fmt: str, matrix: str, size: tuple[int, int], full_range: bool) -> None:
    layout = PlaneLayout.of(pix_fmt)
    assert layout is not None
    converter = PlaneConverter(layout, matrix, full_range)
    generator = torch.Generator().manual_seed(0)
    top = (1 << layout.bits) - 1
    planes = [
        torch.randint(0, top + 1, (2, *shape), generator=generator).to(layout.dtype) for shape in layout.shapes(*size)
    ]
    rgb = converter.to_rgb(planes)
    wild = 3 * torch.rand(2, 3, *size, generator=generator) - 1
    codes, wild_codes = converter.to_planes(rgb), converter.to_planes(wild)
    assert torch.equal(rgb, converter.to_rgb_by_torch(planes))
    assert all(map(torch.equal, codes, converter.to_planes_by_torch(rgb)))
    assert all(map(torch.equal, wild_codes, converter.to_planes_by_torch(wild)))


def test_planes_that_do_not_belong_together_are_refused() -> None:
    layout = PlaneLayout.of("yuv420p")
    assert layout is not None
    planes = [torch.zeros(1, 6, 6, dtype=torch.uint8), *(torch.zeros(1, 3, 2, dtype=torch.uint8) for _ in range(2))]
    with pytest.raises(ValueError, match="planes of"):
        PlaneConverter(layout, "bt709", full_range=True).to_rgb(planes)
