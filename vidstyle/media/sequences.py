"""Settings of image sequences: how fast they run, and what their numbers mean."""

import re
from fractions import Fraction
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_NEAR = 0.005  # frames per second: 23.98 means 24000/1001 and 29.97 means 30000/1001
_FASTEST = 1000


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


class SequenceConfig(BaseModel):
    """How image sequences are read.

    Convention: `input_transfer` names what the numbers in the pictures are. `linear`: light of the scene, 1.0 = diffuse
    white. `display`: what a screen shows, 1.0 = white. `auto`: linear for EXR, display for all else. With an
    OpenColorIO configuration it is a colour space of that, by default its role scene_linear.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fps: Annotated[Fraction, BeforeValidator(parse_rate)] | None = Field(
        default=None, description="frames per second, such as 24000/1001; None: as the pictures say, else 24"
    )
    input_transfer: str = Field(default="auto", description="auto, linear, display, or a colour space of ocio_config")
    peak: float = Field(
        default=1.0, ge=1, le=65504, description="scene-linear light that the style sees as white, diffuse white = 1"
    )
    ocio_config: Path | None = Field(default=None, description="an OpenColorIO configuration file")
    ocio_display: str = Field(
        default="color_picking", description="the colour space or role of ocio_config that the style sees"
    )
