"""Makes an estimator ready for use: with a cache where one is asked for, and at the frames' own size."""

from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.motion.cache import CachedFlow, FlowCache
from vidstyle.motion.flow import FLOW_ESTIMATORS, Flow, FlowEstimator, MotionConfig
from vidstyle.motion.sizes import resized

STEPS = 256  # a pixel: what estimators find is rounded to that, so that a cached flow is the very same


def build_estimator(config: MotionConfig) -> FlowEstimator:
    """Make the estimator that `config` names; its flow has the frames' own size.

    Raises:
        PluginError: there is none of that name, or what it needs is not installed.
        ConfigError: what it needs beside is not there or damaged, or the cache's folder can't be written.
    """
    estimator = FLOW_ESTIMATORS.get(config.estimator)(config)
    if getattr(estimator, "identity", "") is None:
        return _FullSize(estimator)
    rounded: FlowEstimator = _Rounded(estimator)
    if config.cache is not None:
        rounded = CachedFlow(rounded, FlowCache(config.cache, config.cache_limit), settings_of(config, estimator))
    return _FullSize(rounded)


def require_motion(config: MotionConfig, frames: range) -> None:
    """Look, before a render of those frames begins, whether their motion can be had.

    Raises what `build_estimator` raises, and ConfigError where an estimator lacks something for one of the frames.
    """
    require = getattr(FLOW_ESTIMATORS.get(config.estimator), "require", None)
    if require is not None:
        require(FLOW_ESTIMATORS.get(config.estimator)(config), [f for f in frames[1:] if f not in config.cuts.at])


def settings_of(config: MotionConfig, estimator: FlowEstimator) -> str:
    """Say all that the answers depend on beside the pictures."""
    settings = config.model_dump_json(exclude={"cache", "cache_limit", "cuts", "vectors", "weights"})
    return f"{settings} torch {torch.__version__} {getattr(estimator, 'identity', '')}"


class _Rounded:
    def __init__(self, estimator: FlowEstimator) -> None:
        self._estimator = estimator
        self.reads: Literal["luma", "rgb"] = estimator.reads

    def __call__(
        self,
        current: Float[Tensor, "n c h w"],
        previous: Float[Tensor, "n c h w"],
        numbers: Sequence[tuple[int, int]] | None = None,
    ) -> Flow:
        flow = self._estimator(current, previous, numbers)
        return Flow((flow.to_previous * STEPS).round() / STEPS + 0.0, flow.visibility)  # + 0.0: no -0.0


class _FullSize:
    def __init__(self, estimator: FlowEstimator) -> None:
        self._estimator = estimator
        self.reads: Literal["luma", "rgb"] = estimator.reads

    def __call__(
        self,
        current: Float[Tensor, "n c h w"],
        previous: Float[Tensor, "n c h w"],
        numbers: Sequence[tuple[int, int]] | None = None,
    ) -> Flow:
        height, width = current.shape[-2:]
        return resized(self._estimator(current, previous, numbers), height, width)
