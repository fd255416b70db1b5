import torch
from hypothesis import given
from hypothesis import strategies as st

from vidstyle.networks import Padding

sizes = st.integers(1, 70)


@given(height=sizes, width=sizes, multiple=st.sampled_from([1, 4, 8, 32]))
def test_any_size_fits_and_comes_back_unchanged(height: int, width: int, multiple: int):
    images = torch.rand(1, 3, height, width)
    padding = Padding(multiple)
    padded = padding.pad(images)
    assert all(size % multiple == 0 and size >= min(16, size) for size in padded.shape[-2:])
    assert torch.equal(padding.crop(padded, like=images), images)


def test_a_picture_that_fits_is_not_copied():
    images = torch.rand(1, 3, 32, 64)
    assert Padding(4).pad(images) is images


def test_it_pads_by_reflection_so_that_no_edge_appears():
    images = torch.arange(18.0).reshape(1, 1, 1, 18).expand(1, 1, 18, 18)
    padded = Padding(4).pad(images)
    assert padded[0, 0, 0, 18:].tolist() == [16.0, 15.0]
