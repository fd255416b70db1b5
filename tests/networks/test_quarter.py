import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vidstyle.networks import GENERATORS
from vidstyle.networks.quarter import QuarterResnet


@given(st.integers(4, 12), st.integers(4, 12))
@settings(max_examples=10)
def test_pictures_keep_their_size_and_stay_in_range(rows: int, columns: int):
    generator = GENERATORS.get("quarter-resnet")(width=4, core=8, blocks=1)
    with torch.inference_mode():
        y = generator(torch.randn(2, 3, 4 * rows, 4 * columns))
    assert y.shape == (2, 3, 4 * rows, 4 * columns)
    assert y.abs().max() <= 1


def test_a_far_pixel_changes_nothing():
    generator = QuarterResnet(width=4, core=8, blocks=1).eval()
    x = torch.rand(1, 3, 160, 64)
    changed = x.clone()
    changed[..., -8:, :] = -1
    with torch.inference_mode():
        difference = (generator(x) - generator(changed)).abs().amax(dim=(0, 1, 3))
    assert difference[:96].max() == 0
    assert difference[-8:].max() > 0


def test_the_picture_itself_is_added_at_the_end():
    generator = QuarterResnet(width=4, core=8, blocks=1).eval()
    last = generator.decoder[2]
    with torch.no_grad():
        for parameter in last.parameters():
            parameter.zero_()
    x = torch.rand(1, 3, 16, 20) * 2 - 1
    with torch.inference_mode():
        assert torch.allclose(generator(x), x.tanh())


def test_it_has_a_third_of_the_weights_of_ink():
    assert sum(parameter.numel() for parameter in QuarterResnet().parameters()) == 144_396
