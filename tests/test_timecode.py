"""Labels of frames: every frame has one, and drop-frame labels follow the clock."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidstyle.errors import ConfigError
from vidstyle.timecode import Timecode

RATES = {24: (Fraction(24000, 1001), Fraction(24)), 25: (Fraction(25),), 30: (Fraction(30000, 1001), Fraction(30))}
RATES |= {50: (Fraction(50),), 60: (Fraction(60000, 1001), Fraction(60))}


@given(st.sampled_from(sorted(RATES)), st.integers(0, 24 * 3600 * 60 - 1), st.booleans())
def test_every_frame_of_a_day_has_a_label_that_leads_back_to_it(rate, frames, drop):
    drop = drop and rate in (30, 60)
    last = Timecode.parse(f"23:59:59{';' if drop else ':'}{rate - 1:02}", rate).frames
    label = Timecode(frames % (last + 1), rate, drop)
    assert Timecode.parse(str(label), RATES[rate][0]) == label


@given(st.sampled_from(sorted(RATES)), st.integers(0, 24 * 3600 * 60 - 1), st.booleans())
def test_what_is_packed_is_the_same_label_again(rate, frames, drop):
    label = Timecode(0, rate, drop and rate in (30, 60))
    label += frames % label.day
    packed = label.packed()
    assert packed is not None
    assert 0 <= packed < 1 << 32
    assert Timecode.unpacked(packed, RATES[rate][0]) == label


def test_packed_labels_are_decimals_with_flags():
    assert Timecode.parse("01:02:03:04", 25).packed() == 0x01020304
    assert Timecode.parse("10:20:30;29", Fraction(30000, 1001)).packed() == 0x10203029 | 0x40
    assert Timecode.parse("10:20:30:49", 50).packed() == 0x10203024 | 1 << 31
    assert Timecode.parse("10:20:30:59", 60).packed() == 0x10203029 | 1 << 15
    assert Timecode.parse("10:20:30:59", 120).packed() is None


@given(st.integers(0, 0xFFFFFFFF))
def test_any_number_unpacks_to_a_label_or_to_none(number):
    for rate in (24, 25, 30, 50, 60):
        label = Timecode.unpacked(number, rate)
        assert label is None or Timecode.parse(str(label), rate) == label


@pytest.mark.parametrize("rate", [30, 60])
def test_labels_left_out_are_those_of_the_standard(rate):
    dropped = 2 * rate // 30
    for minute in range(1, 60):
        before = Timecode.parse(f"00:{minute - 1:02}:59;{rate - 1}", rate)
        expected = f"00:{minute:02}:00;{0 if minute % 10 == 0 else dropped:02}"
        assert str(before + 1) == expected


@pytest.mark.parametrize(("rate", "exact"), [(30, Fraction(30000, 1001)), (60, Fraction(60000, 1001))])
def test_drop_frame_labels_follow_the_clock(rate, exact):
    for text in ("00:10:00;00", "01:00:00;00", "23:50:00;00"):
        hours, minutes, *_ = map(int, text.replace(";", ":").split(":"))
        seconds = Timecode.parse(text, exact).frames / exact
        assert abs(seconds - (hours * 60 + minutes) * 60) < Fraction(1, 10)


def test_labels_without_drops_count_frames():
    assert Timecode.parse("01:00:10:05", Fraction(24000, 1001)).frames == 3610 * 24 + 5
    assert str(Timecode(3610 * 25 + 24, 25) + 1) == "01:00:11:00"


def test_after_midnight_labels_begin_again():
    for text, first in (("23:59:59:24", "00:00:00:00"), ("23:59:59;29", "00:00:00;00")):
        rate = 25 if ":24" in text else 30
        last = Timecode.parse(text, rate)
        assert str(last + 1) == first
        assert last.until(Timecode.parse(first, rate)) == 1


@pytest.mark.parametrize(
    ("text", "rate", "says"),
    [
        ("1:00:00:00", 25, "HH:MM:SS:FF"), ("01:00:00", 25, "HH:MM:SS:FF"), ("01:60:00:00", 25, "beyond"),
        ("01:00:00:25", 25, "beyond 25 frames"), ("24:00:00:00", 25, "beyond a day"), ("01:01:00;00", 30, ";02"),
        ("00:01:00;03", 60, ";04"), ("01:00:00;00", 25, "none are dropped"), ("", 25, "HH:MM:SS:FF"),
    ],
)  # fmt: skip
def test_what_is_no_label_is_refused_with_the_reason(text, rate, says):
    with pytest.raises(ConfigError, match=says):
        Timecode.parse(text, rate)
