"""How good a result is: how still, how sharp, how alike."""

from vidstyle.measure.clips import Measures, WarpFigures, measure_clips
from vidstyle.measure.sharpness import SharpnessRatio, laplacian_variance
from vidstyle.measure.similarity import multi_scale_ssim
from vidstyle.measure.warping import WarpErrors, warp_error

__all__ = [
    "Measures",
    "SharpnessRatio",
    "WarpErrors",
    "WarpFigures",
    "laplacian_variance",
    "measure_clips",
    "multi_scale_ssim",
    "warp_error",
]
