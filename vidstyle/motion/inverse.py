"""The way back of a flow that is known in one direction only."""

import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.motion.warp import warp

_SHARPNESS = 20.0  # how strongly the better match wins where two points land on one pixel, per unit of luma
_LANDED = 0.25  # of a pixel's area: less than that is a hole


def followed(flow: Float[Tensor, "n 2 h w"], guess: Float[Tensor, "n 2 h w"]) -> Float[Tensor, "n 2 h w"]:
    """Give the way back of `flow` near a `guess` of it: b(q) = -f(q + guess(q)), one step of a fixed-point iteration.

    Convention: flow in pixels of its own grid; the result lies on the other picture. Where two surfaces come to lie on
    each other, the guess says which one is seen; how far that went, `flow` knows better.
    """
    return -warp(flow, guess, "bilinear")


def inverse(
    flow: Float[Tensor, "n 2 h w"], here: Float[Tensor, "n 1 h w"], there: Float[Tensor, "n 1 h w"]
) -> tuple[Float[Tensor, "n 2 h w"], Float[Tensor, "n 1 h w"]]:
    """Turn a flow from `here` to `there` into one from `there` to `here`, and say where anything landed.

    Convention: flow in pixels of these luma pictures; the result lies on `there`. Every point is carried along its
    vector and laid down bilinearly, vector turned round; where several land on one pixel the one that looks like what
    is there wins. The second tensor is 1 where something landed and 0 in holes, whose vectors are 0. NaN is carried
    nowhere.

    Source: Niklaus and Liu, Softmax splatting for video frame interpolation, 2020, equations 5 and 12 with brightness
    constancy as importance.
    """
    n, _, height, width = flow.shape
    known = flow.isfinite().all(1, keepdim=True)
    flow = flow.nan_to_num(0.0, 0.0, 0.0)
    importance = torch.exp(-_SHARPNESS * (here - warp(there, flow, "bilinear")).abs()) * known
    y, x = torch.meshgrid(*(torch.arange(side, device=flow.device) for side in (height, width)), indexing="ij")
    target_x, target_y = flow[:, 0] + x, flow[:, 1] + y
    carried = torch.cat((-flow * importance, importance, known.to(flow)), 1).flatten(2)
    landed = torch.zeros(n, 4, height * width, device=flow.device)
    for corner_x in (target_x.floor(), target_x.floor() + 1):
        for corner_y in (target_y.floor(), target_y.floor() + 1):
            share = (1 - (target_x - corner_x).abs()) * (1 - (target_y - corner_y).abs())
            inside = (corner_x >= 0) & (corner_y >= 0) & (corner_x < width) & (corner_y < height)
            place = torch.where(inside, corner_y * width + corner_x, 0).long().flatten(1)
            weight = (share * inside).flatten(1)[:, None]
            landed.scatter_add_(2, place[:, None].expand(-1, 4, -1), carried * weight)
    landed = landed.reshape(n, 4, height, width)
    vectors = landed[:, :2] / landed[:, 2:3].clamp_min(1e-12)
    there_is = landed[:, 3:] > _LANDED
    return torch.where(there_is, vectors, 0.0), there_is.to(flow)
