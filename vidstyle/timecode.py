"""Timecode ↔ frames: labels of frames, which count seconds only as exactly as a whole number of frames can."""

import re
from dataclasses import dataclass
from fractions import Fraction

from vidstyle.errors import ConfigError

_LABEL = re.compile(r"(\d{2}):(\d{2}):(\d{2})([:;])(\d{2,3})", re.ASCII)
_NTSC_30 = 30
_DAY = 24 * 60  # minutes
_NEAR = 0.005  # frames per second: 23.98 means 24000/1001 and 29.97 means 30000/1001
_FASTEST = 1000
_DROP = 0x40  # beside the tens of frames, in packed labels
_FIFTY = 50


@dataclass(frozen=True, slots=True)
class Timecode:
    """A frame's label, as a count of frames since 00:00:00:00.

    Convention:
        frames  frames since midnight, in real frames: in drop-frame counting no frame is dropped, only labels are.
        rate    frames that one second of labels holds: 24 for 23.976, 30 for 29.97, 60 for 59.94.
        drop    True where labels 00 and 01 (of 60 frames: 00 to 03) are left out at the begin of every minute but
                each tenth, so that labels follow the clock at 29.97 and 59.94. Written with a semicolon.
                SMPTE ST 12-1:2014, 5.2.2.
    """

    frames: int
    rate: int
    drop: bool = False

    @classmethod
    def parse(cls, text: str, rate: Fraction | int, *, key: str = "timecode") -> "Timecode":
        """Read `HH:MM:SS:FF`, or `HH:MM:SS;FF` for drop-frame, at a rate in frames per second.

        Raises ConfigError, about the setting `key`, where it is no label of that rate.
        """
        match = _LABEL.fullmatch(text.strip())
        if match is None:
            raise ConfigError(f"{text!r} is no timecode; write HH:MM:SS:FF, or HH:MM:SS;FF for drop-frame", key=key)
        hours, minutes, seconds, frame = (int(match[n]) for n in (1, 2, 3, 5))
        drop, counted = match[4] == ";", counted_rate(rate)
        if minutes > 59 or seconds > 59 or hours > 23 or frame >= counted:  # noqa: PLR2004 (of a clock)
            raise ConfigError(f"timecode {text} is beyond a day, or beyond {counted} frames in a second", key=key)
        if drop and counted % _NTSC_30:
            raise ConfigError(f"timecode {text} drops frames, but at {float(rate):.6g} fps none are dropped", key=key)
        dropped = counted // 15 if drop else 0
        if drop and seconds == 0 and frame < dropped and minutes % 10:
            raise ConfigError(
                f"timecode {text} does not exist: drop-frame leaves it out; write {text.strip()[:-2]}{dropped:02}",
                key=key,
            )
        passed = hours * 60 + minutes
        total = (passed * 60 + seconds) * counted + frame - dropped * (passed - passed // 10)
        return cls(total, counted, drop)

    @classmethod
    def unpacked(cls, number: int, rate: Fraction | int) -> "Timecode | None":
        """The label that `packed` made this number of; None where it is none of that rate."""
        hours, minutes, seconds, frame = (
            10 * (number >> place + 4 & tens) + (number >> place & 15)
            for place, tens in ((24, 3), (16, 7), (8, 7), (0, 3))
        )
        counted = counted_rate(rate)
        if counted > _NTSC_30:
            frame = 2 * frame + (number >> _second_of_pair(counted) & 1)
        drop = ";" if number & _DROP and not counted % _NTSC_30 else ":"
        try:
            return cls.parse(f"{hours:02}:{minutes:02}:{seconds:02}{drop}{frame:02}", rate)
        except ConfigError:
            return None

    def packed(self) -> int | None:
        """The label in 32 bits, as SMPTE ST 12-1 counts them for DPX and OpenEXR; None for more than 60 fps.

        Convention: binary-coded decimals, hours in the highest byte. Above 30 fps frames are counted in pairs, and a
        mark tells the second of a pair: in the hours at 50 fps, else in the seconds. ST 12-1:2014, 8.3 and 12.1.
        """
        if self.rate > 2 * _NTSC_30:
            return None
        hours, minutes, seconds, frame = (int(part) for part in re.split("[:;]", str(self)))
        second = self.rate > _NTSC_30 and frame % 2
        numbers = hours, minutes, seconds, frame // 2 if self.rate > _NTSC_30 else frame
        packed = sum((n // 10 << 4 | n % 10) << place for n, place in zip(numbers, (24, 16, 8, 0), strict=True))
        return packed | _DROP * self.drop | bool(second) << _second_of_pair(self.rate)

    def __add__(self, frames: int) -> "Timecode":
        """The label of the frame so many frames later; after a day it begins again."""
        return Timecode((self.frames + frames) % self.day, self.rate, self.drop)

    def until(self, later: "Timecode") -> int:
        """How many frames lie from this frame to `later`, which may be past midnight."""
        return (later.frames - self.frames) % self.day

    def __str__(self) -> str:
        number = self.frames
        if self.drop:
            dropped = self.rate // 15
            tens, rest = divmod(number, self.rate * 600 - 9 * dropped)
            # The first minute of ten drops nothing, so it is longer than the others.
            minutes = max(0, rest - dropped) // (self.rate * 60 - dropped)
            number += dropped * (9 * tens + minutes)
        seconds, frame = divmod(number, self.rate)
        hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
        return f"{hours:02}:{minutes:02}:{seconds:02}{';' if self.drop else ':'}{frame:02}"

    @property
    def day(self) -> int:
        """How many frames a day of labels holds."""
        dropped = self.rate // 15 if self.drop else 0
        return _DAY * 60 * self.rate - dropped * (_DAY - _DAY // 10)


def _second_of_pair(rate: int) -> int:
    """The bit that marks the second frame of a pair."""
    return 31 if rate == _FIFTY else 15


def counted_rate(rate: Fraction | int) -> int:
    """The whole number of frames that timecode counts in a second at `rate`: 24000/1001 counts 24."""
    return max(1, round(rate))


def parse_rate(text: object) -> Fraction:
    """Read a frame rate: `24`, `25.0`, `24000/1001`; `23.976`, `29.97` and their like mean n * 1000/1001 exactly.

    Raises ValueError on anything that is no rate.
    """
    written = str(text).strip()
    if not re.fullmatch(r"\d+(\.\d+)?|\d+/\d+", written) or written.endswith("/0"):
        raise ValueError(f"{written!r} is no frame rate; write 24, 23.976 or 24000/1001")
    rate = Fraction(written)
    if not 0 < rate <= _FASTEST:
        raise ValueError(f"{written!r} is no frame rate above 0 and up to {_FASTEST}")
    slowed = Fraction(round(rate * 1001 / 1000) * 1000, 1001)
    return slowed if rate.denominator != 1 and "/" not in written and abs(slowed - rate) < _NEAR else rate


def is_timecode(text: str) -> bool:
    """True for what is written like a label, whatever it means."""
    return _LABEL.fullmatch(text) is not None
