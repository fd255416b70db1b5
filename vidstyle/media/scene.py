"""Light of the scene ↔ what a screen shows: the curve between an EXR's numbers and what a style was trained on.

The curve is sRGB's (IEC 61966-2-1:1999, 5.2) up to a knee, mirrored for values below 0, and above the knee

    v = v_k + a ln(1 + s (x - k) / a)

with k, v_k the knee and s the slope there. It has no end, so that light of any strength keeps its place and comes back.
"""

import math
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

Images = Float[Tensor, "n 3 h w"]

_LINEAR_BELOW = 0.0031308  # of light; the straight piece of sRGB
_CODE_BELOW = 0.04045
_SLOPE, _OFFSET, _GAMMA = 12.92, 0.055, 2.4
_KNEE = 0.5  # of light, where the roll-off to a peak above 1 begins
_STEPS = 60  # halvings: beyond a double's precision
LARGEST = 65504.0  # of a half float; what is infinite becomes this


class SceneCoding(BaseModel):
    """How scene-referred pictures became display-referred, so that the way back can be found.

    Convention: without `config` the built-in curve, on which light of strength `peak` becomes 1.0; with it from its
    colour space `space` to its colour space `display`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    peak: float = Field(default=1.0, ge=1, description="light that becomes 1.0, where diffuse white is 1")
    config: Path | None = Field(default=None, description="an OpenColorIO configuration")
    space: str = Field(default="scene_linear", description="colour space of the pictures")
    display: str = Field(default="color_picking", description="colour space that the style sees")

    def to_display(self, images: Images) -> Images:
        """What the style sees. Raises ConfigError, PluginError where OpenColorIO's configuration does not serve."""
        if self.config is not None:
            from vidstyle.media.ocio import converted  # noqa: PLC0415  an extra that most do without

            return converted(images, self.config, self.space, self.display)
        knee = _knee(self.peak)
        size = images.abs()
        curve = torch.where(size <= _LINEAR_BELOW, size * _SLOPE, _power(size.clamp(_LINEAR_BELOW, knee.light)))
        above = knee.code + knee.width * torch.log1p((size - knee.light).clamp_min(0) * (knee.slope / knee.width))
        return torch.where(size <= knee.light, curve, above).copysign(images)

    def to_scene(self, images: Images) -> Images:
        """The way back: exact to a half float from any half float. Raises what `to_display` raises."""
        if self.config is not None:
            from vidstyle.media.ocio import converted  # noqa: PLC0415

            return converted(images, self.config, self.display, self.space)
        knee = _knee(self.peak)
        size = images.abs()
        base = (size.clamp(_CODE_BELOW, knee.code) + _OFFSET) / (1 + _OFFSET)
        curve = torch.where(size <= _CODE_BELOW, size / _SLOPE, base**_GAMMA)
        above = knee.light + torch.expm1((size - knee.code).clamp_min(0) / knee.width) * (knee.width / knee.slope)
        return torch.where(size <= knee.code, curve, above).copysign(images)


class _Knee(NamedTuple):
    """Where the roll-off begins: light, code and slope there, and the width `a` of the logarithm."""

    light: float
    code: float
    slope: float
    width: float


@lru_cache
def _knee(peak: float) -> _Knee:
    light = 1.0 if peak == 1 else _KNEE
    code = (1 + _OFFSET) * light ** (1 / _GAMMA) - _OFFSET
    slope = (1 + _OFFSET) / _GAMMA * light ** (1 / _GAMMA - 1)
    if peak == 1:
        return _Knee(light, code, slope, slope)
    low, high = 1e-6, 1e3  # the code of the peak grows with the width
    for _ in range(_STEPS):
        width = math.sqrt(low * high)
        too_wide = code + width * math.log1p(slope * (peak - light) / width) > 1
        low, high = (low, width) if too_wide else (width, high)
    return _Knee(light, code, slope, math.sqrt(low * high))


def _power(light: Tensor) -> Tensor:
    return light ** (1 / _GAMMA) * (1 + _OFFSET) - _OFFSET
