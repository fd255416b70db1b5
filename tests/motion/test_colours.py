import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vidstyle.motion import colour_wheel, flow_colours


def painted(dx: float, dy: float, full: float = 10.0) -> list[float]:
    return flow_colours(torch.tensor([dx, dy], dtype=torch.float32).reshape(1, 2, 1, 1), full)[0, :, 0, 0].tolist()


def test_what_does_not_move_is_white() -> None:
    assert painted(0, 0) == [1, 1, 1]


@pytest.mark.parametrize(("dx", "dy", "strong", "weak"), [(10, 0, 0, 2), (-10, 0, 2, 0), (0, 10, 0, 2), (0, -10, 2, 1)])
def test_directions_have_the_hues_of_the_published_wheel(dx: int, dy: int, strong: int, weak: int) -> None:
    colour = painted(dx, dy)
    assert colour[strong] > 0.9 or colour[strong] == max(colour)
    assert colour[weak] == pytest.approx(min(colour), abs=0.1)


@given(angle=st.floats(-3.14, 3.14), length=st.floats(0, 10))
def test_longer_is_more_saturated_and_never_out_of_range(angle: float, length: float) -> None:
    direction = torch.tensor([angle]).cos().item(), torch.tensor([angle]).sin().item()
    near, far = (painted(*(part * direction[n] for n in (0, 1))) for part in (length / 2, length))
    assert min(far) <= min(near) + 1e-5
    assert all(-1e-6 <= channel <= 1 + 1e-6 for channel in far)


def test_beyond_the_wheel_it_is_darker() -> None:
    assert max(painted(30, 0)) < 0.8


def test_the_legend_is_a_disc_that_is_white_in_the_middle() -> None:
    wheel = colour_wheel(41)
    assert wheel.shape == (4, 41, 41)
    assert wheel[:3, 20, 20].min() > 0.95
    assert wheel[3, 0, 0] == 0
    assert wheel[3, 20, 1:-1].min() == 1
