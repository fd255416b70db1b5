import math
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.benchmarks.accuracy import accuracy, estimate, layers
from tests.motion.opencv import OpenCvDis
from tests.motion.pictures import pan, texture
from tests.motion.test_accuracy import error, real
from vidstyle.errors import OutOfMemoryError
from vidstyle.motion import MotionConfig, build_estimator, luma
from vidstyle.motion.dis import DisFlow
from vidstyle.motion.patches import search_patches, slopes
from vidstyle.motion.refinement import refined


def codes(images: Tensor) -> Tensor:
    return luma(images) * 255


def shifted(height: int, width: int, dx: float, dy: float) -> tuple[Tensor, Tensor]:
    """A picture of waves and the same one (dx, dy) pixels to the right and down: known between pixels as well."""
    y, x = torch.meshgrid(torch.arange(height).float(), torch.arange(width).float(), indexing="ij")

    def waves(x: Tensor, y: Tensor) -> Tensor:
        parts = [(9.0, 4.0, 0.3), (-5.0, 11.0, 1.0), (13.0, -7.0, 2.2)]
        return 127 + sum(30 * torch.sin(2 * math.pi * (x * a + y * b) / 128 + c) for a, b, c in parts)

    return waves(x, y)[None, None], waves(x - dx, y - dy)[None, None]


@settings(deadline=None, max_examples=15)
@given(dx=st.floats(-3, 3), dy=st.floats(-3, 3), stride=st.integers(1, 8))
def test_patches_find_a_shift_between_pixels(dx: float, dy: float, stride: int) -> None:
    now, before = shifted(61, 83, dx, dy)
    found = search_patches(now, before, torch.zeros(1, 2, 61, 83), stride=stride, descent=24)
    inner = found[0, :, 8:-8, 8:-8].flatten(1)
    assert inner.median(dim=1).values.tolist() == pytest.approx([dx, dy], abs=0.05)


@settings(deadline=None, max_examples=15)
@given(dx=st.floats(-3, 3), dy=st.floats(-3, 3), seed=st.integers(0, 99))
def test_refinement_mends_what_patches_got_wrong(dx: float, dy: float, seed: int) -> None:
    now, before = shifted(61, 83, dx, dy)
    true = torch.tensor([dx, dy])[None, :, None, None].expand(1, 2, 61, 83)
    rough = true + 0.3 * torch.randn(1, 2, 61, 83, generator=torch.Generator().manual_seed(seed))
    wrong, left = (
        (flow - true)[..., 8:-8, 8:-8].norm(dim=1).mean() for flow in (rough, refined(now, before, rough, 5))
    )
    assert left < wrong / 3


def test_no_iterations_of_refinement_leave_the_flow_alone() -> None:
    now, before = shifted(20, 30, 1.0, 0.0)
    flow = torch.rand(1, 2, 20, 30)
    assert torch.equal(refined(now, before, flow, 0), flow)


def test_a_change_of_brightness_moves_no_patch() -> None:
    now = codes(texture(48, 64)[None])
    found = search_patches(now, now + 20, torch.zeros(1, 2, 48, 64), stride=4, descent=12)
    assert found.abs().max() < 1e-3


def test_where_nothing_is_to_be_seen_patches_stay_where_they_are_told() -> None:
    flat, told = torch.full((1, 1, 24, 32), 90.0), torch.full((1, 2, 24, 32), 1.5)
    assert search_patches(flat, flat, told, stride=3, descent=24) == pytest.approx(told)


def test_pictures_that_are_searched_together_do_not_see_each_other() -> None:
    frames = codes(pan(4, 40, 56, dx=2, dy=1))
    together = refined(
        frames[1:],
        frames[:-1],
        search_patches(frames[1:], frames[:-1], torch.zeros(3, 2, 40, 56), stride=3, descent=24),
        5,
    )
    for i in range(3):
        now, before = frames[i + 1 : i + 2], frames[i : i + 1]
        alone = refined(now, before, search_patches(now, before, torch.zeros(1, 2, 40, 56), stride=3, descent=24), 5)
        assert (together[i] - alone[0]).abs().max() < 1e-3


def test_slopes_are_those_of_a_ramp() -> None:
    y, x = torch.meshgrid(torch.arange(5.0), torch.arange(7.0), indexing="ij")
    along_x, along_y = slopes((3 * x - 2 * y)[None, None])
    assert torch.equal(along_x[0, 0, :, 1:-1], torch.full((5, 5), 3.0))
    assert torch.equal(along_y[0, 0, 1:-1], torch.full((3, 7), -2.0))


@pytest.mark.parametrize("preset", ["ultrafast", "fast", "balanced", "medium"])
def test_it_is_as_exact_as_opencv_s_on_layers_that_move(preset: str) -> None:
    pair, config = layers(), MotionConfig.model_validate({"preset": preset})
    ours, theirs = (accuracy(pair, estimate(pair, find)[0]) for find in (build_estimator(config), OpenCvDis(config)))
    assert ours.error < 1.07 * theirs.error
    assert ours.precision is not None
    assert ours.precision > 0.4
    assert ours.recall is not None
    assert ours.recall > 0.6


@pytest.mark.parametrize(("name", "share"), [("RubberWhale", 1.0), ("Chairs", 0.85), ("KITTI", 0.6)])
def test_it_is_more_exact_than_opencv_s_on_real_pictures(shared: Path, name: str, share: float) -> None:
    pair = real(shared, name)
    assert error(pair) < share * accuracy(pair, estimate(pair, OpenCvDis(MotionConfig()))[0]).error


@pytest.mark.parametrize("size", [(16, 16), (17, 40), (61, 83), (150, 96)])
@pytest.mark.parametrize("stride", [1, 3, 4, 8])
def test_loops_find_what_the_formula_finds(size: tuple[int, int], stride: int) -> None:
    """Where two places fit as well the last bit may decide, so one patch may differ, or a hundredth of the picture."""
    now, before = shifted(*size, 2.4, -1.3)
    told = 3 * torch.randn(1, 2, *size, generator=torch.Generator().manual_seed(stride))
    wanted = search_patches(now, before, told.clone().requires_grad_(), stride=stride, descent=12)
    found = search_patches(now, before, told, stride=stride, descent=12)
    assert ((found - wanted).norm(dim=1) > 0.01).sum() <= max(64, size[0] * size[1] / 100)


@pytest.mark.parametrize("size", [(16, 16), (17, 40), (61, 83), (150, 96)])
@pytest.mark.parametrize("iterations", [1, 5])
def test_loops_refine_as_the_formula_does(size: tuple[int, int], iterations: int) -> None:
    now, before = shifted(*size, 2.4, -1.3)
    noise = torch.randn(1, 2, *size, generator=torch.Generator().manual_seed(iterations)).clamp(-2, 2)
    rough = torch.tensor([2.4, -1.3])[None, :, None, None] + noise / 2
    wanted = refined(now, before, rough.clone().requires_grad_(), iterations)
    apart = (refined(now, before, rough, iterations) - wanted).abs()
    assert apart.mean() < 1e-4
    assert apart.max() < 0.02  # where hardly anything tells more than its neighbours


def test_what_is_found_does_not_depend_on_the_threads() -> None:
    frames = pan(2, 301, 200, dx=3, dy=2)
    find, before = build_estimator(MotionConfig(scale=1.0)), torch.get_num_threads()
    try:
        flows = list[Tensor]()
        for threads in (1, 4):
            torch.set_num_threads(threads)
            flows.append(find(frames[1:], frames[:1]).to_previous)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*flows)


def test_places_far_outside_and_nowhere_are_survived() -> None:
    now, before = shifted(40, 56, 1.0, 0.0)
    for wild in (1e9, -1e9, float("inf"), float("nan")):
        told = torch.full((1, 2, 40, 56), wild)
        assert search_patches(now, before, told, stride=3, descent=12).shape == told.shape
        assert refined(now, before, told, 3).shape == told.shape


@pytest.mark.parametrize("preset", ["ultrafast", "balanced", "medium"])
def test_a_pixel_that_is_no_number_spoils_no_flow(preset: str) -> None:
    frames = pan(2, 90, 120)
    frames[0, :, 40:43, 50:53] = float("nan")
    frames[1, :, 10, 10] = float("inf")
    flow = build_estimator(MotionConfig.model_validate({"preset": preset}))(frames[1:], frames[:1])
    assert flow.to_previous.isfinite().all()
    assert (flow.to_previous[0, 0] - 2).abs().median() < 0.1


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError])
def test_too_little_memory_is_said_with_the_way_out(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def starve(*_: object, **__: object) -> None:
        raise error("no more")

    monkeypatch.setattr("vidstyle.motion.dis.search_patches", starve)
    frames = texture(40, 40)[None]
    with pytest.raises(OutOfMemoryError, match=r"dis has too little memory at 20x20; lower motion\.scale"):
        build_estimator(MotionConfig())(frames, frames)


def test_its_answers_depend_on_its_own_version() -> None:
    assert DisFlow(MotionConfig()).identity


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_finds_what_the_cpu_finds() -> None:
    frames = pan(5, 90, 130, dx=3, dy=1)
    find = build_estimator(MotionConfig(preset="medium"))
    here, there = find(frames[1:], frames[:-1]), find(frames[1:].cuda(), frames[:-1].cuda())
    assert there.to_previous.is_cuda
    assert (here.to_previous - there.to_previous.cpu()).abs().mean() < 0.01
    assert (here.visibility - there.visibility.cpu()).abs().mean() < 0.01
