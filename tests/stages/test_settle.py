import os
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Literal

import pytest
import torch
from torch import Tensor

from tests.motion.pictures import pan, texture
from vidstyle.errors import ClipWriteError
from vidstyle.frames import FrameBatch
from vidstyle.motion import Flow, MotionConfig, build_estimator
from vidstyle.stages.batches import StyledBatch
from vidstyle.stages.blend import BlendConfig, blend
from vidstyle.stages.motion import estimate_motion
from vidstyle.stages.settle import settle
from vidstyle.stages.spool import Spool

SHOT = torch.cat((pan(6, 48, 64), pan(5, 48, 64, seed=8)))
MOTION = MotionConfig(scale=1.0)
TWO = BlendConfig(passes=2, floor=0)


def flickering(images: Tensor) -> Tensor:
    noise = torch.rand(images.shape, generator=torch.Generator().manual_seed(3)) - 0.5
    return (0.2 + 0.6 * images.flip(1) + 0.15 * noise).half().float()


def styled(images: Tensor, size: int = 4, hold: int = 1) -> Iterator[StyledBatch]:
    starts = range(0, len(images), size)
    frames = [
        FrameBatch(images[s : s + size], tuple(range(s, min(s + size, len(images)))), Fraction(1, 25)) for s in starts
    ]
    pictures = flickering(images)
    for moving, start in zip(estimate_motion(frames, MOTION, hold=hold), starts, strict=True):
        drawn = [start + index for index, drawn in enumerate(moving.drawn) if drawn]
        yield StyledBatch(moving, pictures[drawn])


def settled(batches: Iterator[StyledBatch], config: BlendConfig = TWO) -> list[StyledBatch]:
    with Spool() as spool:
        return list(settle(batches, config, build_estimator(MOTION), spool))


def pictures(batches: list[StyledBatch]) -> Tensor:
    return torch.cat([batch.images for batch in batches])


def test_everything_but_the_drawings_comes_back_as_it_went_in() -> None:
    for before, after in zip(styled(SHOT), settled(styled(SHOT)), strict=True):
        assert torch.equal(after.moving.frames.images, before.moving.frames.images)
        assert (after.moving.frames.pts, after.moving.frames.time_base) == (
            before.moving.frames.pts,
            before.moving.frames.time_base,
        )
        assert torch.equal(after.moving.flow.to_previous, before.moving.flow.to_previous)
        assert torch.equal(after.moving.flow.visibility, before.moving.flow.visibility)
        assert after.moving.restarts == before.moving.restarts


@pytest.mark.parametrize("size", [1, 3, 6, 100])
def test_batch_size_changes_nothing(size: int) -> None:
    assert torch.equal(pictures(settled(styled(SHOT, size))), pictures(settled(styled(SHOT))))


def test_the_last_frame_of_each_shot_is_the_generators_and_earlier_ones_are_not() -> None:
    made, alone = pictures(settled(styled(SHOT))), flickering(SHOT)
    for last in (5, 10):
        assert torch.allclose(made[last], alone[last], atol=1e-3)
        assert not torch.allclose(made[last - 1], alone[last - 1], atol=0.02)


def test_a_shot_knows_nothing_of_the_next() -> None:
    together, alone = pictures(settled(styled(SHOT)))[:6], pictures(settled(styled(SHOT[:6])))
    assert torch.equal(together, alone)


def test_flicker_after_two_passes_is_less_than_after_one() -> None:
    def flicker(clip: Tensor) -> float:
        return float((clip[1:, :, 8:-8, 8:-12] - clip[:-1, :, 8:-8, 10:-10]).square().mean())

    shot = SHOT[:6]
    one = torch.cat([batch.images for batch in blend(styled(shot), BlendConfig(floor=0))])
    two = torch.cat([batch.images for batch in blend(settled(styled(shot)), TWO)])
    assert flicker(two) < 0.7 * flicker(one)


def test_held_frames_and_flashes_are_left_alone() -> None:
    bright = SHOT[:6].clone()
    bright[3] = 1.0
    made, alone = pictures(settled(styled(bright))), flickering(bright)
    assert torch.equal(made[3], alone[3])
    held = settled(styled(SHOT[:6], hold=2))
    assert [len(batch.images) for batch in held] == [2, 1]


def test_shots_are_passed_on_when_their_end_is_known() -> None:
    taken = []

    def source() -> Iterator[StyledBatch]:
        for batch in styled(SHOT, size=1):
            taken.append(batch.moving.frames.pts[0])
            yield batch

    told = []
    with Spool() as spool:
        stream = settle(source(), TWO, build_estimator(MOTION), spool, on_frames=told.append)
        next(stream)
        assert taken == [0, 1, 2, 3, 4, 5, 6]
        assert len(list(stream)) == 10
    assert sum(told) == 11


def test_the_estimator_is_asked_by_number_for_motion_backwards_in_time() -> None:
    class Asked:
        reads: Literal["luma", "rgb"] = "rgb"

        def __init__(self) -> None:
            self.numbers: list[tuple[int, int]] = []

        def __call__(self, current: Tensor, previous: Tensor, numbers: Sequence[tuple[int, int]] | None = None) -> Flow:
            self.numbers += numbers or []
            assert torch.equal(previous[0], SHOT[(numbers or [])[0][1] - 40])
            return Flow.unknown(1, 48, 64)

    asked = Asked()
    with Spool() as spool:
        list(settle(styled(SHOT), TWO, asked, spool, first=40))
    assert asked.numbers == [(44, 45), (43, 44), (42, 43), (41, 42), (40, 41), (49, 50), (48, 49), (47, 48), (46, 47)]


def test_no_frames_give_no_batches() -> None:
    assert settled(iter(())) == []


def test_nothing_of_it_has_a_name(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        next(settle(styled(SHOT), TWO, build_estimator(MOTION), spool))
        assert not any(tmp_path.iterdir())


def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClipWriteError, match="can't hold the shot"), Spool(tmp_path / "absent"):
        pass


def test_a_full_disk_is_named() -> None:
    with Path("/dev/full").open("r+b", buffering=0) as full, Spool() as spool:
        assert spool._file is not None
        spool._file.close()
        spool._file = full
        with pytest.raises(ClipWriteError, match=r"No space left.*blend\.passes=1"):
            list(settle(styled(SHOT), TWO, build_estimator(MOTION), spool))


def test_a_spooled_batch_comes_back() -> None:
    (batch,) = styled(texture(20, 24)[None], size=1)
    with Spool() as spool:
        spool.put(0, batch)
        back = spool.take(0)
        assert torch.equal(back.images, batch.images)
        with pytest.raises(KeyError):
            spool.get(0)


def test_room_on_disk_is_used_again() -> None:
    first, *_, last = styled(SHOT[:8], size=2)
    with Spool() as spool:
        for number in range(20):
            spool.put(number, first)
            spool.put(number, last)
            assert torch.equal(spool.take(number).images, last.images)
        assert os.fstat(spool._open.fileno()).st_size < 300_000 + 64 * 48 * 2 * 40 * 2
