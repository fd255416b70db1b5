"""Where pixels went, what cannot be trusted, where a shot ends."""

from vidstyle.motion.build import build_estimator, require_motion
from vidstyle.motion.colours import colour_wheel, flow_colours
from vidstyle.motion.cuts import Change, CutConfig, CutDetector, parse_cuts, thumbnail
from vidstyle.motion.flow import FLOW_ESTIMATORS, Flow, FlowEstimator, MotionConfig
from vidstyle.motion.luma import luma
from vidstyle.motion.vector_files import VectorConfig
from vidstyle.motion.visibility import BEYOND, consistency, outside, strain
from vidstyle.motion.warp import WarpMode, warp, warp_differentiable

__all__ = [
    "BEYOND",
    "FLOW_ESTIMATORS",
    "Change",
    "CutConfig",
    "CutDetector",
    "Flow",
    "FlowEstimator",
    "MotionConfig",
    "VectorConfig",
    "WarpMode",
    "build_estimator",
    "colour_wheel",
    "consistency",
    "flow_colours",
    "luma",
    "outside",
    "parse_cuts",
    "require_motion",
    "strain",
    "thumbnail",
    "warp",
    "warp_differentiable",
]
