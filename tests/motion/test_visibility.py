import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vidstyle.motion import consistency


def uniform(dx: float, dy: float, height: int = 20, width: int = 30) -> torch.Tensor:
    return torch.tensor([float(dx), float(dy)])[None, :, None, None].expand(1, 2, height, width).contiguous()


@settings(max_examples=30)
@given(dx=st.floats(-4, 4), dy=st.floats(-4, 4))
def test_opposite_flows_are_visible_where_they_stay_inside(dx: float, dy: float) -> None:
    visibility = consistency(uniform(dx, dy), uniform(-dx, -dy))
    assert visibility[..., 4:-4, 4:-4].min() == 1


def test_a_way_back_that_misses_by_a_pixel_is_not_trusted() -> None:
    assert consistency(uniform(2, 0), uniform(-1, 0)).sum() == 0


def test_a_small_miss_is_forgiven() -> None:
    assert consistency(uniform(2, 0), uniform(-1.5, 0))[..., 5:-5].min() == 1


def test_what_was_outside_is_not_visible() -> None:
    visibility = consistency(uniform(3, 0), uniform(-3, 0))
    assert visibility[..., -3:].sum() == 0
    assert visibility[..., :-3].min() == 1


def test_a_motion_boundary_is_not_trusted_unless_asked_to() -> None:
    flow = torch.zeros(1, 2, 20, 30)
    flow[:, 0, :, 15:] = 0.4  # too little for the way back to disagree
    assert consistency(flow, -flow)[..., 14:16].sum() == 0
    assert consistency(flow, -flow, boundaries=False)[..., 14:16].min() == 1


def test_a_picture_of_one_pixel_is_taken() -> None:
    assert consistency(torch.zeros(1, 2, 1, 1), torch.zeros(1, 2, 1, 1)).item() == 1


def test_noise_at_the_border_of_a_still_picture_is_forgiven() -> None:
    assert consistency(uniform(-0.003, 0.003), uniform(0.003, -0.003)).min() == 1
    assert consistency(uniform(-0.01, 0), uniform(0.01, 0))[..., 0].sum() == 0
