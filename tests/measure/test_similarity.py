import pytest
import torch

from tests.motion.pictures import texture
from vidstyle.measure import multi_scale_ssim


@pytest.mark.parametrize("size", [(180, 200), (90, 120), (30, 200), (11, 11)])
def test_equal_pictures_are_alike_at_any_size(size: tuple[int, int]) -> None:
    picture = texture(*size)[None]
    assert multi_scale_ssim(picture, picture).item() == pytest.approx(1, abs=1e-5)


def test_it_falls_with_noise_and_is_symmetric() -> None:
    picture = texture(180, 180)[None]
    noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(0))
    little, much = (picture + amount * noise for amount in (0.02, 0.2))
    assert 1 > multi_scale_ssim(picture, little).item() > multi_scale_ssim(picture, much).item()
    assert multi_scale_ssim(picture, much).item() == pytest.approx(multi_scale_ssim(much, picture).item(), abs=1e-6)


def test_a_negative_is_not_alike_and_gives_a_number() -> None:
    picture = texture(180, 180)[None]
    assert multi_scale_ssim(picture, 1 - picture).item() == 0


def test_a_change_of_brightness_hurts_less_than_another_picture() -> None:
    picture, other = texture(180, 180)[None], texture(180, 180, seed=1)[None]
    assert multi_scale_ssim(picture, picture + 0.05).item() > 0.9
    assert multi_scale_ssim(picture, other).item() < 0.5


def test_each_picture_has_its_own_figure() -> None:
    first = torch.stack([texture(40, 40), texture(40, 40)])
    second = torch.stack([texture(40, 40), texture(40, 40, seed=1)])
    assert multi_scale_ssim(first, second)[0] > 0.99 > multi_scale_ssim(first, second)[1]


def test_a_picture_smaller_than_the_window_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 11"):
        multi_scale_ssim(texture(10, 40)[None], texture(10, 40)[None])
