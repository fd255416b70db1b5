"""Settings of image sequences: how fast they run, and what their numbers mean."""

from fractions import Fraction
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from vidstyle.timecode import parse_rate


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
