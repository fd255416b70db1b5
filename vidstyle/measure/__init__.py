"""How good a result is: how still, how sharp, how alike."""

from vidstyle.measure.clips import measure_clips
from vidstyle.measure.drift import ColourShift, Drift, DriftFigures, ShotDrift, robust_slope
from vidstyle.measure.features import FeatureNetwork, feature_distance, load_features
from vidstyle.measure.figures import FrameFigures, Measures, TruthFigures, WarpFigures
from vidstyle.measure.gates import GateOutcome, Gates
from vidstyle.measure.inputs import Inputs
from vidstyle.measure.page import write_page
from vidstyle.measure.report import MeasureConfig, MeasureReport, measure_files
from vidstyle.measure.sharpness import SharpnessRatio, laplacian_variance
from vidstyle.measure.similarity import multi_scale_ssim
from vidstyle.measure.truth import GroundTruth, StabilityErrors
from vidstyle.measure.warping import WarpErrors, error_map, warp_error
from vidstyle.measure.worst import Region, WorstFrame, WorstFrames, offending_region

__all__ = [
    "ColourShift",
    "Drift",
    "DriftFigures",
    "FeatureNetwork",
    "FrameFigures",
    "GateOutcome",
    "Gates",
    "GroundTruth",
    "Inputs",
    "MeasureConfig",
    "MeasureReport",
    "Measures",
    "Region",
    "SharpnessRatio",
    "ShotDrift",
    "StabilityErrors",
    "TruthFigures",
    "WarpErrors",
    "WarpFigures",
    "WorstFrame",
    "WorstFrames",
    "error_map",
    "feature_distance",
    "laplacian_variance",
    "load_features",
    "measure_clips",
    "measure_files",
    "multi_scale_ssim",
    "offending_region",
    "robust_slope",
    "warp_error",
    "write_page",
]
