"""Planes of any depth and size come back bit for bit, and damage shows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidstyle.errors import ClipReadError
from vidstyle.media.segments import SegmentWriter, read_segment

SIZES = st.tuples(st.integers(1, 40), st.integers(1, 40))


@settings(max_examples=30)
@given(
    shapes=st.lists(SIZES, min_size=1, max_size=4),
    dtype=st.sampled_from(["uint8", "uint16", "float16", "float32"]),
    count=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_planes_come_back_bit_for_bit(tmp_path_factory, shapes, dtype, count, seed):
    path = tmp_path_factory.mktemp("segment") / "0.nut"
    random = np.random.default_rng(seed)
    kind = np.dtype(dtype)

    def plane(height, width):
        codes = random.integers(0, 256, (height, width * kind.itemsize), dtype=np.uint8)
        return np.frombuffer(codes.tobytes(), kind).reshape(height, width)

    frames = [[plane(*shape) for shape in shapes] for _ in range(count)]
    writer = SegmentWriter(path, frames[0])
    for frame in frames:
        writer.put(frame)
    writer.close()
    again = list(read_segment(path, shapes, kind))
    assert len(again) == writer.frames == count
    for before, after in zip(frames, again, strict=True):
        assert all(one.tobytes() == other.tobytes() for one, other in zip(before, after, strict=True))
        assert [one.dtype for one in after] == [kind] * len(shapes)


def test_what_is_no_segment_is_a_read_error(tmp_path):
    (tmp_path / "0.nut").write_bytes(b"damaged")
    with pytest.raises(ClipReadError):
        list(read_segment(tmp_path / "0.nut", [(4, 4)], np.dtype("uint8")))


def test_an_abandoned_segment_is_gone(tmp_path):
    writer = SegmentWriter(tmp_path / "0.nut", [np.zeros((4, 4), np.uint8)])
    writer.abandon()
    assert not list(tmp_path.iterdir())
