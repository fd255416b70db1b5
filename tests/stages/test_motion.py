from collections.abc import Iterator, Sequence
from fractions import Fraction

import pytest
import torch
from torch import Tensor

from tests.motion.pictures import pan, texture
from vidstyle.errors import ClipReadError, PluginError
from vidstyle.frames import FrameBatch
from vidstyle.motion import Flow, MotionConfig
from vidstyle.stages.batches import MovingBatch, StyledBatch
from vidstyle.stages.motion import estimate_motion, without_motion

SMALL = MotionConfig(scale=1.0)


def batches(images: Tensor, size: int) -> Iterator[FrameBatch]:
    for start in range(0, len(images), size):
        part = images[start : start + size]
        yield FrameBatch(part, tuple(7 * (start + i) for i in range(len(part))), Fraction(1, 90000))


def restarts(images: Tensor, size: int = 3) -> list[bool]:
    return [restart for batch in estimate_motion(batches(images, size), SMALL) for restart in batch.restarts]


@pytest.fixture(scope="module")
def two_shots() -> Tensor:
    return torch.cat((pan(4, 60, 80), pan(5, 60, 80, dx=0, dy=2, seed=5)))


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_batch_size_changes_nothing(two_shots: Tensor, size: int) -> None:
    whole = next(estimate_motion(batches(two_shots, 100), SMALL))
    parts = list(estimate_motion(batches(two_shots, size), SMALL))
    assert torch.equal(torch.cat([part.flow.to_previous for part in parts]), whole.flow.to_previous)
    assert torch.equal(torch.cat([part.flow.visibility for part in parts]), whole.flow.visibility)
    assert sum((part.restarts for part in parts), ()) == whole.restarts


def test_it_restarts_at_the_first_frame_and_at_the_cut_and_there_nothing_is_visible(two_shots: Tensor) -> None:
    moving = next(estimate_motion(batches(two_shots, 100), SMALL))
    assert [number for number, restart in enumerate(moving.restarts) if restart] == [0, 4]
    assert moving.flow.visibility[[0, 4]].sum() == 0
    assert moving.flow.to_previous[[0, 4]].abs().sum() == 0
    assert moving.flow.visibility[[1, 5]].mean() > 0.8


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_flash_of_one_frame_is_no_restart(size: int, level: float) -> None:
    images = pan(6, 60, 80)
    images[3] = level
    assert restarts(images, size) == [True] + [False] * 5


def test_a_new_shot_after_a_flash_is_a_restart() -> None:
    images = torch.cat((pan(3, 60, 80), torch.ones(1, 3, 60, 80), pan(3, 60, 80, seed=9)))
    assert restarts(images)[4:] == [True, False, False]


def test_a_fade_to_black_has_no_cut() -> None:
    levels = torch.linspace(1, 0, 12)[:, None, None, None]
    assert sum(restarts(texture(60, 80)[None] * levels)) == 1


def test_timestamps_and_frames_pass_through(two_shots: Tensor) -> None:
    given = list(batches(two_shots, 2))
    assert [moving.frames for moving in estimate_motion(given, SMALL)] == given


def test_it_is_lazy(two_shots: Tensor) -> None:
    taken = []

    def source() -> Iterator[FrameBatch]:
        for batch in batches(two_shots[:4], 1):
            taken.append(batch.pts[0])
            yield batch

    stream = estimate_motion(source(), SMALL)
    assert taken == []
    next(stream)
    next(stream)
    assert taken == [0, 7]


def test_no_frames_give_no_batches() -> None:
    assert list(estimate_motion([], SMALL)) == []


def test_an_error_from_the_reader_comes_through(tmp_path, two_shots: Tensor) -> None:
    def source() -> Iterator[FrameBatch]:
        yield from batches(two_shots[:2], 2)
        raise ClipReadError("damaged", path=tmp_path)

    stream = estimate_motion(source(), SMALL)
    next(stream)
    with pytest.raises(ClipReadError):
        next(stream)


def test_an_unknown_estimator_is_refused_before_the_first_frame() -> None:
    with pytest.raises(PluginError):
        next(estimate_motion(batches(torch.zeros(1, 3, 20, 20), 1), MotionConfig(estimator="raft9")))


def test_without_motion_every_frame_stands_alone(two_shots: Tensor) -> None:
    moving = next(without_motion(batches(two_shots, 4)))
    assert all(moving.restarts)
    assert moving.flow.visibility.sum() == 0


def test_batches_check_that_their_parts_belong_together() -> None:
    frames = next(batches(torch.zeros(2, 3, 8, 9), 2))
    with pytest.raises((ValueError, TypeError)):
        MovingBatch(frames, Flow.unknown(2, 8, 8), (True, True))
    with pytest.raises((ValueError, TypeError)):
        MovingBatch(frames, Flow.unknown(2, 8, 9), (True,))
    moving = MovingBatch(frames, Flow.unknown(2, 8, 9), (True, True))
    with pytest.raises((ValueError, TypeError)):
        StyledBatch(moving, torch.zeros(2, 3, 8, 8))
    assert len(StyledBatch(moving, torch.zeros(2, 3, 8, 9))) == len(moving) == 2


@pytest.mark.parametrize("size", [1, 3, 100])
def test_the_estimator_is_told_which_frames_of_the_clip_it_looks_at(
    two_shots: Tensor, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int]] = []

    class Listener:
        reads = "luma"

        def __call__(self, current: Tensor, previous: Tensor, numbers: Sequence[tuple[int, int]] | None = None) -> Flow:
            told.extend(numbers or ())
            return Flow.unknown(len(current), *current.shape[-2:])

    monkeypatch.setattr("vidstyle.stages.motion.build_estimator", lambda config: Listener())
    list(estimate_motion(batches(two_shots, size), SMALL, first=100))
    assert told == [(n, n - 1) for n in (101, 102, 103, 105, 106, 107, 108)]  # 100 is the first frame, 104 the cut
    told.clear()
    list(estimate_motion(batches(two_shots, size), SMALL, first=100, hold=2))
    assert told == [(102, 100), (106, 104), (108, 106)]


def test_a_flash_has_no_motion_and_the_frame_after_it_is_measured_against_the_one_before() -> None:
    images = pan(6, 60, 80, dx=2)
    images[3] = 1.0
    moving = next(estimate_motion(batches(images, 100), SMALL))
    assert moving.flashes == (False, False, False, True, False, False)
    assert moving.flow.visibility[3].sum() == 0
    assert moving.flow.to_previous[4, 0].median() == pytest.approx(4, abs=0.3)
    assert moving.flow.to_previous[5, 0].median() == pytest.approx(2, abs=0.3)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_motion_joins_drawing_to_drawing(size: int) -> None:
    images = pan(7, 60, 80, dx=2)
    parts = list(estimate_motion(batches(images, size), SMALL, hold=3))
    assert sum((part.drawn for part in parts), ()) == (True, False, False) * 2 + (True,)
    flow = torch.cat([part.flow.to_previous for part in parts])
    assert flow[[1, 2, 4, 5]].abs().sum() == 0
    assert [float(flow[n, 0].median()) for n in (3, 6)] == pytest.approx([6, 6], abs=0.4)


def test_with_holds_cuts_are_found_although_nobody_looks_back(two_shots: Tensor) -> None:
    moving = next(without_motion(batches(two_shots, 100), hold=3))
    assert moving.drawn == (True, False, False, True, True, False, False, True, False)
    assert moving.restarts == (True, False, False, False, True, False, False, False, False)


def test_a_shot_does_not_begin_with_a_held_frame() -> None:
    frames = next(batches(torch.zeros(2, 3, 8, 9), 2))
    with pytest.raises(ValueError, match="held"):
        MovingBatch(frames, Flow.unknown(2, 8, 9), (True, True), drawn=(True, False))
