"""Which files a name with a place for the frame's number means."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidstyle.errors import ClipMissingError, ClipReadError
from vidstyle.media.numbering import Numbering, find_pictures, names_pictures


@pytest.mark.parametrize(
    ("name", "number", "file"),
    [
        ("shot.%04d.png", 7, "shot.0007.png"),
        ("shot.%d.png", 7, "shot.7.png"),
        ("shot.####.dpx", 1001, "shot.1001.dpx"),
        ("shot.######.dpx", 1001, "shot.001001.dpx"),
        ("shot_@@@.tif", 12, "shot_012.tif"),
        ("shot.####.exr", 123456, "shot.123456.exr"),
        ("shot.1001-1100.exr", 1050, "shot.1050.exr"),
        ("shot.0001-0100.exr", 50, "shot.0050.exr"),
        ("shot.1001-1100#.exr", 1050, "shot.1050.exr"),
        ("a b, [c] {d}.####.png", 1, "a b, [c] {d}.0001.png"),
        ("50%.####.png", 1, "50%.0001.png"),
    ],
)
def test_a_place_for_the_number_is_filled_in(name, number, file):
    numbering = Numbering.of(Path("folder") / name)
    assert numbering is not None
    assert numbering.path(number) == Path("folder") / file


@pytest.mark.parametrize(
    "name", ["picture.png", "shot.1001.exr", "a%b.png", "shot.1001-1100x2#.exr", "a.1-99999999999#.exr"]
)
def test_a_name_without_a_place_or_with_a_stepped_or_endless_range_is_no_sequence(name):
    assert Numbering.of(Path(name)) is None


@given(st.integers(0, 10**7), st.integers(1, 8))
def test_every_number_finds_its_own_file_again(number, digits):
    numbering = Numbering.of(Path(f"shot.{'#' * digits}.exr"))
    assert numbering is not None
    assert int(numbering.path(number).name.split(".")[1]) == number


def test_only_pictures_are_sequences():
    assert names_pictures(Path("a.%04d.PNG"))
    assert not names_pictures(Path("shot_%04d.mp4"))


def written(folder, *names):
    for name in names:
        (folder / name).touch()
    return folder


def test_the_pictures_of_a_pattern_come_in_the_order_of_their_numbers(tmp_path):
    written(tmp_path, "s.0010.png", "s.0009.png", "s.0011.png", "s.11.png", "other.0012.png", "s.0012.exr")
    assert list(find_pictures(tmp_path / "s.####.png")) == [9, 10, 11]
    assert list(find_pictures(tmp_path / "s.%04d.png")) == [9, 10, 11]


def test_numbers_wider_than_their_place_belong_to_it(tmp_path):
    written(tmp_path, "s.9999.png", "s.10000.png")
    assert list(find_pictures(tmp_path / "s.####.png")) == [9999, 10000]


def test_a_range_in_the_name_takes_only_its_part(tmp_path):
    written(tmp_path, *[f"s.{n}.exr" for n in range(1001, 1011)])
    assert list(find_pictures(tmp_path / "s.1003-1005.exr")) == [1003, 1004, 1005]


def test_missing_numbers_are_refused_by_name(tmp_path):
    written(tmp_path, "s.1001.png", "s.1002.png", "s.1005.png")
    with pytest.raises(ClipReadError, match="2 are missing: 1003, 1004;"):
        find_pictures(tmp_path / "s.####.png")
    with pytest.raises(ClipReadError, match="1 are missing: 1003;"):
        find_pictures(tmp_path / "s.1001-1003.png")


def test_of_many_missing_numbers_the_first_are_named(tmp_path):
    written(tmp_path, "s.1.png", "s.100.png")
    with pytest.raises(ClipReadError, match="98 are missing: 2, 3, 4, 5, 6, 7, 8, 9 and 90 more"):
        find_pictures(tmp_path / "s.#.png")


@pytest.mark.parametrize("name", ["s.####.png", "s.png", "nowhere/s.####.png"])
def test_where_nothing_is_there_it_says_so(tmp_path, name):
    with pytest.raises(ClipMissingError, match="no picture"):
        find_pictures(tmp_path / name)


def test_a_file_that_is_there_under_the_very_name_is_one_picture(tmp_path):
    written(tmp_path, "s.1001.png", "s.1002.png", "odd.####.png", "plain.png")
    assert find_pictures(tmp_path / "s.1001.png") == {1001: tmp_path / "s.1001.png"}
    assert find_pictures(tmp_path / "odd.####.png") == {1: tmp_path / "odd.####.png"}
    assert find_pictures(tmp_path / "plain.png") == {1: tmp_path / "plain.png"}
