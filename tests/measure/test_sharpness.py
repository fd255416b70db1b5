import pytest
import torch

from tests.motion.pictures import texture
from vidstyle.measure import SharpnessRatio, laplacian_variance
from vidstyle.motion.neighbourhood import smooth


def ratio(result: torch.Tensor, reference: torch.Tensor) -> float | None:
    sharpness = SharpnessRatio()
    sharpness.add(result, reference)
    return sharpness.value


def test_a_clip_is_as_sharp_as_itself() -> None:
    clip = torch.stack([texture(30, 40), texture(30, 40, seed=1)])
    assert ratio(clip, clip) == pytest.approx(1)


def test_blur_lowers_it_and_noise_raises_it() -> None:
    clip = texture(30, 40, grain=3)[None] * 0.8 + 0.1
    assert (ratio(smooth(clip, 0.7), clip) or 1) < 0.8
    assert (ratio(clip + 0.05 * torch.randn(clip.shape), clip) or 1) > 1.1


def test_a_flat_picture_and_a_ramp_have_no_detail() -> None:
    ramp = torch.linspace(0, 1, 32).expand(1, 3, 20, 32)
    assert laplacian_variance(ramp).item() == pytest.approx(0, abs=1e-10)
    assert ratio(ramp, torch.full((1, 3, 20, 32), 0.5)) is None


def test_what_an_encoder_clips_is_no_sharpness() -> None:
    clip = torch.full((1, 3, 16, 16), 1.2)
    clip[..., ::2] = 1.6
    assert laplacian_variance(clip).item() == 0


def test_frames_may_come_one_by_one() -> None:
    result, reference = torch.stack([texture(20, 20)] * 3), torch.stack([texture(20, 20, seed=s) for s in range(3)])
    one_by_one = SharpnessRatio()
    for i in range(3):
        one_by_one.add(result[i : i + 1], reference[i : i + 1])
    assert one_by_one.value == pytest.approx(ratio(result, reference))
