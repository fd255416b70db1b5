import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.motion.pictures import passing_square, square_left, texture
from vidstyle.motion import luma
from vidstyle.motion.inverse import followed, inverse


def uniform(dx: float, dy: float, height: int = 20, width: int = 30) -> Tensor:
    return torch.tensor([float(dx), float(dy)])[None, :, None, None].expand(1, 2, height, width).contiguous()


@settings(max_examples=25)
@given(dx=st.floats(-4, 4), dy=st.floats(-4, 4))
def test_a_uniform_flow_is_turned_round(dx: float, dy: float) -> None:
    plane = luma(texture(20, 30)[None])
    back, landed = inverse(uniform(dx, dy), plane, plane)
    assert landed[..., 5:-5, 5:-5].min() == 1
    assert torch.allclose(back[..., 5:-5, 5:-5], -uniform(dx, dy)[..., 5:-5, 5:-5], atol=1e-4)


def test_where_nothing_lands_is_a_hole() -> None:
    plane = luma(texture(20, 30)[None])
    back, landed = inverse(uniform(4, 0), plane, plane)
    assert landed[..., :4].sum() == 0
    assert back[..., :4].abs().sum() == 0
    assert landed[..., 4:].min() == 1


def test_where_two_points_land_the_one_that_looks_alike_wins() -> None:
    before, now = luma(passing_square(2, 96, 160, step=8))[:, None].split(1)
    flow = torch.zeros(1, 2, 96, 160)
    left = square_left(0, 8)
    flow[:, 0, 36:60, left : left + 24] = 8
    back, _ = inverse(flow, before[:, 0], now[:, 0])
    covered = back[0, 0, 36:60, left + 24 : left + 32]  # the square and the background it now covers both land here
    assert (covered < -6).float().mean() > 0.9


def test_what_is_not_known_is_carried_nowhere() -> None:
    plane = luma(texture(20, 30)[None])
    flow = uniform(0, 0)
    flow[..., 5:10, 5:10] = torch.nan
    back, landed = inverse(flow, plane, plane)
    assert back.isfinite().all()
    assert landed[..., 5:10, 5:10].sum() == 0
    assert landed.sum() == 20 * 30 - 25


def test_a_guess_that_lands_on_the_right_surface_becomes_exact() -> None:
    flow = torch.zeros(1, 2, 24, 40)
    flow[:, 0, :, 20:] = 6.25  # the right half moves over what lies there
    guess = torch.zeros(1, 2, 24, 40)
    guess[:, 0, :, 26:] = -5.0  # a pixel and a quarter off
    back = followed(flow, guess)
    assert torch.allclose(back[:, 0, :, 28:], torch.tensor(-6.25))
    assert back[:, 0, :, :19].abs().max() == 0
