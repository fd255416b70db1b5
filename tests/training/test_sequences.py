import numpy as np
import pytest
import torch
from pydantic import ValidationError

from tests.clips import make_clip
from vidstyle.errors import TrainingError
from vidstyle.motion import warp_differentiable
from vidstyle.training.pictures import Source
from vidstyle.training.sequences import ClipTerms, gather_sequences, sample_sequences

TERMS = ClipTerms(size=48, side=64, every=1, frames=3, count=2, short=1.0, jitter=0.0)


def source(path: str) -> Source:
    return Source(name="clip", path=path, licence="CC0-1.0", source="tests")


@pytest.fixture
def sequences(tmp_path):
    make_clip(tmp_path / "a.mp4", frames=11, width=96, height=64, cuts=(5,))
    return gather_sequences((source("a.mp4"),), tmp_path, TERMS, "tiny")


def test_no_run_goes_over_a_cut(sequences):
    assert len(sequences) == 3  # of frames 0-2, 5-7, 8-10; of 3-5 there is a cut
    for sequence in sequences:
        assert sequence.pictures.shape == (3, 64, 96, 3)
        assert sequence.flow.to_previous.shape == (3, 2, 64, 96)
        steps = np.abs(np.diff(sequence.pictures.astype(int), axis=0)).mean((1, 2, 3))
        assert steps.max() < 30


def test_the_flow_leads_to_the_frame_before_and_to_the_first(sequences):
    batch = sample_sequences(sequences, TERMS, seed=0, step=0)
    assert batch.frames.shape == (2, 3, 3, 48, 48)
    for t, past, flow in [(1, 0, batch.before[1]), (2, 1, batch.before[2]), (2, 0, batch.first[2])]:
        moved = warp_differentiable(batch.frames[:, past], flow.to_previous)
        inside = flow.visibility.bool().expand_as(moved)
        still = (batch.frames[:, t] - batch.frames[:, past]).abs()[inside].mean()
        assert (batch.frames[:, t] - moved).abs()[inside].mean() < 0.7 * still


def test_a_sample_follows_from_seed_and_step_alone(sequences):
    terms = TERMS.model_copy(update={"jitter": 0.2})
    first, again, other = (sample_sequences(sequences, terms, seed=1, step=step) for step in (4, 4, 5))
    assert torch.equal(first.frames, again.frames)
    assert not torch.equal(first.frames, other.frames)


def test_colour_changes_alike_in_all_frames_of_a_sample(sequences):
    still = list(sequences)
    for sequence in still:
        sequence.pictures[:] = sequence.pictures[:1]
    batch = sample_sequences(still, TERMS.model_copy(update={"jitter": 0.3}), seed=0, step=0)
    assert torch.allclose(batch.frames[:, 0], batch.frames[:, 2], atol=1e-6)


def test_a_crop_too_large_or_frames_too_few_are_refused():
    with pytest.raises(ValidationError, match="does not fit"):
        ClipTerms(size=128, side=64)
    with pytest.raises(ValidationError, match="judges 3 frames"):
        ClipTerms(frames=2, adversarial=1.0)


def test_material_without_a_clip_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="name clips under material"):
        gather_sequences((source("nothing"),), tmp_path, TERMS, "tiny")
