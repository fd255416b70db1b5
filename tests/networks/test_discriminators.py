import pytest
import torch

from vidstyle.networks import DISCRIMINATORS, DenseDiscriminator, TemporalDiscriminator

SMALL = {"patch": {"layers": 2}, "pixel": {}, "dense": {"size": 8, "layers": 1}}


@pytest.mark.parametrize("name", SMALL)
def test_pictures_get_logits_that_depend_on_them(name):
    judge = DISCRIMINATORS.get(name)(width=4, **SMALL[name])
    x = torch.rand(2, 3, 32, 40, requires_grad=True)
    logits = judge(x)
    assert logits.shape[:2] == (2, 1)
    logits[0].sum().backward()
    assert x.grad[0].abs().max() > 0
    assert x.grad[1].abs().max() == 0


def test_the_registry_knows_all_four():
    assert DISCRIMINATORS.names() == ["dense", "patch", "pixel", "temporal"]
    assert DISCRIMINATORS.get("temporal") is TemporalDiscriminator


def test_each_pixel_is_judged_by_itself():
    judge = DISCRIMINATORS.get("pixel")(width=4, norm="none")
    x = torch.rand(1, 3, 8, 8, requires_grad=True)
    judge(x)[0, 0, 2, 3].backward()
    assert x.grad.abs().sum(dim=(0, 1)).nonzero().tolist() == [[2, 3]]


def test_the_dense_one_takes_any_size_and_sees_all_of_it():
    judge = DenseDiscriminator(size=8, width=4)
    x = torch.rand(1, 3, 20, 33, requires_grad=True)
    logit = judge(x)
    assert logit.shape == (1, 1)
    logit.sum().backward()
    assert (x.grad.abs().sum(1) > 0).all()


@pytest.mark.parametrize("frames", [1, 3, 5])
def test_the_temporal_one_sees_every_frame_of_a_sequence(frames):
    judge = TemporalDiscriminator(frames=frames, width=4, layers=2)
    x = torch.rand(2, frames, 3, 32, 32, requires_grad=True)
    logits = judge(x)
    assert logits.shape[:2] == (2, 1)
    logits[1].sum().backward()
    assert (x.grad[1].abs().amax(dim=(1, 2, 3)) > 0).all()
    assert x.grad[0].abs().max() == 0


def test_the_order_of_frames_matters_to_the_temporal_one():
    torch.manual_seed(0)
    judge = TemporalDiscriminator(width=4, layers=2)
    x = torch.rand(1, 3, 3, 32, 32)
    assert not torch.allclose(judge(x), judge(x.flip(1)))


@pytest.mark.parametrize("frames", [2, 9])
def test_sequences_that_the_layers_can_not_join_are_refused(frames):
    with pytest.raises(ValueError, match="odd number up to 7"):
        TemporalDiscriminator(frames=frames)
