from collections.abc import Iterator
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.motion.pictures import pan, passing_square, square_left, texture
from vidstyle.frames import FrameBatch
from vidstyle.motion import Flow, MotionConfig
from vidstyle.stages.batches import MovingBatch, StyledBatch
from vidstyle.stages.blend import BlendConfig, BlendState, blend, blend_step
from vidstyle.stages.motion import estimate_motion


def flickering(images: Tensor, amount: float = 0.15) -> Tensor:
    """A stand-in for a generator: another look whose texture is new in every frame."""
    noise = torch.rand(images.shape, generator=torch.Generator().manual_seed(3)) - 0.5
    return 0.2 + 0.6 * images.flip(1) + amount * noise


def styled(images: Tensor, size: int = 100, generated: Tensor | None = None) -> Iterator[StyledBatch]:
    generated = flickering(images) if generated is None else generated
    starts = range(0, len(images), size)
    frames = [
        FrameBatch(images[s : s + size], tuple(range(s, min(s + size, len(images)))), Fraction(1, 25)) for s in starts
    ]
    for moving, start in zip(estimate_motion(frames, MotionConfig(scale=1.0)), starts, strict=True):
        yield StyledBatch(moving, generated[start : start + size])


def blended(images: Tensor, config: BlendConfig | None = None, size: int = 100) -> Tensor:
    return torch.cat([batch.images for batch in blend(styled(images, size), config)])


def visible(height: int, width: int, dx: float = 0, dy: float = 0) -> Flow:
    flow = torch.tensor([float(dx), float(dy)])[None, :, None, None].expand(1, 2, height, width).contiguous()
    return Flow(flow, torch.ones(1, 1, height, width))


@pytest.fixture(scope="module")
def shot() -> Tensor:
    return pan(6, 48, 64)


def test_strength_0_is_the_source_exactly(shot: Tensor) -> None:
    assert torch.equal(blended(shot, BlendConfig(strength=0)), shot)


def test_stability_0_is_the_generator_alone(shot: Tensor) -> None:
    assert torch.equal(blended(shot, BlendConfig(stability=0)), flickering(shot))


@settings(max_examples=10)
@given(strength=st.floats(0.01, 0.99))
def test_strength_mixes_the_source_and_the_style(strength: float) -> None:
    images = torch.stack([texture(20, 24), texture(20, 24, seed=1)])
    expected = images + strength * (flickering(images) - images)
    assert torch.allclose(blended(images, BlendConfig(stability=0, strength=strength)), expected, atol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_batch_size_changes_nothing(shot: Tensor, size: int) -> None:
    assert torch.equal(blended(shot, size=size), blended(shot))


def test_a_cut_forgets_everything(shot: Tensor) -> None:
    other = pan(3, 48, 64, seed=8)
    images = torch.cat((shot, other))
    generated = flickering(images)
    both = torch.cat([batch.images for batch in blend(styled(images, generated=generated))])
    alone = torch.cat([batch.images for batch in blend(styled(other, generated=generated[6:]))])
    assert torch.equal(both[6:], alone)


def test_the_first_frame_is_the_generators(shot: Tensor) -> None:
    assert torch.equal(blended(shot)[0], flickering(shot)[0])


def test_flicker_on_a_pan_becomes_much_less(shot: Tensor) -> None:
    def flicker(clip: Tensor) -> float:
        return float((clip[3:, :, 8:-8, 8:-12] - clip[2:-1, :, 8:-8, 10:-10]).square().mean())

    assert flicker(blended(shot)) < flicker(flickering(shot)) / 4


def test_the_past_is_mixed_in_as_the_formula_says() -> None:
    source, old, new = texture(24, 24)[None], texture(24, 24, seed=1)[None], texture(24, 24, seed=2)[None]
    config = BlendConfig(tolerance=1.0, stability=0.4, detail=1, floor=0)
    state = blend_step(BlendState.first(source, old), source, new, visible(24, 24), config)
    assert torch.allclose(state.output, 0.6 * new + 0.4 * old, atol=1e-5)
    assert torch.allclose(state.weight, torch.tensor(0.4))


def test_nothing_is_changed_in_place() -> None:
    source, old, new = texture(24, 24)[None], texture(24, 24, seed=1)[None], texture(24, 24, seed=2)[None]
    given_before = [tensor.clone() for tensor in (source, old, new)]
    blend_step(BlendState.first(source, old), source, new, visible(24, 24, 1), BlendConfig())
    assert all(torch.equal(now, before) for now, before in zip((source, old, new), given_before, strict=True))


def test_what_is_not_visible_is_the_generators() -> None:
    source, old, new = texture(24, 24)[None], texture(24, 24, seed=1)[None], texture(24, 24, seed=2)[None]
    state = blend_step(BlendState.first(source, old), source, new, Flow.unknown(1, 24, 24), BlendConfig())
    assert torch.allclose(state.output, new, atol=1e-6)


def test_no_ghost_stays_behind_a_passing_square() -> None:
    images = passing_square(8, 72, 160, step=8)
    generated = images.flip(1)
    result = torch.cat([batch.images for batch in blend(styled(images, generated=generated))])
    left = square_left(7, 8)
    trail = result[7, :, 24:48, left - 32 : left] - generated[7, :, 24:48, left - 32 : left]
    assert trail.abs().mean() < 0.02
    assert trail.abs().max() < 0.25


@pytest.mark.parametrize("detail", [1.0, 2.0, 4.0])
def test_a_long_still_shot_neither_drifts_nor_darkens(detail: float) -> None:
    generator = torch.Generator().manual_seed(0)
    still, look = texture(40, 56)[None], texture(40, 56, seed=4, grain=3)[None]
    config, state = BlendConfig(detail=detail), None
    for _ in range(500):
        source = still + 0.01 * torch.randn(still.shape, generator=generator)
        paint = look + 0.05 * torch.randn(look.shape, generator=generator)
        flow = Flow(0.05 * torch.randn(1, 2, 40, 56, generator=generator), torch.ones(1, 1, 40, 56))
        state = blend_step(state, source, paint, flow, config)
    assert state is not None
    assert (state.output - look).mean(dim=(0, 2, 3)).abs().max() < 0.5 / 255
    assert state.output.amax() < look.amax() + 0.3


def test_timestamps_pass_through(shot: Tensor) -> None:
    batches = list(blend(styled(shot, size=4)))
    assert [batch.pts for batch in batches] == [(0, 1, 2, 3), (4, 5)]
    assert batches[0].time_base == Fraction(1, 25)


def test_it_is_lazy_and_no_frames_give_no_batches(shot: Tensor) -> None:
    taken = []

    def source() -> Iterator[StyledBatch]:
        for batch in styled(shot, size=1):
            taken.append(len(batch))
            yield batch

    stream = blend(source())
    assert taken == []
    next(stream)
    assert taken == [1]
    assert list(blend([])) == []


def test_an_error_from_before_comes_through(shot: Tensor) -> None:
    def source() -> Iterator[StyledBatch]:
        yield next(styled(shot, size=2))
        raise OSError("gone")

    stream = blend(source())
    next(stream)
    with pytest.raises(OSError, match="gone"):
        next(stream)


def test_a_restart_within_a_batch_is_honoured(shot: Tensor) -> None:
    frames = FrameBatch(shot[:3], (0, 1, 2), Fraction(1, 25))
    sure = Flow(torch.zeros(3, 2, 48, 64), torch.ones(3, 1, 48, 64))
    generated = flickering(shot[:3])
    result = next(blend([StyledBatch(MovingBatch(frames, sure, (True, False, True)), generated)]))
    assert torch.equal(result.images[2], generated[2])
    assert not torch.equal(result.images[1], generated[1])


@pytest.mark.parametrize(("tolerance", "residue"), [(1.0, True), (0.05, False)])
def test_a_contour_drawn_around_a_passing_object_does_not_stay_behind(tolerance: float, residue: bool):
    state, config = None, BlendConfig(tolerance=tolerance)
    for n in range(8):
        left = 4 + 4 * n
        source, styled = torch.full((1, 3, 32, 64), 0.5), torch.full((1, 3, 32, 64), 0.5)
        styled[..., 10:22, left - 2 : left + 10] = 0.1  # the style's contour, two pixels wide, outside the object
        for picture in (source, styled):
            picture[..., 12:20, left : left + 8] = 0.9
        motion = torch.zeros(1, 2, 32, 64)
        motion[:, 0, 12:20, left : left + 8] = -4
        state = blend_step(state, source, styled, Flow(motion, torch.ones(1, 1, 32, 64)), config)
    behind = state.output[..., 10:22, : left - 8]
    assert bool(((behind - 0.5).abs() > 0.06).any()) == residue
