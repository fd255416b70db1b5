import pytest
import torch

from tests.motion.pictures import texture
from vidstyle.motion import Flow
from vidstyle.stages.light import certainty, light_change, light_of, relit

CODE = 1 / 255
TRUSTED = torch.ones(1, 1, 96, 128)
STILL = Flow(torch.zeros(1, 2, 96, 128), torch.ones(1, 1, 96, 128))
PICTURE = texture(96, 128)[None]
NO_CHANGE = torch.zeros_like(light_of(PICTURE))


def test_a_change_of_light_is_seen_through_a_sensors_noise() -> None:
    noise = CODE * torch.randn(PICTURE.shape, generator=torch.Generator().manual_seed(0))
    assert certainty(light_change(NO_CHANGE, noise, TRUSTED, STILL)).max() < 0.05
    assert certainty(light_change(NO_CHANGE, noise + 3 * CODE, TRUSTED, STILL)).min() == 1


def test_changes_too_small_for_any_one_frame_add_up() -> None:
    change = NO_CHANGE
    for _ in range(10):
        change = light_change(change, torch.full_like(PICTURE, 0.2 * CODE), TRUSTED, STILL)
    assert torch.allclose(change, torch.tensor(2 * CODE), atol=1e-5)


def test_a_change_travels_with_the_picture() -> None:
    change = NO_CHANGE.clone()
    change[..., :4] = 4 * CODE
    pan = Flow(torch.zeros(1, 2, 96, 128), torch.ones(1, 1, 96, 128))
    pan.to_previous[:, 0] = -16.0
    moved = light_change(change, torch.zeros_like(PICTURE), TRUSTED, pan)
    assert torch.allclose(moved[..., 2:], change[..., :-2], atol=1e-6)


def test_what_moved_is_not_taken_for_light() -> None:
    difference, trusted = torch.zeros_like(PICTURE), TRUSTED.clone()
    difference[..., 30:60, 40:80] = 0.5
    trusted[..., 30:60, 40:80] = 0
    assert light_change(NO_CHANGE, difference, trusted, STILL).abs().max() < 1e-6


def test_a_relit_past_has_the_new_light_and_its_own_strokes() -> None:
    past, dark = texture(96, 128, seed=3, grain=1)[None], 0.5 * texture(96, 128, seed=5, grain=1)[None]
    result = relit(past, dark, TRUSTED, torch.ones_like(NO_CHANGE[:, :1]))
    gap, left = ((light_of(picture) - light_of(dark)).abs() for picture in (past, result))
    assert left.mean() < gap.mean() / 5
    strokes = [picture - light_of(picture).mean() for picture in (result, past)]
    assert torch.corrcoef(torch.stack([s.flatten() for s in strokes]))[0, 1] > 0.9


def test_a_past_in_unchanged_light_stays_as_it_is() -> None:
    past = texture(96, 128, seed=3)[None]
    assert torch.equal(relit(past, PICTURE, TRUSTED, torch.zeros_like(NO_CHANGE[:, :1])), past)


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (16, 9)])
def test_pictures_smaller_than_its_grid_have_one_light(size: tuple[int, int]) -> None:
    small = torch.rand(1, 3, *size)
    assert torch.allclose(light_of(small)[..., 0, 0], small.mean(dim=(2, 3)), atol=0.3)
    assert relit(small, small, torch.ones(1, 1, *size), torch.ones_like(light_of(small)[:, :1])).shape == small.shape
