from collections.abc import Iterator
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tests.motion.pictures import pan, texture
from vidstyle.frames import FrameBatch
from vidstyle.motion import CutConfig, MotionConfig
from vidstyle.stages.batches import StyledBatch
from vidstyle.stages.blend import BlendConfig, blend
from vidstyle.stages.marks import MarkedBatch, mark_frames
from vidstyle.stages.motion import estimate_motion

NOWHERE = CutConfig(detect=False)


def batches(images: Tensor, size: int) -> Iterator[FrameBatch]:
    for start in range(0, len(images), size):
        part = images[start : start + size]
        yield FrameBatch(part, tuple(start + i for i in range(len(part))), Fraction(1, 25))


def marked(images: Tensor, config: CutConfig | None = None, size: int = 3, **settings: int) -> list[MarkedBatch]:
    return list(mark_frames(batches(images, size), config, **settings))


def numbers(parts: list[MarkedBatch], name: str) -> list[int]:
    flags = [flag for part in parts for flag in getattr(part, name)]
    return [number for number, flag in enumerate(flags) if flag]


def faded(frames: Tensor, start: float, stop: float) -> Tensor:
    return frames * torch.linspace(start, stop, len(frames))[:, None, None, None]


@pytest.mark.parametrize("size", [1, 3, 20])
@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_flash_is_marked_and_is_no_restart(size: int, length: int, level: float) -> None:
    images = pan(9, 60, 80)
    images[3 : 3 + length] = level
    parts = marked(images, size=size)
    assert numbers(parts, "flashes") == list(range(3, 3 + length))
    assert numbers(parts, "restarts") == [0]


@pytest.mark.parametrize("gain", [1.6, 2.5])
def test_light_that_goes_up_and_down_again_is_a_flash(gain: float) -> None:
    images = 0.6 * pan(8, 60, 80)
    images[4] *= gain
    parts = marked(images)
    assert (numbers(parts, "restarts"), numbers(parts, "flashes")) == ([0], [4])


def test_light_that_stays_on_is_nothing() -> None:
    images = 0.5 * pan(10, 60, 80)
    images[4:] *= 1.7
    parts = marked(images)
    assert (numbers(parts, "restarts"), numbers(parts, "flashes")) == ([0], [])


def test_what_is_away_for_longer_than_a_flash_has_been_a_shot() -> None:
    images = pan(12, 60, 80)
    images[4:8] = pan(4, 60, 80, seed=9)
    parts = marked(images)
    assert (numbers(parts, "restarts"), numbers(parts, "flashes")) == ([0, 4, 8], [])


def test_lightning_that_strikes_twice_is_two_flashes() -> None:
    images = pan(9, 60, 80)
    images[[2, 4, 5]] = 1.0
    parts = marked(images)
    assert (numbers(parts, "restarts"), numbers(parts, "flashes")) == ([0], [2, 4, 5])


def test_a_flash_at_the_end_is_a_cut_for_nothing_comes_back() -> None:
    images = pan(6, 60, 80)
    images[4:] = 1.0
    parts = marked(images)
    assert (numbers(parts, "restarts"), numbers(parts, "flashes")) == ([0, 4], [])


@pytest.mark.parametrize("black", [1, 2, 6])
def test_another_scene_that_fades_in_from_black_is_one_restart(black: int) -> None:
    scene = texture(60, 80)[None].repeat(12, 1, 1, 1)
    other = texture(60, 80, seed=7)[None].repeat(12, 1, 1, 1)
    images = torch.cat((scene[:4], faded(scene, 1, 0), torch.zeros(black, 3, 60, 80), faded(other, 0, 1), other[:4]))
    begins = numbers(marked(images), "restarts")
    assert begins[0] == 0
    assert len(begins) == 2
    assert 16 + black <= begins[1] <= 16 + black + 2


def test_a_fade_in_at_the_beginning_is_no_cut() -> None:
    scene = texture(60, 80)[None].repeat(12, 1, 1, 1)
    assert numbers(marked(torch.cat((torch.zeros(3, 3, 60, 80), faded(scene, 0, 1)))), "restarts") == [0]


@pytest.mark.parametrize("length", [1, 3, 8])
def test_the_end_of_a_dissolve_is_a_restart(length: int) -> None:
    one, other = texture(60, 80), texture(60, 80, seed=7)
    shares = [0.0] * 8 + [(n + 1) / (length + 1) for n in range(length)] + [1.0] * 8
    images = torch.stack([(1 - share) * one + share * other for share in shares])
    begins = numbers(marked(images), "restarts")
    assert len(begins) == 2
    assert 8 <= begins[1] <= 8 + length + 1


def test_given_cuts_count_in_the_clip_and_those_outside_are_ignored() -> None:
    config = CutConfig(at=(2, 12, 15, 40), detect=False)
    assert numbers(marked(pan(8, 40, 60), config, first=10), "restarts") == [0, 2, 5]


def test_a_given_cut_is_believed_although_nothing_is_to_be_seen() -> None:
    assert numbers(marked(pan(6, 40, 60), CutConfig(at=(3,))), "restarts") == [0, 3]


def test_without_detection_nothing_is_found() -> None:
    images = torch.cat((pan(3, 60, 80), torch.ones(1, 3, 60, 80), pan(3, 60, 80, seed=9)))
    parts = marked(images, NOWHERE)
    assert (numbers(parts, "restarts"), numbers(parts, "flashes")) == ([0], [])


@given(hold=st.integers(1, 5), size=st.integers(1, 4), cut=st.integers(0, 9))
def test_one_frame_of_n_is_drawn_and_a_cut_begins_anew(hold: int, size: int, cut: int) -> None:
    config = CutConfig(at=(cut,), detect=False)
    drawn = numbers(marked(torch.zeros(10, 3, 8, 8), config, size, hold=hold), "drawn")
    assert drawn == sorted({*range(0, cut, hold), *range(cut, 10, hold)})


def test_only_as_much_is_read_ahead_as_a_flash_is_long() -> None:
    taken = []

    def source() -> Iterator[FrameBatch]:
        for batch in batches(torch.rand(9, 3, 60, 80, generator=torch.Generator().manual_seed(1)), 1):
            taken.append(batch.pts[0])
            yield batch

    stream = mark_frames(source())
    next(stream)
    assert len(taken) == 1
    next(stream)
    assert len(taken) == 2 + 3


def blended(images: Tensor, generated: Tensor) -> Tensor:
    (moving,) = estimate_motion(batches(images, len(images)), MotionConfig(scale=1.0))
    (result,) = blend([StyledBatch(moving, generated)], BlendConfig(stability=0.9))
    return result.images


def flickering(images: Tensor) -> Tensor:
    return images + 0.2 * torch.stack([texture(60, 80, seed=20 + n, grain=12) - 0.5 for n in range(len(images))])


@pytest.mark.parametrize("length", [1, 3])
def test_a_flash_is_shown_as_it_is_and_leaves_no_trace(length: int) -> None:
    images = 0.6 * texture(60, 80)[None].repeat(12, 1, 1, 1)
    lit, at = images.clone(), slice(6, 6 + length)
    lit[at] = (lit[at] * 2.2).clamp(max=1)
    generated = flickering(images)
    calm = blended(images, generated)
    generated[at] += lit[at] - images[at]
    result = blended(lit, generated)
    assert torch.equal(result[at], generated[at])
    assert torch.equal(result[:6], calm[:6])
    # The frame after it is calm at once, as if nothing had been: without the past it would be as the generator left it.
    step, alone = ((each[6 + length] - each[5]).square().mean() for each in (result, generated))
    assert step < 0.2 * alone


def test_nothing_of_the_old_scene_shines_through_the_one_that_fades_in() -> None:
    scene = texture(60, 80)[None].repeat(10, 1, 1, 1)
    other = texture(60, 80, seed=7)[None].repeat(10, 1, 1, 1)
    images = torch.cat((scene[:4], faded(scene, 1, 0), torch.zeros(2, 3, 60, 80), faded(other, 0, 1), other[:4]))
    result = blended(images, images)
    alone = blended(images[17:], images[17:])
    assert torch.equal(result[17:], alone)
