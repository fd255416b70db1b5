from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidstyle.stages.curve import Curve, curve_of, parse_strength


def test_values_lie_on_straight_lines_and_stay_level_outside() -> None:
    curve = Curve.parse("0@10, 1@20, 0.5@24")
    assert [curve.at(n) for n in (0, 10, 15, 20, 22, 24, 99)] == [0, 0, 0.5, 1, 0.75, 0.5, 0.5]


def test_seconds_are_exact_fractions() -> None:
    curve = Curve.parse("0@0s,1@2.5s")
    assert curve.unit == "seconds"
    assert curve.at(Fraction(5, 4)) == 0.5
    assert curve.at(Fraction(5, 2)) == 1


@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0, 1)), min_size=1, max_size=6, unique_by=lambda p: p[0]))
def test_a_curve_goes_through_each_of_its_points_and_never_leaves_their_range(points: list[tuple[int, float]]) -> None:
    points.sort()
    curve = Curve.parse(",".join(f"{value!r}@{place}" for place, value in points))
    assert [curve.at(place) for place, _ in points] == pytest.approx([value for _, value in points], abs=1e-12)
    values = [curve.at(Fraction(n, 2)) for n in range(0, 1001, 13)]
    assert min(values) >= min(v for _, v in points) - 1e-12
    assert max(values) <= max(v for _, v in points) + 1e-12


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0@0,1@2s", "alike"),
        ("0@9,1@9", "rise"),
        ("2@0,1@9", "within 0 to 1"),
        ("0@0,1", "no place in time"),
        ("x@3", "neither a number"),
        ("0@-4", "no place"),
        ("0@1e3", "no place"),
        ("nan@0,1@2", "within 0 to 1"),
        ("", "neither a number"),
        (",0@3", "neither a number"),
    ],
)
def test_what_is_no_curve_is_refused_with_the_reason(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        curve_of(parse_strength(text))


def test_a_curve_that_never_changes_is_a_number() -> None:
    assert parse_strength("0@3,0@9") == 0.0
    assert parse_strength("0.5") == parse_strength(0.5) == 0.5
    assert curve_of(0.25).at(1000) == 0.25
