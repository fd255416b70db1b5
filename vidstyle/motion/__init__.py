"""Where pixels went, what cannot be trusted, where a shot ends."""

from vidstyle.motion.cuts import CutConfig, CutDetector, thumbnail
from vidstyle.motion.flow import FLOW_ESTIMATORS, Flow, FlowEstimator, MotionConfig, build_estimator
from vidstyle.motion.luma import luma
from vidstyle.motion.visibility import consistency
from vidstyle.motion.warp import WarpMode, warp, warp_differentiable

__all__ = [
    "FLOW_ESTIMATORS",
    "CutConfig",
    "CutDetector",
    "Flow",
    "FlowEstimator",
    "MotionConfig",
    "WarpMode",
    "build_estimator",
    "consistency",
    "luma",
    "thumbnail",
    "warp",
    "warp_differentiable",
]
