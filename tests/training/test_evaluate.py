import cv2
import numpy as np
import pytest
import torch
from torch import nn

from tests.training.conftest import paint
from vidstyle.networks import FeatureNetwork
from vidstyle.networks.features import Parts
from vidstyle.training.evaluate import edge_agreement, flicker, measure_pairs, measure_seen, ssim
from vidstyle.training.pictures import Example, Source
from vidstyle.training.sheet import render, write_sheet

SOURCE = Source(name="drawn", path="-", licence="CC0-1.0", source="tests")


class Scaled(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, x):
        return x * self.factor


def grey(seed: int) -> np.ndarray:
    return paint(seed)[..., 1].astype(np.float32)


def test_a_perfect_generator_has_perfect_figures():
    figures = measure_pairs(Scaled(1.0), [Example(SOURCE, paint(0), paint(0))], lambda picture: picture)
    assert figures["l1"] == 0
    assert figures["ssim"] == pytest.approx(1)
    assert figures["edge_agreement"] == pytest.approx(1)
    assert figures["flicker"] == figures["flicker_teacher"] == 0


def test_a_worse_generator_has_worse_figures():
    example = [Example(SOURCE, paint(0), paint(0))]
    near, far = (measure_pairs(Scaled(factor), example, lambda picture: picture) for factor in (0.95, 0.2))
    assert near["l1"] < far["l1"]
    assert near["psnr"] > far["psnr"]
    assert near["ssim"] > far["ssim"]


def test_ssim_and_edge_agreement_tell_pictures_apart():
    assert ssim(grey(0), grey(1)) < 0.9
    assert edge_agreement(grey(0), grey(1)) < 0.5
    assert edge_agreement(grey(0), 255 - grey(0)) == pytest.approx(1, abs=1e-4)


def test_a_threshold_flickers_and_a_blur_does_not():
    def hard(picture):
        return ((picture > 128) * 255).astype(np.uint8)

    ramp = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    assert flicker(hard, ramp) > flicker(lambda picture: picture, ramp) + 10


@pytest.mark.parametrize("shape", [(16, 16), (17, 19), (18, 23)])
def test_rendering_keeps_any_size(shape):
    picture = paint(0, *shape)
    assert (render(Scaled(1.0), picture) == picture).all()


def test_the_sheet_is_small_and_has_a_row_for_each_picture(tmp_path):
    write_sheet(tmp_path / "sheet.jpg", Scaled(1.0), [Example(SOURCE, paint(s), paint(s)) for s in range(3)], rows=3)
    assert (tmp_path / "sheet.jpg").stat().st_size < 600_000
    assert cv2.imread(str(tmp_path / "sheet.jpg")).shape == (3 * 248, 1320, 3)


def test_gram_distance_is_nothing_to_the_looks_themselves_and_large_to_others():
    torch.manual_seed(0)
    kernel = torch.randn(8, 3, 3, 3) / 3
    eyes = FeatureNetwork(Parts("random", nn.Identity(), "reflect", (((kernel, torch.zeros(8)),),)))
    same = measure_seen(eyes, [paint(1)], [paint(0)], [paint(0)])
    other = measure_seen(eyes, [paint(1)], [255 - paint(0)], [paint(0)])
    assert same["gram"] == pytest.approx(0, abs=1e-6)
    assert other["gram"] > 10 * same["gram"] + 0.01
    assert same["gram_source"] == other["gram_source"] > 0.001
    assert same["texture"] == pytest.approx(0, abs=1e-4)
    assert other["texture"] > 0.1
    assert same["texture_source"] == other["texture_source"] > 0.1
    assert "kid" not in same
