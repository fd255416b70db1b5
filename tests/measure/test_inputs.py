from pathlib import Path

import pytest

from vidstyle.errors import ConfigError
from vidstyle.frames import Span
from vidstyle.measure import Inputs

A, B, C = Path("a"), Path("b"), Path("c")


def test_whole_clips_are_measured_unless_said_otherwise() -> None:
    assert Inputs.of(A, B).spans == [Span(), Span()]
    assert Inputs.of(A, B, C).paths == [A, B, C]


def test_the_same_frames_are_taken_of_every_clip() -> None:
    assert Inputs.of(A, B, C, frames="10-20").spans == [Span(10, 20)] * 3


def test_a_part_that_was_rendered_is_counted_from_its_own_beginning() -> None:
    assert Inputs.of(A, B, result_start=100).spans == [Span(100), Span()]
    assert Inputs.of(A, B, C, frames="120-150", result_start=100).spans == [Span(120, 150), Span(20, 50), Span(20, 50)]


def test_frames_before_the_result_begins_are_refused() -> None:
    with pytest.raises(ConfigError, match="write --frames 100-"):
        Inputs.of(A, B, frames="90-120", result_start=100)
