from fractions import Fraction

import pytest
import torch
from torch import Tensor

from tests.motion.pictures import pan
from tests.stages.test_blend import flickering, styled
from vidstyle.frames import FrameBatch
from vidstyle.motion import MotionConfig
from vidstyle.stages.batches import StyledBatch
from vidstyle.stages.blend import BlendConfig, Memory, blend
from vidstyle.stages.mix import Mix
from vidstyle.stages.motion import estimate_motion

CLIP = pan(8, 48, 64)


def blended(config: BlendConfig, size: int = 100, **how: object) -> Tensor:
    mix = Mix(config, **how)  # type: ignore[arg-type]
    return torch.cat([batch.images for batch in blend(styled(CLIP, size), config, mix=mix)])


def test_where_the_strength_is_0_the_frame_comes_back_bit_for_bit() -> None:
    made = blended(BlendConfig(strength="0@3,1@5"))
    assert torch.equal(made[:4], CLIP[:4])
    assert not torch.equal(made[4], CLIP[4])


@pytest.mark.parametrize("size", [1, 3])
def test_a_curve_mixes_what_full_strength_gives_whatever_the_batch_size(size: int) -> None:
    full, config = blended(BlendConfig()), BlendConfig(strength="0@0,1@4")
    made = blended(config, size)
    for n, share in enumerate((0, 0.25, 0.5, 0.75, 1, 1, 1, 1)):
        assert torch.equal(made[n], torch.lerp(CLIP[n], full[n], share))


def test_a_curve_in_seconds_goes_by_the_frames_own_times() -> None:
    full = blended(BlendConfig())
    made = blended(BlendConfig(strength="0@0s,1@0.16s"), origin=Fraction(-1, 25))
    assert torch.equal(made[1], torch.lerp(CLIP[1], full[1], 0.5))


def test_a_span_counts_on_from_its_first_frame() -> None:
    made = blended(BlendConfig(strength="0@102,1@103"), first=100)
    assert torch.equal(made[:3], CLIP[:3])
    assert torch.equal(made[3], blended(BlendConfig())[3])


def held(config: BlendConfig, masks: Tensor | None = None, size: int = 100) -> Tensor:
    frames = [
        FrameBatch(CLIP[s : s + size], tuple(range(s, min(s + size, len(CLIP)))), Fraction(1, 25))
        for s in range(0, len(CLIP), size)
    ]
    pictures = flickering(CLIP)

    def drawn() -> object:
        start = 0
        for moving in estimate_motion(frames, MotionConfig(scale=1.0), hold=2):
            images = pictures[start : start + len(moving)][torch.tensor(moving.drawn)]
            start += len(moving)
            yield StyledBatch(moving, images)

    mix = Mix(config, masks=iter(masks) if masks is not None else None)
    return torch.cat([b.images for b in blend(drawn(), config, memory=Memory(), mix=mix)])  # type: ignore[arg-type]


def test_a_held_picture_repeats_wholly_at_half_strength() -> None:
    made = held(BlendConfig(strength=0.5), size=3)
    assert torch.equal(made[1], made[0])
    assert torch.equal(made[3], made[2])
    assert not torch.equal(made[2], made[1])


def test_where_strength_or_mask_is_0_a_held_frame_is_its_own_source() -> None:
    assert torch.equal(held(BlendConfig(strength="0@1,1@9"))[1], CLIP[1])
    mask = torch.ones(8, 1, 48, 64)
    mask[..., :30] = 0
    made, full = held(BlendConfig(), mask), held(BlendConfig())
    assert torch.equal(made[..., :30], CLIP[..., :30])
    assert torch.equal(made[..., 30:], full[..., 30:])


def test_a_mask_mixes_each_pixel_by_its_grey() -> None:
    ramp = torch.linspace(0, 1, 64).expand(8, 1, 48, 64)
    full = blended(BlendConfig())
    assert torch.allclose(blended(BlendConfig(), masks=iter(ramp)), CLIP + ramp * (full - CLIP), atol=1e-6)


@pytest.mark.parametrize("config", [BlendConfig(), BlendConfig(strength="0@2,1@5", preserve_color=1.0)])
def test_the_recurrence_never_sees_mask_strength_or_colour(config: BlendConfig) -> None:
    plain, turned = Memory(), Memory()
    for _ in blend(styled(CLIP, 3), BlendConfig(), memory=plain):
        pass
    mix = Mix(config, masks=iter(torch.rand(8, 1, 48, 64)))
    for _ in blend(styled(CLIP, 3), config, memory=turned, mix=mix):
        pass
    assert plain.state is not None
    assert turned.state is not None
    assert torch.equal(plain.state.output, turned.state.output)
