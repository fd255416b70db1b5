from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vidstyle.errors import ConfigError
from vidstyle.frames import FrameBatch, Span


@given(start=st.integers(0, 10**6), length=st.none() | st.integers(1, 10**6))
def test_a_span_reads_back_what_it_writes(start: int, length: int | None):
    span = Span(start, None if length is None else start + length)
    assert Span.parse(str(span)) == span


@pytest.mark.parametrize(
    ("text", "span"), [("10-20", Span(10, 20)), ("5-", Span(5)), ("-5", Span(0, 5)), ("-", Span())]
)
def test_open_ends_are_the_clips_ends(text: str, span: Span):
    assert Span.parse(text) == span


@pytest.mark.parametrize("text", ["", "5", "5-5", "7-3", "a-b", "1-2-3", "-1-2", "1.5-2", "²-³", "1,5"])
def test_what_is_no_range_is_refused_and_named(text: str):
    with pytest.raises(ConfigError, match="A-B") as caught:
        Span.parse(text)
    assert caught.value.key == "frames"


def test_only_a_span_without_ends_is_the_whole_clip():
    assert Span().whole
    assert not Span(0, 5).whole
    assert not Span(1).whole


def test_a_batch_refuses_timestamps_that_do_not_fit():
    images = torch.zeros(2, 3, 4, 4)
    with pytest.raises(ValueError, match="2 images but 1"):
        FrameBatch(images, (0,), Fraction(1, 25))
    with pytest.raises(ValueError, match="strictly increasing"):
        FrameBatch(images, (1, 1), Fraction(1, 25))


def test_a_batch_prints_its_shape_and_no_pixels():
    batch = FrameBatch(torch.zeros(1, 3, 4, 6), (7,), Fraction(1, 25))
    assert repr(batch) == "FrameBatch(images=(1, 3, 4, 6), pts=(7,), time_base=1/25)"
    assert len(batch) == 1
