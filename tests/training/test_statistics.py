import torch
from torch import nn

from vidstyle.training.statistics import WholeFrames


def _generator() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.InstanceNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1),
        nn.InstanceNorm2d(4, affine=True), nn.Conv2d(4, 3, 1),
    )  # fmt: skip


def test_a_window_is_drawn_as_the_whole_frame_is():
    generator, frames = _generator(), torch.rand(2, 3, 32, 40)
    nn.init.normal_(generator[4].weight)
    frames[:, :, :, 20:] *= 3  # the window's own statistics are others
    whole = WholeFrames(generator)
    for number, frame in enumerate(frames):
        with whole.noted(number):
            generator(frame[None])
    with whole.given([1, 0]):
        window = generator(frames[[1, 0], :, 8:24, 4:20])
    drawn = generator(frames[[1, 0]])[:, :, 8:24, 4:20]
    assert torch.allclose(window[..., 2:-2, 2:-2], drawn[..., 2:-2, 2:-2], atol=1e-5)
    own = generator(frames[[1, 0], :, 8:24, 4:20])  # nothing is left behind: it takes its own statistics again
    assert not torch.allclose(own[..., 2:-2, 2:-2], drawn[..., 2:-2, 2:-2], atol=1e-2)


def test_a_gradient_reaches_the_weights_through_given_statistics():
    generator = _generator()
    whole = WholeFrames(generator)
    with whole.noted(0):
        generator(torch.rand(1, 3, 16, 16))
    with whole.given([0]):
        generator(torch.rand(1, 3, 8, 8)).square().mean().backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in generator.parameters())
