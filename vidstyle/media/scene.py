"""Light of the scene ↔ what a screen shows: the curve between an EXR's numbers and what a style was trained on.

The curve is sRGB's (IEC 61966-2-1:1999, 5.2) up to a knee, mirrored for values below 0, and above the knee

    v = v_k + a ln(1 + s (x - k) / a)

with k, v_k the knee and s the slope there. It has no end, so that light of any strength keeps its place and comes back.

PQ and HLG say themselves what light they mean: Rec. ITU-R BT.2100-2 (2018), tables 4 and 5.
"""

import math
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

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
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128  # of PQ
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
_PQ_PEAK, _PQ_LAST = 10_000, 1.9  # cd/m² at code 1; a code before the formula's pole
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073  # of HLG
_REFERENCE_WHITE = 203  # cd/m², and HLG's code .75: Rep. ITU-R BT.2408-7 (2023), 2.1
_HLG_WHITE = (math.exp((0.75 - _C) / _A) + _B) / 12
CURVES: dict[str, Literal["srgb", "pq", "hlg"]] = {"smpte2084": "pq", "arib-std-b67": "hlg"}  # by transfer
LARGEST = 65504.0  # of a half float; what is infinite becomes this


class SceneCoding(BaseModel):
    """How scene-referred pictures became display-referred, so that the way back can be found.

    Convention: without `config` the built-in curve, on which light of strength `peak` becomes 1.0; with it from its
    colour space `space` to its colour space `display`. PQ's light is that of its display, 1.0 at 203 cd/m²; HLG's is
    that of the scene, 1.0 at code 0.75: both are reference white.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    peak: float = Field(default=1.0, ge=1, description="light that becomes 1.0, where diffuse white is 1")
    curve: Literal["srgb", "pq", "hlg"] = Field(default="srgb", description="of the codes; peak is for srgb alone")
    config: Path | None = Field(default=None, description="an OpenColorIO configuration")
    space: str = Field(default="scene_linear", description="colour space of the pictures")
    display: str = Field(default="color_picking", description="colour space that the style sees")

    def to_display(self, images: Images) -> Images:
        """What the style sees. Raises ConfigError, PluginError where OpenColorIO's configuration does not serve."""
        if self.config is not None:
            from vidstyle.media.ocio import converted  # noqa: PLC0415  an extra that most do without

            return converted(images, self.config, self.space, self.display)
        if self.curve != "srgb":
            code = _pq_code if self.curve == "pq" else _hlg_code
            return code(images.abs().double()).float().copysign(images)
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
        if self.curve != "srgb":
            light = _pq_light if self.curve == "pq" else _hlg_light
            return light(images.abs().double()).float().copysign(images)
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


def _pq_light(code: Tensor) -> Tensor:
    root = code.clamp_max(_PQ_LAST) ** (1 / _M2)
    return ((root - _C1).clamp_min(0) / (_C2 - _C3 * root)) ** (1 / _M1) * (_PQ_PEAK / _REFERENCE_WHITE)


def _pq_code(light: Tensor) -> Tensor:
    root = (light * (_REFERENCE_WHITE / _PQ_PEAK)) ** _M1
    return ((_C1 + _C2 * root) / (1 + _C3 * root)) ** _M2


def _hlg_light(code: Tensor) -> Tensor:
    light = torch.where(code <= 0.5, code**2 / 3, (torch.exp((code - _C) / _A) + _B) / 12)  # noqa: PLR2004
    return light / _HLG_WHITE


def _hlg_code(light: Tensor) -> Tensor:
    scene = light * _HLG_WHITE
    return torch.where(scene <= 1 / 12, (3 * scene).sqrt(), _A * torch.log((12 * scene - _B).clamp_min(1e-9)) + _C)
