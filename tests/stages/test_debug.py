from fractions import Fraction

import pytest
import torch
from torch import Tensor

from tests.motion.pictures import pan
from vidstyle.frames import FrameBatch
from vidstyle.motion import MotionConfig
from vidstyle.stages.batches import BlendedBatch, StyledBatch
from vidstyle.stages.blend import BlendConfig, blend
from vidstyle.stages.debug import DebugView
from vidstyle.stages.motion import estimate_motion


def watched(images: Tensor, *, size: int = 100, hold: int = 1, strength: float = 1.0) -> list[BlendedBatch]:
    starts = range(0, len(images), size)
    frames = [
        FrameBatch(images[s : s + size], tuple(range(s, min(s + size, len(images)))), Fraction(1, 25)) for s in starts
    ]
    seen: list[BlendedBatch] = []
    moving = estimate_motion(frames, MotionConfig(scale=1.0), hold=hold)
    styled = (StyledBatch(each, 1 - each.frames.images[list(each.drawn)]) for each in moving)
    list(blend(styled, BlendConfig(strength=strength, floor=0), watch=seen.append))
    return seen


def panels(mosaic: Tensor) -> list[Tensor]:
    height, width = mosaic.shape[1] // 2, mosaic.shape[2] // 3
    return [
        mosaic[:, y : y + height, x : x + width] for y in (0, height) for x in (0, width, 2 * width)
    ]  # source, generator, result, flow, visibility, share of the past


def drawn(images: Tensor, **settings: int) -> list[Tensor]:
    view = DebugView(*images.shape[-2:])
    return [mosaic for batch in watched(images, **settings) for mosaic in view.draw(batch).images]


@pytest.fixture(scope="module")
def mosaics() -> list[Tensor]:
    return drawn(torch.cat((pan(4, 96, 128, dx=2), pan(2, 96, 128, seed=7))))


def middle(panel: Tensor) -> Tensor:
    return panel[:, 30:60, 40:80]


def test_the_first_panels_are_source_and_generator(mosaics: list[Tensor]) -> None:
    source = pan(4, 96, 128, dx=2)[2]
    tiles = panels(mosaics[2])
    assert torch.allclose(middle(tiles[0]), middle(source), atol=1.5 / 255)
    assert torch.allclose(middle(tiles[1]), 1 - middle(source), atol=1.5 / 255)


def test_a_pan_to_the_right_shows_things_that_go_left(mosaics: list[Tensor]) -> None:
    red, green, blue = middle(panels(mosaics[2])[3]).mean(dim=(1, 2))
    assert red < green - 0.2
    assert red < blue - 0.2


def test_trust_is_bright_within_a_shot_and_black_at_a_cut(mosaics: list[Tensor]) -> None:
    for panel in (4, 5):
        assert middle(panels(mosaics[2])[panel]).mean() > 0.8
        assert middle(panels(mosaics[4])[panel]).max() == 0
    assert middle(panels(mosaics[4])[3]).min() == 1


def test_cuts_and_holds_are_labelled(mosaics: list[Tensor]) -> None:
    def red_border(mosaic: Tensor) -> bool:
        return bool((mosaic[0, 0, :100] > 0.9).all() and (mosaic[1, 0, :100] < 0.5).all())

    assert [red_border(mosaic) for mosaic in mosaics] == [True, False, False, False, True, False]
    held = drawn(pan(4, 96, 128), hold=2)
    assert held[1][2, 0, :100].min() > 0.9
    assert not torch.equal(held[1], held[0])


@pytest.mark.parametrize("size", [1, 2, 4])
def test_batch_size_changes_nothing(mosaics: list[Tensor], size: int) -> None:
    images = torch.cat((pan(4, 96, 128, dx=2), pan(2, 96, 128, seed=7)))
    assert torch.equal(torch.stack(drawn(images, size=size)), torch.stack(mosaics))


def test_times_pass_through_and_sides_are_even() -> None:
    batch = watched(pan(2, 31, 45))[0]
    view = DebugView(31, 45)
    made = view.draw(batch)
    assert (made.pts, made.time_base) == ((0, 1), Fraction(1, 25))
    assert tuple(made.images.shape) == (2, 3, *view.size)
    assert all(side % 2 == 0 for side in view.size)


def test_wide_frames_are_reduced() -> None:
    assert DebugView(1080, 1920).size == (720, 1920)


def test_the_blend_is_watched_at_strength_0_too_and_the_source_stays() -> None:
    images = pan(3, 48, 64)
    (batch,) = watched(images, strength=0.0)
    assert torch.equal(batch.images, images)
    assert batch.weight[1:].mean() > 0.5
    assert batch.weight[0].max() == 0


def test_a_held_frame_repeats_picture_and_weight() -> None:
    (batch,) = watched(pan(6, 48, 64), hold=2)
    for kept in (batch.images, batch.weight):
        assert torch.equal(kept[1::2], kept[::2])
        assert not torch.equal(kept[2], kept[0])
