"""RAFT's small network (Teed and Deng 2020) written from the authors' keys and the paper, by plain functions."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, grid_sample, instance_norm, interpolate

Weights = Mapping[str, Tensor]

_HIDDEN, _LEVELS, _RADIUS = 96, 4, 3


def raft_small(w: Weights, first: Tensor, second: Tensor, updates: int = 12) -> Tensor:
    """Flow from `first` to `second`, pixels. Convention: RGB -1 to 1, sides divisible by 8; `module.` is taken off."""
    one, other = (_encoded(w, "fnet", x, normed=True) for x in (first, second))
    pyramid = _correlated(one, other)
    context = _encoded(w, "cnet", first, normed=False)
    hidden, inputs = context[:, :_HIDDEN].tanh(), context[:, _HIDDEN:].relu()
    start = _grid(one)
    place = start.clone()
    for _ in range(updates):
        moved = _motion(w, _looked_up(pyramid, place), place - start)
        hidden = _gru(w, hidden, torch.cat((inputs, moved), 1))
        head = _conv(w, "update_block.flow_head.conv1", hidden).relu()
        place = place + _conv(w, "update_block.flow_head.conv2", head)
    return 8 * interpolate(place - start, scale_factor=8, mode="bilinear", align_corners=True)


def _conv(w: Weights, name: str, x: Tensor, stride: int = 1) -> Tensor:
    weight = w[f"{name}.weight"]
    return conv2d(x, weight, w[f"{name}.bias"], stride, weight.shape[-1] // 2)


def _encoded(w: Weights, name: str, x: Tensor, *, normed: bool) -> Tensor:
    def layer(x: Tensor, part: str, stride: int = 1) -> Tensor:
        y = _conv(w, f"{name}.{part}", x, stride)
        return instance_norm(y) if normed else y

    x = layer(x, "conv1", 2).relu()
    for number in (1, 2, 3):
        for block in (0, 1):
            part, stride = f"layer{number}.{block}", 2 if number > 1 and block == 0 else 1
            y = layer(layer(x, f"{part}.conv1").relu(), f"{part}.conv2", stride).relu()
            y = layer(y, f"{part}.conv3").relu()
            x = ((layer(x, f"{part}.downsample.0", stride) if stride == 2 else x) + y).relu()
    return _conv(w, f"{name}.conv2", x)


def _correlated(one: Tensor, other: Tensor) -> list[Tensor]:
    n, c, h, w = one.shape
    all_pairs = torch.einsum("nchw,ncij->nhwij", one, other).reshape(n * h * w, 1, h, w) / c**0.5
    pyramid = [all_pairs]
    while len(pyramid) < _LEVELS:
        pyramid.append(avg_pool2d(pyramid[-1], 2))
    return pyramid


def _looked_up(pyramid: list[Tensor], place: Tensor) -> Tensor:
    n, _, h, w = place.shape
    reach = torch.arange(-_RADIUS, _RADIUS + 1.0)
    # As published: the first axis of the window moves along x.
    window = torch.stack(torch.meshgrid(reach, reach, indexing="ij"), -1)
    found = []
    for level, values in enumerate(pyramid):
        at = place.permute(0, 2, 3, 1).reshape(n * h * w, 1, 1, 2) / 2**level + window
        sides = torch.tensor([values.shape[-1], values.shape[-2]])
        seen = grid_sample(values, 2 * at / (sides - 1) - 1, align_corners=True)
        found.append(seen.reshape(n, h, w, -1))
    return torch.cat(found, -1).permute(0, 3, 1, 2)


def _motion(w: Weights, correlation: Tensor, flow: Tensor) -> Tensor:
    name = "update_block.encoder"
    seen = _conv(w, f"{name}.convc1", correlation).relu()
    moved = _conv(w, f"{name}.convf2", _conv(w, f"{name}.convf1", flow).relu()).relu()
    return torch.cat((_conv(w, f"{name}.conv", torch.cat((seen, moved), 1)).relu(), flow), 1)


def _gru(w: Weights, hidden: Tensor, x: Tensor) -> Tensor:
    both = torch.cat((hidden, x), 1)
    update, reset = (_conv(w, f"update_block.gru.conv{gate}", both).sigmoid() for gate in "zr")
    new = _conv(w, "update_block.gru.convq", torch.cat((reset * hidden, x), 1)).tanh()
    return (1 - update) * hidden + update * new


def _grid(x: Tensor) -> Tensor:
    y, x_ = torch.meshgrid(torch.arange(float(x.shape[-2])), torch.arange(float(x.shape[-1])), indexing="ij")
    return torch.stack((x_, y))[None].repeat(x.shape[0], 1, 1, 1)
