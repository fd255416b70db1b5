"""Flow between frames far apart: small steps one after the other, then a last look at what is left."""

from collections.abc import Sequence
from functools import reduce

import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.motion import Flow, FlowEstimator, warp
from vidstyle.motion.neighbourhood import smooth
from vidstyle.motion.visibility import outside

_NEIGHBOURHOOD = 2.0  # px, sigma: over which two flows' errors are compared


def far_flow(
    earlier: Float[Tensor, "1 3 h w"],
    later: Float[Tensor, "1 3 h w"],
    steps: Sequence[Flow],
    estimator: FlowEstimator,
) -> Flow:
    """Give the flow from an earlier frame to a later one, of which the steps between the frames in between are known.

    Convention: flow on the EARLIER frame, in pixels, to the later one; `steps` in the order of time, each from a frame
    to one after it, the first from `earlier`, the last to `later`. A single step is the answer as it is. Estimated
    directly, frames ten apart are too unlike: where much moves or little is to be seen, the search gets lost.
    """
    if len(steps) == 1:
        return steps[0]
    flow = _refined(earlier, later, reduce(followed_by, steps), estimator)
    return Flow(flow.to_previous, flow.visibility * (~outside(flow.to_previous)).float())


def followed_by(first: Flow, then: Flow) -> Flow:
    """Join two flows: from a frame along `first` to a second one, and on from there along `then` to a third.

    Convention: visible is what both see.
    """
    moved = warp(torch.cat((then.to_previous, then.visibility), 1), first.to_previous, "bilinear")
    return Flow(first.to_previous + moved[:, :2], torch.minimum(first.visibility, moved[:, 2:]))


def _refined(earlier: Tensor, later: Tensor, chain: Flow, estimator: FlowEstimator) -> Flow:
    # Each step is a little off, and a chain adds that up: what is still amiss once the later frame has been laid onto
    # the earlier one is small, so that it can be estimated. Where the new flow explains the picture less, it is wrong.
    rest = estimator(earlier, warp(later, chain.to_previous, "bilinear"))
    total = followed_by(rest, chain)
    better = _amiss(earlier, later, total) <= _amiss(earlier, later, chain)
    visibility = torch.minimum(rest.visibility, torch.where(better, total.visibility, chain.visibility))
    return Flow(torch.where(better, total.to_previous, chain.to_previous), visibility)


def _amiss(earlier: Tensor, later: Tensor, flow: Flow) -> Float[Tensor, "1 1 h w"]:
    return smooth((earlier - warp(later, flow.to_previous, "bilinear")).square().mean(1, keepdim=True), _NEIGHBOURHOOD)
