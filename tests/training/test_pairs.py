import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.conftest import paint
from vidstyle.training.pairs import PairConfig, sample_pairs
from vidstyle.training.pictures import Example, Source

SOURCE = Source(name="drawn", path="-", licence="CC0-1.0", source="tests")
STILL = {"shift": 0, "bend": 0, "turn": 0, "brightness": 0, "degraded": 0}


def examples(height: int = 64, width: int = 80) -> list[Example]:
    return [Example(SOURCE, paint(seed, height, width), 255 - paint(seed, height, width)) for seed in range(3)]


@given(st.integers(0, 1000), st.sampled_from([16, 32, 96]))
@settings(max_examples=15)
def test_a_batch_follows_from_seed_and_step_alone(step, size):
    config = PairConfig(size=size, count=2)
    first, again = (sample_pairs(examples(), config, seed=1, step=step) for _ in range(2))
    other = sample_pairs(examples(), config, seed=1, step=step + 1)
    assert torch.equal(first.moved, again.moved)
    assert not torch.equal(first.moved, other.moved)
    assert first.crops.shape == first.moved_targets.shape == (2, 3, size, size)
    assert first.crops.abs().max() <= 1


def test_pictures_and_targets_are_cut_at_the_same_place():
    batch = sample_pairs(examples(), PairConfig(size=32, degraded=0), seed=0, step=0)
    assert torch.allclose(batch.crops, -batch.targets, atol=1e-6)
    inside = batch.inside.bool().expand_as(batch.moved)
    drift = (batch.moved + batch.moved_targets)[inside].abs()
    assert drift.max() <= 2 * 0.02 + 1e-3  # the change of brightness alone


def test_without_motion_and_damage_both_looks_are_the_same():
    batch = sample_pairs(examples(), PairConfig(size=32, **STILL), seed=0, step=0)
    assert torch.allclose(batch.crops, batch.moved, atol=1e-5)
    assert batch.inside.min() == 1


def test_the_flow_fetches_the_second_look_from_the_first():
    config = PairConfig(size=64, count=1, **(STILL | {"shift": 4}))
    batch = sample_pairs(examples(128, 128), config, seed=5, step=0)
    dx, dy = batch.flow[0, :, 32, 32].round().int().tolist()
    whole = torch.roll(batch.crops, (-dy, -dx), (2, 3))[..., 16:48, 16:48]
    assert (whole - batch.moved[..., 16:48, 16:48]).abs().mean() < 0.05
    assert (batch.crops - batch.moved)[..., 16:48, 16:48].abs().mean() > (
        whole - batch.moved[..., 16:48, 16:48]
    ).abs().mean()


def test_damage_touches_the_sources_and_not_the_targets():
    clean = sample_pairs(examples(), PairConfig(size=32, degraded=0, brightness=0), seed=2, step=3)
    harmed = sample_pairs(examples(), PairConfig(size=32, degraded=1, brightness=0), seed=2, step=3)
    assert torch.equal(clean.targets, harmed.targets)
    assert all((a != b).any() for a, b in zip(clean.crops, harmed.crops, strict=True))


@pytest.mark.parametrize("shape", [(20, 80), (64, 20), (20, 20)])
def test_pictures_smaller_than_a_crop_are_continued_by_reflection(shape):
    batch = sample_pairs(examples(*shape), PairConfig(size=32, **STILL), seed=0, step=0)
    assert batch.crops.shape[-2:] == (32, 32)
    assert np.isfinite(batch.crops.numpy()).all()
