import pytest
import torch
from torch import Tensor

from tests.motion.pictures import pan, texture
from vidstyle.measure import WarpErrors, warp_error
from vidstyle.motion import Flow, MotionConfig, build_estimator

STILL = Flow(torch.zeros(1, 2, 40, 56), torch.ones(1, 1, 40, 56))


def errors(
    source: Tensor, *clips: Tensor, distance: int = 1, every: int = 1, cut: int = -1, flash: int = -1
) -> WarpErrors:
    meter = WarpErrors(distance, build_estimator(MotionConfig(scale=1.0)), every)
    for number, frames in enumerate(zip(source.split(1), *(clip.split(1) for clip in clips), strict=True)):
        meter.add(*frames, cut=number == cut, flash=number == flash)
    return meter


def noisy(clip: Tensor, amount: float) -> Tensor:
    return clip + amount * torch.randn(clip.shape, generator=torch.Generator().manual_seed(0))


def test_equal_frames_have_no_error() -> None:
    frame = texture(40, 56)[None]
    assert warp_error(frame, frame, STILL) == pytest.approx(0, abs=1e-12)


def test_a_uniform_difference_gives_its_square() -> None:
    frame = texture(40, 56)[None]
    assert warp_error(frame, frame + 0.1, STILL) == pytest.approx(0.01, rel=1e-4)


def test_only_visible_pixels_count() -> None:
    frame = texture(40, 56)[None]
    other = frame.clone()
    other[..., :28] += 0.5
    half = torch.ones(1, 1, 40, 56)
    half[..., :28] = 0
    assert warp_error(frame, other, Flow(STILL.to_previous, half)) == pytest.approx(0, abs=1e-12)
    assert warp_error(frame, other, Flow.unknown(1, 40, 56)) is None


@pytest.mark.parametrize("distance", [1, 3])
def test_a_clip_that_moves_with_its_source_has_hardly_any_error(distance: int) -> None:
    source = pan(6, 64, 80)
    result = source.flip(1)
    meter = errors(source, source, result, distance=distance)
    assert len(meter.curve) == 6 - distance
    assert meter.mean(0) == pytest.approx(meter.mean(1), rel=0.3)
    assert (meter.mean(1) or 1) < 1e-4


def test_the_error_grows_with_noise() -> None:
    source = pan(5, 64, 80)
    meter = errors(source, *(noisy(source, amount) for amount in (0.0, 0.02, 0.05, 0.1)))
    means = [meter.mean(clip) or 0 for clip in range(4)]
    assert means == sorted(means)
    assert means[3] > 0.01


def test_pairs_across_a_cut_do_not_count() -> None:
    source = torch.cat((pan(4, 64, 80), pan(4, 64, 80, seed=7)))
    assert len(errors(source, source, cut=4).curve) == 6
    assert len(errors(source, source, distance=3, cut=4).curve) == 2


def test_pairs_with_a_flash_at_either_end_do_not_count() -> None:
    source = pan(6, 64, 80)
    lit = source.clone()
    lit[3] = 1
    assert len(errors(lit, lit, flash=3).curve) == 3
    assert len(errors(lit, lit, distance=2, flash=3).curve) == 2
    assert (errors(lit, lit, distance=2, flash=3).mean(0) or 1) < 1e-4


def test_only_every_so_many_pairs_are_measured() -> None:
    source = pan(9, 64, 80)
    assert len(errors(source, source, distance=2, every=3).curve) == 3


def test_without_a_pair_there_is_no_mean() -> None:
    source = pan(2, 64, 80)
    assert errors(source, source, distance=5).mean(0) is None


def test_only_as_many_frames_as_the_distance_are_kept() -> None:
    source = pan(9, 32, 40)
    assert len(errors(source, source, distance=3)._past) == 3
