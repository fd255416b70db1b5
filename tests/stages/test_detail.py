import pytest
import torch

from tests.motion.pictures import texture
from vidstyle.motion.neighbourhood import smooth
from vidstyle.motion.sharpness import laplacian_variance
from vidstyle.stages.detail import next_aim, restore_detail, within_range

SHARP = texture(48, 48, grain=2)[None]


def faded(amount: float) -> torch.Tensor:
    return 0.5 + amount * (SHARP - 0.5)


def test_lost_detail_is_brought_back_but_no_further_than_the_gain() -> None:
    assert (restore_detail(faded(0.9), SHARP, 2.0) - SHARP).abs().mean() < (faded(0.9) - SHARP).abs().mean()
    assert restore_detail(faded(0.2), SHARP, 1.5).std() < 1.5 * faded(0.2).std()


def test_detail_beyond_the_new_frames_is_lowered_a_little() -> None:
    result = restore_detail(SHARP, faded(0.5), 2.0)
    assert 0.75 * SHARP.std() < result.std() < SHARP.std()


def test_what_is_as_sharp_as_the_new_frame_stays_as_it_is() -> None:
    assert torch.allclose(restore_detail(SHARP, SHARP, 2.0), SHARP, atol=1e-6)


def test_the_aim_says_how_much_detail_is_wanted() -> None:
    more, less = (restore_detail(SHARP, SHARP, 2.0, aim) for aim in (torch.tensor([1.5]), torch.tensor([0.7])))
    assert less.std() < SHARP.std() < more.std()


@pytest.mark.parametrize("sharpness", [0.9, 0.955, 1.0])
def test_the_aim_leads_to_the_sharpness_asked_for(sharpness: float) -> None:
    aim, blurred = torch.ones(1), smooth(SHARP, 0.6)
    for _ in range(40):
        output = restore_detail(blurred, SHARP, 4.0, aim)
        aim = next_aim(aim, output, SHARP, sharpness)
    reached = laplacian_variance(output) / laplacian_variance(SHARP)
    assert reached.item() == pytest.approx(sharpness, abs=0.01)


def test_the_aim_stays_within_bounds_where_it_can_reach_nothing() -> None:
    flat, aim = torch.full((1, 3, 16, 16), 0.5), torch.ones(1)
    for _ in range(50):
        aim = next_aim(aim, flat, SHARP[..., :16, :16], 0.955)
    assert aim.isfinite().all()
    assert aim.item() == 3
    assert next_aim(torch.ones(1), flat, flat, 0.955).isfinite().all()


def test_a_picture_too_small_for_a_laplacian_keeps_its_aim() -> None:
    tiny = torch.rand(1, 3, 2, 2)
    assert next_aim(torch.tensor([1.2]), tiny, tiny, 0.955) == torch.tensor([1.2])


def test_the_past_is_clamped_to_the_range_around_each_pixel() -> None:
    new, past = torch.full((1, 3, 16, 16), 0.5), torch.full((1, 3, 16, 16), 0.9)
    assert torch.allclose(within_range(past, new, 0.05), torch.tensor(0.55))
    new[..., 8, 8] = 0.9
    assert torch.equal(within_range(past, new, 0.05)[..., 5:12, 5:12], past[..., 5:12, 5:12])
    assert torch.equal(within_range(past, new, 1.0), past)
