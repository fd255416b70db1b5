import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidstyle.errors import ConfigError
from vidstyle.farm.ranges import borders, choose_frames, parse_chunk, runs_of
from vidstyle.frames import Span


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1001-1003", (1001, 1002, 1003)),
        ("1004", (1004,)),
        ("1001-1010x4", (1001, 1005, 1009)),
        ("1010-1001x-4", (1002, 1006, 1010)),
        ("1003,1001, 1003-1004", (1001, 1003, 1004)),
    ],
)
def test_ranges_are_read_as_farms_mean_them(text: str, numbers: tuple[int, ...]):
    chosen = choose_frames(text, 1001, 10)
    assert (chosen.numbers, chosen.outside) == (numbers, 0)


def test_a_range_is_clamped_to_the_frames_that_there_are():
    # OpenCue's #FRAME_END# could be past the end: 72 frames in chunks of 10 gave 71..80.
    chosen = choose_frames("71-80", 1, 72)
    assert (chosen.numbers, chosen.outside) == ((71, 72), 8)
    assert choose_frames("-5-2", 1, 72).numbers == (1, 2)
    assert choose_frames("1-1000000000000", 1, 3).numbers == (1, 2, 3)


@pytest.mark.parametrize("text", ["", "a", "1-", "1--", "1-5x0", "1-5y2", "1,,2", "١-٣", "1-5x2x2"])
def test_what_is_no_range_is_refused(text: str):
    with pytest.raises(ConfigError, match="frame-range"):
        choose_frames(text, 1, 10)


def test_nothing_but_frames_that_are_not_there_is_refused():
    with pytest.raises(ConfigError, match="outside the frames 1001-1010"):
        choose_frames("1-100", 1001, 10)


def test_a_colon_is_only_read_where_it_is_known_what_it_means():
    with pytest.raises(ConfigError, match="write x for a step"):
        choose_frames("1-9:2", 1, 10)
    assert choose_frames("1-9:2", 1, 10, colon_is_step=True).numbers == (1, 3, 5, 7, 9)


@given(
    first=st.integers(-20, 40), last=st.integers(-20, 40), step=st.integers(1, 7), begin=st.integers(-9, 9),
    count=st.integers(1, 20),
)  # fmt: skip
def test_clamping_keeps_what_is_there_and_counts_the_rest(first: int, last: int, step: int, begin: int, count: int):
    named = list(range(first, last + 1, step)) or list(range(first, last - 1, -step))
    expected = sorted(number for number in named if begin <= number < begin + count)
    if not expected:
        with pytest.raises(ConfigError):
            choose_frames(f"{first}-{last}x{step}", begin, count)
        return
    chosen = choose_frames(f"{first}-{last}x{step}", begin, count)
    assert (list(chosen.numbers), chosen.outside) == (expected, len(named) - len(expected))
    assert [n for run in chosen.runs for n in range(run[0], run[1] + 1)] == expected


def test_runs_are_of_consecutive_numbers():
    assert runs_of([1, 2, 3, 7, 9, 10]) == [(1, 3), (7, 7), (9, 10)]


def test_a_chunk_is_one_of_several():
    assert parse_chunk("2/8") == (2, 8)
    for text in ("0/8", "9/8", "1", "a/b", "1/0", "-1/2"):
        with pytest.raises(ConfigError, match="write i/n"):
            parse_chunk(text)


@given(
    start=st.integers(0, 50), length=st.integers(1, 300), count=st.integers(1, 12), reach=st.integers(0, 40),
    cuts=st.lists(st.integers(0, 350), max_size=9),
)  # fmt: skip
def test_chunks_cover_the_span_once(start: int, length: int, count: int, reach: int, cuts: list[int]):
    span = Span(start, start + length)
    if count > length:
        with pytest.raises(ConfigError, match="can't be"):
            borders(span, count, cuts, reach)
        return
    found = borders(span, count, cuts, reach)
    assert (found[0], found[-1], len(found)) == (start, start + length, count + 1)
    assert found == sorted(set(found))


def test_borders_go_to_cuts_that_are_near():
    assert borders(Span(0, 100), 4) == [0, 25, 50, 75, 100]
    assert borders(Span(0, 100), 4, cuts=[28, 40, 74], reach=8) == [0, 28, 50, 74, 100]
