import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from torch import Tensor

from vidstyle.motion import Flow
from vidstyle.motion.packing import PackingError, pack, unpack


def same(one: Flow, other: Flow) -> bool:
    return torch.equal(one.to_previous, other.to_previous) and torch.equal(one.visibility, other.visibility)


def flow_of(steps: Tensor, visibility: Tensor | None = None) -> Flow:
    n, _, height, width = steps.shape
    return Flow(steps / 256, torch.ones(n, 1, height, width) if visibility is None else visibility)


@given(
    array_shapes(min_dims=3, max_dims=3, max_side=7).flatmap(
        lambda shape: arrays(np.int32, (shape[0], 2, *shape[1:]), elements=st.integers(-40_000, 40_000))
    ),
    st.booleans(),
)
def test_what_is_rounded_comes_back_the_very_same(steps: np.ndarray, binary: bool) -> None:
    n, _, height, width = steps.shape
    visibility = torch.rand(n, 1, height, width, generator=torch.Generator().manual_seed(height))
    flow = flow_of(torch.from_numpy(steps).float(), visibility.round() if binary else visibility)
    assert same(unpack(pack(flow)), flow)


def test_what_is_not_rounded_comes_back_the_very_same_too() -> None:
    generator = torch.Generator().manual_seed(0)
    flow = Flow(torch.randn(2, 2, 9, 11, generator=generator), torch.rand(2, 1, 9, 11, generator=generator))
    assert same(unpack(pack(flow)), flow)


def test_smooth_motion_takes_less_than_a_byte_a_pixel() -> None:
    ramp = torch.linspace(-800, 800, 160).round().expand(1, 2, 90, 160)
    assert len(pack(flow_of(ramp.contiguous()))) < 90 * 160


@given(st.data())
def test_a_damaged_file_is_never_taken_for_a_flow(data: st.DataObject) -> None:
    content = pack(flow_of(torch.arange(2.0 * 24).reshape(1, 2, 4, 6)))
    cut = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(PackingError):
        unpack(content[:cut])
    torn = bytearray(content)
    torn[data.draw(st.integers(len(content) - 20, len(content) - 1))] ^= 0xFF
    with pytest.raises(PackingError):
        unpack(bytes(torn))
