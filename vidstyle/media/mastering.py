"""What HDR10 says about the display that a picture was mastered on, and about its brightest light."""

import struct
from fractions import Fraction
from typing import Any

from av import VideoFrame
from pydantic import BaseModel, ConfigDict, Field

Point = tuple[Fraction, Fraction]

_PLACES = 50_000  # steps of one in H.265's chromaticities
_LIGHTS = 10_000  # steps of one cd/m² in H.265's luminances
_CHROMATICITIES = 8


class Mastering(BaseModel):
    """Static metadata of HDR10: SMPTE ST 2086 (2018) and CTA-861.3-A.

    Convention: chromaticities are CIE 1931 x and y; luminances are cd/m²; None: not said.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    primaries: tuple[Point, Point, Point] | None = Field(default=None, description="red, green and blue")
    white: Point | None = Field(default=None, description="the white point")
    luminance: Point | None = Field(default=None, description="darkest and brightest, cd/m²")
    brightest_pixel: int | None = Field(default=None, description="MaxCLL, cd/m²")
    brightest_average: int | None = Field(default=None, description="MaxFALL, cd/m²")

    @classmethod
    def of(cls, frame: VideoFrame) -> "Mastering | None":
        """What a decoded frame carries; None where it carries nothing."""
        try:
            display: Any = frame.side_data.get("MASTERING_DISPLAY_METADATA")
            light: Any = frame.side_data.get("CONTENT_LIGHT_LEVEL")
        except ValueError:  # PyAV knows no name for another of its side data
            return None
        facts = _display(bytes(display)) if display is not None else {}
        if light is not None:
            pixel, average = struct.unpack("=2I", bytes(light)[:8])
            facts |= {"brightest_pixel": pixel, "brightest_average": average}
        return cls(**facts) if facts else None

    def x265(self) -> dict[str, str]:
        """The same as parameters of x265, whose units are steps of 1/50000 and of 0.0001 cd/m²."""
        points = [tuple(round(number * _PLACES) for number in point) for point in self._points]
        lights = [round(number * _LIGHTS) for number in self.luminance or ()]
        found = {"master-display": _written(points, lights)} if points and lights else {}
        return found | self._light("max-cll")

    def svtav1(self) -> dict[str, str]:
        """The same as parameters of SVT-AV1, in plain numbers."""
        points = [tuple(float(number) for number in point) for point in self._points]
        lights = [float(number) for number in self.luminance or ()]
        found = {"mastering-display": _written(points, lights)} if points and lights else {}
        return found | self._light("content-light")

    @property
    def _points(self) -> list[Point]:
        """Green, blue, red and white: the order of both encoders."""
        if self.primaries is None or self.white is None:
            return []
        red, green, blue = self.primaries
        return [green, blue, red, self.white]

    def _light(self, name: str) -> dict[str, str]:
        if self.brightest_pixel is None or self.brightest_average is None:
            return {}
        return {name: f"{self.brightest_pixel},{self.brightest_average}"}


def _display(coded: bytes) -> dict[str, Any]:
    """FFmpeg's AVMasteringDisplayMetadata: ten rationals, and whether either part is there."""
    *numbers, has_primaries, has_luminance = struct.unpack("=22i", coded[:88])
    parts = [Fraction(a, b) if b else Fraction(0) for a, b in zip(numbers[::2], numbers[1::2], strict=True)]
    places = list(zip(parts[:_CHROMATICITIES:2], parts[1:_CHROMATICITIES:2], strict=True))
    found: dict[str, Any] = {"primaries": tuple(places[:3]), "white": places[3]} if has_primaries else {}
    return found | ({"luminance": (parts[8], parts[9])} if has_luminance else {})


def _written(points: list[tuple[Any, ...]], lights: list[Any]) -> str:
    names = zip(["G", "B", "R", "WP"], points, strict=True)
    return "".join(f"{name}({x},{y})" for name, (x, y) in names) + f"L({lights[1]},{lights[0]})"
