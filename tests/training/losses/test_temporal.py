import pytest
import torch

from vidstyle.motion import Flow
from vidstyle.training.losses import compound_loss, feature_loss, luminance_loss, masked_mean, warping_loss


def planes(*shape: int, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    return torch.rand(*shape, requires_grad=True)


def shift(pixels: float, n: int = 1, size: int = 8) -> Flow:
    """Everything was `pixels` to the left in the frame before."""
    to_previous = torch.zeros(n, 2, size, size)
    to_previous[:, 0] = -pixels
    visibility = torch.ones(n, 1, size, size)
    visibility[..., : int(pixels)] = 0
    return Flow(to_previous, visibility)


def test_compound_loss_counts_only_what_is_inside():
    moved, warped, inside = torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4), torch.ones(1, 1, 4, 4)
    warped[..., 0, :] = 9
    inside[..., 0, :] = 0
    assert compound_loss(moved, warped, inside) == 0
    assert compound_loss(moved, warped + 1, inside) == pytest.approx(1)
    assert compound_loss(moved, warped, torch.zeros_like(inside)) == 0


def test_what_moves_with_the_picture_costs_nothing():
    source, output = torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 8)
    now = [picture.roll(2, dims=-1) for picture in (source, output)]
    flow = shift(2)
    assert warping_loss(now[1], output, flow, now[0], source) == pytest.approx(0, abs=1e-6)
    assert luminance_loss(now[1], output, flow, now[0], source) == pytest.approx(0, abs=1e-6)
    assert feature_loss(now[1], output, flow) == pytest.approx(0, abs=1e-6)
    assert warping_loss(output, output, flow, now[0], source) > 0.05


def test_where_the_source_changed_the_warping_loss_does_not_look():
    output, earlier = torch.ones(1, 3, 8, 8), torch.zeros(1, 3, 8, 8)
    source = torch.zeros(1, 3, 8, 8)
    changed = source.clone()
    changed[..., :4, :] = 1
    assert warping_loss(output, earlier, shift(0), source, source) == pytest.approx(1)
    half = warping_loss(output, earlier, shift(0), changed, source)
    assert half == pytest.approx(1)  # of the other half: the mean is over what is trusted
    assert warping_loss(output, earlier, shift(0), source + 1, source) == pytest.approx(0, abs=1e-6)


def test_the_output_may_change_as_far_as_the_light_does():
    source, output = torch.rand(1, 3, 8, 8) / 2, torch.rand(1, 3, 8, 8) / 2
    brighter = source + 0.2
    assert luminance_loss(output + 0.2, output, shift(0), brighter, source) == pytest.approx(0, abs=1e-6)
    assert luminance_loss(output, output, shift(0), brighter, source) == pytest.approx(0.04, abs=1e-4)


def test_the_past_is_done():
    output, earlier = planes(1, 3, 8, 8), planes(1, 3, 8, 8, seed=1)
    source = torch.rand(1, 3, 8, 8)
    warping_loss(output, earlier, shift(1), source, source).backward()
    assert output.grad is not None
    assert earlier.grad is None


def test_gradients_are_right():
    source, flow = torch.rand(2, 3, 8, 8), shift(1, n=2)
    output, earlier = (planes(2, 3, 8, 8, seed=seed).detach().double().requires_grad_() for seed in range(2))
    inside = torch.randint(0, 2, (2, 1, 8, 8)).float()
    assert torch.autograd.gradcheck(lambda a, b: compound_loss(a, b, inside), (output, earlier))
    losses = [
        lambda a, b: luminance_loss(a, b, flow, source, source.flip(0)),
        lambda a, b: feature_loss(a, b, flow),
    ]
    for loss in losses:
        # Warped in float32, as the grid is: the step must be wide.
        assert torch.autograd.gradcheck(loss, (output, earlier), eps=1e-1, atol=1e-4, nondet_tol=1e-6)


def test_nothing_seen_is_no_error():
    assert masked_mean(torch.ones(1, 3, 2, 2), torch.zeros(1, 1, 2, 2)) == 0
