"""Keeps the blended picture as sharp as the generator's: no blur to look stable, no ringing to look sharp."""

import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.kernels.compiling import runs
from vidstyle.kernels.detail import restored
from vidstyle.kernels.ranges import clamped
from vidstyle.motion.neighbourhood import gaussian, highest, lowest, smooth, squared
from vidstyle.motion.sharpness import laplacian_variance

_DETAIL = 1.0  # px, sigma: finer than this is detail
_NEIGHBOURHOOD = 1.5  # px, sigma: over which its energy is compared
_RANGE = 3  # px: the new picture's range is taken this far around each pixel; so does `clamped`
_FLAT = 1e-5  # energy below which there is no detail to speak of: about one code of 255 in each channel
_LOWEST = 0.8  # factor: detail that lies beyond the new frame's is lowered, but not taken away at once
_KERNEL = 3  # px: smaller pictures have no Laplacian
_HASTE = 0.5  # exponent: how fast the aim follows what was reached
_AIMS = (0.5, 3.0)  # of the energy wanted


def within_range(
    past: Float[Tensor, "1 3 h w"], styled: Float[Tensor, "1 3 h w"], tolerance: float
) -> Float[Tensor, "1 3 h w"]:
    """Clamp the moved past to the range that the new picture has around each pixel, widened by `tolerance`.

    A style draws beyond what it draws: the contour of a passing object lies on a background that itself did not change,
    where the source says that the past can be trusted. Without the clamp that contour stays behind as a ghost.

    Source: neighbourhood clamping of temporal anti-aliasing (Karis, SIGGRAPH 2014 course).
    """
    if tolerance >= 1:
        return past
    if runs(past, styled):
        return clamped(past, styled, tolerance)
    return past.clamp(lowest(styled, _RANGE) - tolerance, highest(styled, _RANGE) + tolerance)


def restore_detail(
    blended: Float[Tensor, "1 3 h w"],
    styled: Float[Tensor, "1 3 h w"],
    gain: float,
    aim: Float[Tensor, " 1"] | float = 1.0,
) -> Float[Tensor, "1 3 h w"]:
    """Bring the blended picture's fine detail to `aim` times the energy that the new frame has around the same place.

    Convention: detail is what a Gaussian of 1 px takes away, its energy is averaged with a Gaussian of 1.5 px; detail
    is multiplied by .8 to `gain`. The result is what the recurrence goes on with: each resampling's loss is made good
    before the next one.
    """
    if runs(blended, styled):
        kernels = gaussian(_DETAIL), gaussian(_NEIGHBOURHOOD)
        return restored(blended, styled, *kernels, aim=float(aim), bounds=(_LOWEST, gain), flat=_FLAT)
    detail = blended - smooth(blended, _DETAIL)
    present, wanted = _energy(detail), _energy(styled - smooth(styled, _DETAIL))
    factor = wanted.mul_(aim).add_(_FLAT).div_(present.add_(_FLAT)).sqrt_().clamp_(_LOWEST, gain).sub_(1)
    return torch.addcmul(blended, detail, factor)


def _energy(detail: Float[Tensor, "1 3 h w"]) -> Float[Tensor, "1 1 h w"]:
    return smooth(squared(detail), _NEIGHBOURHOOD)


def next_aim(
    aim: Float[Tensor, " 1"], output: Float[Tensor, "1 3 h w"], styled: Float[Tensor, "1 3 h w"], sharpness: float
) -> Float[Tensor, " 1"]:
    """Give the aim of the frame after: higher where this one came out less sharp than `sharpness`, else lower.

    Convention: sharpness is the variance of the luma's Laplacian relative to the new frame's. Restored energy is not
    that figure, since a Gaussian's remainder and a Laplacian weigh frequencies differently; this closes the loop.
    """
    if min(output.shape[-2:]) < _KERNEL:
        return aim
    reached = laplacian_variance(output) / laplacian_variance(styled).clamp(min=1e-9)
    return (aim * (sharpness / reached.clamp(min=1e-3)) ** _HASTE).clamp(*_AIMS)
