"""Planes ↔ RGB, exact: planes → RGB → planes gives every code back, at every depth, in float32."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.kernels import colour
from vidstyle.kernels.compiling import runs
from vidstyle.media.colour import LUMA_WEIGHTS

_SUBSAMPLING = {"410": (2, 2), "411": (2, 0), "420": (1, 1), "422": (1, 0), "440": (0, 1), "444": (0, 0)}
_NAME = re.compile(r"(?:(?P<yuv>yuv[ja]?)(?P<sub>\d{3})p|(?P<rgb>gbra?p)|(?P<gray>gray))(?P<bits>\d{1,2})?(?:le)?")


@dataclass(frozen=True, slots=True)
class PlaneLayout:
    """How FFmpeg lays out a planar pixel format.

    Convention:
        planes   Y, Cb, Cr for yuv; G, B, R for rgb; Y alone for gray; and opacity last where `alpha` is true.
        shift_x, shift_y   chroma is subsampled by 2**shift; sizes are rounded up.
    """

    name: str
    kind: Literal["yuv", "rgb", "gray"]
    bits: int
    shift_x: int = 0
    shift_y: int = 0

    @classmethod
    def of(cls, name: str) -> "PlaneLayout | None":
        """The layout of FFmpeg's planar little-endian format `name`; None for every other format."""
        match = _NAME.fullmatch(name)
        if match is None or not 8 <= int(match["bits"] or 8) <= 16:  # noqa: PLR2004 (codes of one or two bytes)
            return None
        bits = int(match["bits"] or 8)
        if match["yuv"]:
            return cls(name, "yuv", bits, *_SUBSAMPLING[match["sub"]]) if match["sub"] in _SUBSAMPLING else None
        return cls(name, "rgb" if match["rgb"] else "gray", bits)

    @property
    def alpha(self) -> bool:
        """Whether a last plane of full size holds opacity."""
        return self.name.startswith(("yuva", "gbrap"))

    @property
    def count(self) -> int:
        """How many planes carry colour."""
        return 1 if self.kind == "gray" else 3

    @property
    def dtype(self) -> torch.dtype:
        """The integer type of a code."""
        return torch.uint8 if self.bits == 8 else torch.uint16  # noqa: PLR2004

    def shapes(self, height: int, width: int) -> list[tuple[int, int]]:
        """Height and width of each plane, of opacity last."""
        chroma = (-(-height >> self.shift_y), -(-width >> self.shift_x))
        return [(height, width), chroma, chroma][: self.count] + [(height, width)] * self.alpha


@dataclass(frozen=True, slots=True)
class PlaneConverter:
    """Converts between integer planes and display-referred RGB.

    Convention: RGB 0.0 is reference black and 1.0 reference white, so that limited-range codes below 16 or above 235
    leave the interval and come back. Chroma goes up by repetition and down by the mean of its block; only the last
    step, to codes, clamps. Codes are rounded half up. Equations: ITU-T H.273 (2021), 8.3, equations 20-45.
    """

    layout: PlaneLayout
    matrix: str
    full_range: bool

    def to_rgb(self, planes: Sequence[Tensor]) -> Float[Tensor, "n 3 h w"]:
        """Planes of shape (n, h, w), integer codes, to RGB on the same device."""
        if self.layout.kind == "yuv" and planes[0].device.type == "cpu":
            return colour.to_rgb(planes[:3], self._block, self._luma, self._chroma, LUMA_WEIGHTS[self.matrix])
        return self.to_rgb_by_torch(planes)

    def to_planes(self, rgb: Float[Tensor, "n 3 h w"]) -> tuple[Tensor, ...]:
        """RGB to planes of shape (n, h, w), integer codes, on the same device."""
        if self.layout.kind == "yuv" and runs(rgb):
            top = (1 << self.layout.bits) - 1
            return colour.to_planes(rgb, self._block, self._luma, self._chroma, LUMA_WEIGHTS[self.matrix], top)
        return self.to_planes_by_torch(rgb)

    def to_rgb_by_torch(self, planes: Sequence[Tensor]) -> Float[Tensor, "n 3 h w"]:
        """Do the same on any device."""
        height, width = planes[0].shape[-2:]
        low, span = self._luma
        first = planes[0].to(torch.float32).sub_(low).div_(span)
        if self.layout.kind == "gray":
            return first[:, None].expand(-1, 3, -1, -1).contiguous()
        if self.layout.kind == "rgb":
            blue, red = (plane.to(torch.float32).sub_(low).div_(span) for plane in planes[1:3])
            return torch.stack((red, first, blue), dim=1)
        red_weight, blue_weight = LUMA_WEIGHTS[self.matrix]
        middle, chroma_span = self._chroma
        cb, cr = (plane.to(torch.float32).sub_(middle).div_(chroma_span) for plane in planes[1:3])
        blue = cb * (2 * (1 - blue_weight))
        red = cr * (2 * (1 - red_weight))
        green = (red * red_weight + blue * blue_weight) / -(1 - red_weight - blue_weight)
        rgb = torch.stack([self._up(offset, height, width) for offset in (red, green, blue)], dim=1)
        return rgb.add_(first[:, None])

    def to_planes_by_torch(self, rgb: Float[Tensor, "n 3 h w"]) -> tuple[Tensor, ...]:
        """Do the same on any device, for any type of float."""
        red, green, blue = rgb.unbind(dim=1)
        if self.layout.kind == "rgb":
            return tuple(self._quantize(plane, *self._luma) for plane in (green, blue, red))
        red_weight, blue_weight = LUMA_WEIGHTS[self.matrix]
        luma = green * (1 - red_weight - blue_weight) + red * red_weight + blue * blue_weight
        planes = (self._quantize(luma, *self._luma),)
        if self.layout.kind == "gray":
            return planes
        cb = self._down(blue - luma).div_(2 * (1 - blue_weight))
        cr = self._down(red - luma).div_(2 * (1 - red_weight))
        return (*planes, self._quantize(cb, *self._chroma), self._quantize(cr, *self._chroma))

    @property
    def _luma(self) -> tuple[int, int]:
        """The code of reference black, and how many codes lie between black and white."""
        top = 1 << self.layout.bits
        return (0, top - 1) if self.full_range else (16 * top >> 8, 219 * top >> 8)

    @property
    def _chroma(self) -> tuple[int, int]:
        top = 1 << self.layout.bits
        return top >> 1, top - 1 if self.full_range else 224 * top >> 8

    @property
    def _block(self) -> tuple[int, int]:
        """How many rows and columns of luma share a code of chroma."""
        return 1 << self.layout.shift_y, 1 << self.layout.shift_x

    def _quantize(self, plane: Tensor, low: int, span: int) -> Tensor:
        codes = plane.mul(span).add_(low + 0.5).floor_().clamp_(0, (1 << self.layout.bits) - 1)
        return codes.to(self.layout.dtype)

    def _up(self, plane: Tensor, height: int, width: int) -> Tensor:
        count, rows, columns = plane.shape
        tall, wide = self._block
        if tall == wide == 1:
            return plane
        repeated = plane[:, :, None, :, None].expand(count, rows, tall, columns, wide)
        return repeated.reshape(count, rows * tall, columns * wide)[:, :height, :width]

    def _down(self, plane: Tensor) -> Tensor:
        tall, wide = self._block
        if tall == wide == 1:
            return plane
        height, width = plane.shape[-2:]
        edge = (0, -width % wide, 0, -height % tall)
        if any(edge):
            plane = torch.nn.functional.pad(plane[:, None], edge, mode="replicate")[:, 0]
        return torch.nn.functional.avg_pool2d(plane[:, None], (tall, wide))[:, 0]
