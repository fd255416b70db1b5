from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.conftest import paint
from vidstyle.measure.distributions import kernel_distance, sliced_wasserstein
from vidstyle.measure.features import FeatureNetwork, load_features


def pictures(*seeds: int) -> list[np.ndarray]:
    return [paint(seed) for seed in seeds]


@pytest.fixture
def network(tmp_path: Path) -> FeatureNetwork:
    torch.manual_seed(0)
    seen = {"0.weight": torch.eye(3)[..., None, None], "0.bias": torch.zeros(3)}
    torch.save(seen | {"2.weight": torch.randn(8, 3, 3, 3), "2.bias": torch.zeros(8)}, tmp_path / "eyes.pth")
    return load_features(tmp_path / "eyes.pth")


def test_a_set_is_no_distance_from_itself():
    assert sliced_wasserstein(pictures(0, 1), pictures(0, 1)) == 0


def test_another_palette_and_another_brush_are_far():
    one, other = pictures(0, 1, 2), pictures(3, 4, 5)
    near = sliced_wasserstein(one, other)
    tinted = [np.stack([each[..., 0] // 3, each[..., 1], each[..., 2]], -1) for each in other]
    noisy = [
        np.clip(each + np.random.default_rng(0).normal(0, 60, each.shape), 0, 255).astype(np.uint8) for each in one
    ]
    assert sliced_wasserstein(one, tinted) > 1.5 * near
    assert sliced_wasserstein(one, noisy) > 5


def test_a_shift_by_a_code_counts_about_as_one():
    flat = [np.full((64, 64, 3), value, np.uint8) for value in (100, 120)]
    expected = 20 * np.abs(np.random.default_rng(0).normal(size=4000)).mean()  # a unit direction over 147 values
    assert sliced_wasserstein(flat[:1], flat[1:]) == pytest.approx(expected, rel=0.2)


def test_kernel_distance_is_near_0_for_alike_sets_and_grows(network):
    near = kernel_distance(network, pictures(0, 1, 2, 3), pictures(4, 5, 6, 7))
    far = kernel_distance(network, pictures(0, 1, 2, 3), [255 - each // 4 for each in pictures(4, 5, 6, 7)])
    assert far > 5 * abs(near)
    with pytest.raises(ValueError, match="at least two"):
        kernel_distance(network, pictures(0), pictures(1, 2))
