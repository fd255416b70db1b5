"""A share of 0 to 1 that changes over a clip, written as `0@0,1@48`."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from vidstyle.frames import FrameBatch

Unit = Literal["frames", "seconds"]
_FORM = "write VALUE@PLACE,…: 0@0,1@48 (frames) or 0@0s,1@2.5s (seconds)"
_PLACE = re.compile(r"(\d+)|(\d+(?:\.\d+)?)s", re.ASCII)


@dataclass(frozen=True, slots=True)
class Curve:
    """Values at places in time, straight lines between them, and level before the first and after the last.

    Convention: `places` are frame numbers of the clip from 0, or seconds from when its first frame is shown, rising.
    """

    unit: Unit
    places: tuple[Fraction, ...]
    values: tuple[float, ...]

    @classmethod
    def parse(cls, text: str) -> "Curve":
        """Read `VALUE@PLACE,…`. Raises ValueError for what is none, and for values that are not within 0 to 1."""
        pairs = [part.partition("@") for part in text.split(",")]
        values = tuple(_share(value) for value, _, _ in pairs)
        units, places = zip(*(_place(place.strip()) for _, _, place in pairs), strict=True)
        if len(set(units)) > 1:
            raise ValueError(f"{text!r} mixes frames and seconds; give all places alike")
        if any(later <= earlier for earlier, later in pairwise(places)):
            raise ValueError(f"{text!r} does not rise in time; each place must lie after the one before")
        return cls(units[0], places, values)

    def at(self, place: Fraction | int) -> float:
        """Give the value at a place, in the curve's own unit."""
        after = bisect_right(self.places, place)
        if after in (0, len(self.places)):
            return self.values[min(after, len(self.places) - 1)]
        begin, end = self.places[after - 1 : after + 1]
        low, high = self.values[after - 1 : after + 1]
        return low + (high - low) * float((place - begin) / (end - begin))


class Strengths:
    """How strong the style is at each frame of a stream, in the frames' order.

    Args:
        strength: what `parse_strength` read.
        first: number in the clip of the first frame that comes.
        origin: when the clip's first frame is shown, seconds.
    """

    def __init__(self, strength: float | str, *, first: int = 0, origin: Fraction = Fraction(0)) -> None:
        self._curve = curve_of(strength)
        self._number = first
        self._origin = origin

    def of(self, frames: FrameBatch) -> list[float]:
        """Give those of the next frames, and go on behind them."""
        return [self._at(pts * frames.time_base) for pts in frames.pts]

    def _at(self, time: Fraction) -> float:
        number, self._number = self._number, self._number + 1
        return self._curve.at(number if self._curve.unit == "frames" else time - self._origin)


def parse_strength(given: object) -> float | str:
    """Read a number of 0 to 1, or a curve, which comes back as its text; a curve that never changes is a number.

    Raises ValueError.
    """
    if isinstance(given, str) and "@" in given:
        values = set(Curve.parse(given).values)
        return values.pop() if len(values) == 1 else given.strip()
    return _share(given)


def curve_of(strength: float | str) -> Curve:
    """Give what `parse_strength` read as a curve, also where it is a number."""
    return Curve.parse(strength) if isinstance(strength, str) else Curve("frames", (Fraction(0),), (strength,))


def _share(given: object) -> float:
    try:
        number = float(str(given))
    except ValueError:
        raise ValueError(f"{given!r} is neither a number of 0 to 1 nor a curve; {_FORM}") from None
    if not 0 <= number <= 1:
        raise ValueError(f"{given!r} is not within 0 to 1")
    return number


def _place(text: str) -> tuple[Unit, Fraction]:
    match = _PLACE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no place in time; {_FORM}")
    return ("frames", Fraction(match[1])) if match[1] else ("seconds", Fraction(match[2]))
