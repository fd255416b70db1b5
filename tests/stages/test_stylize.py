from fractions import Fraction
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.styles import save_small_style
from vidstyle.backends import BACKENDS
from vidstyle.frames import FrameBatch
from vidstyle.networks import Style, load_style
from vidstyle.stages.motion import without_motion
from vidstyle.stages.stylize import StylizeConfig, paint, stylize


@pytest.fixture(scope="module")
def style(tmp_path_factory: pytest.TempPathFactory) -> Style:
    folder: Path = tmp_path_factory.mktemp("styles") / "small"
    save_small_style(folder)
    return load_style(folder)


@given(height=st.integers(1, 40), width=st.integers(1, 40))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_size_comes_out_as_it_went_in(style: Style, height: int, width: int):
    run = BACKENDS.get("torch")(style.generator, torch.device("cpu"), "auto")
    painted = paint(style, run, torch.rand(1, 3, height, width))
    assert painted.shape == (1, 3, height, width)
    assert 0 <= painted.min() <= painted.max() <= 1


def test_super_whites_are_what_white_is_to_a_network(style: Style):
    run = BACKENDS.get("torch")(style.generator, torch.device("cpu"), "auto")
    white = torch.ones(1, 3, 16, 16)
    assert torch.equal(paint(style, run, white * 1.3), paint(style, run, white))


@pytest.mark.parametrize("values", ["-1..1", "0..1", "0..255"])
@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_ranges_and_orders_go_there_and_back(tmp_path: Path, values: str, order: str):
    save_small_style(tmp_path / "s", value_range=values, channel_order=order)
    style = load_style(tmp_path / "s")
    images = torch.rand(2, 3, 8, 8)
    assert torch.allclose(style.decode(style.encode(images)), images, atol=1e-6)
    low, high = (float(number) for number in values.split(".."))
    assert style.encode(torch.zeros(1, 3, 1, 1)).unique().item() == low
    assert style.encode(torch.ones(1, 3, 1, 1)).unique().item() == high
    red = torch.tensor([1.0, 0, 0]).reshape(1, 3, 1, 1)
    assert style.encode(red)[0, :, 0, 0].argmax().item() == (0 if order == "rgb" else 2)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_only_what_is_drawn_goes_through_the_generator(style: Style, size: int):
    seen: list[int] = []
    handle = style.generator.register_forward_hook(lambda _module, inputs, _output: seen.append(len(inputs[0])))
    images = torch.rand(1, 3, 16, 16).repeat(9, 1, 1, 1)
    frames = [
        FrameBatch(images[n : n + size], tuple(range(n, min(n + size, 9))), Fraction(1)) for n in range(0, 9, size)
    ]
    made = list(stylize(without_motion(frames, hold=3), style, StylizeConfig(backend="torch")))
    handle.remove()
    assert sum(seen) == 3
    assert [len(batch.images) for batch in made] == [sum(batch.moving.drawn) for batch in made]
    assert sum(map(len, made)) == 9
