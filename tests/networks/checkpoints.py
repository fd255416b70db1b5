"""Small checkpoints in every layout, with random weights."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from vidstyle.networks import GeneratorSpec, build_generator
from vidstyle.networks.checkpoints.recognizing import LAYOUTS

# Keys that tell each layout's options, as its guess reads them, and the options that then come out.
FAST = {"widths": [4, 8, 12], "blocks": 2}
SMALL: dict[str, dict[str, Any]] = {
    "cyclegan-resnet": {"width": 4, "blocks": 3, "norm": "instance", "border": "zeros"},
    "pix2pix-unet": {"width": 4, "depth": 5, "norm": "batch"},
    "animeganv2": {"width": 4, "align_corners": True},
    "cartoongan": {"width": 4, "blocks": 2},
    "pytorch-fast-style": FAST | {"output": "linear"},
    "reconet": FAST | {"output": "tanh-255"},
    "reconet-nested": FAST | {"relu_after_sum": True, "output": "tanh"},
    "rrmina-fast-style": FAST | {"bottleneck": 6, "upsample": "transposed"},
    "tensorflow-fast-style": FAST
    | {"upsample": "transposed", "border": "tensorflow", "last_norm": True, "output": "tanh-150"},
}
GENERATORS = {
    "cyclegan-resnet": "resnet",
    "pix2pix-unet": "unet",
    "animeganv2": "animegan2",
    "cartoongan": "cartoongan",
}


def spec(layout: str, **options: Any) -> GeneratorSpec:
    return GeneratorSpec(name=GENERATORS.get(layout, "fast-style"), options=SMALL[layout] | options)


def checkpoint(layout: str, *, seed: int = 0, **options: Any) -> dict[str, Tensor]:
    """Random weights under the layout's own names. Which keys there are is found by guessing twice."""
    torch.manual_seed(seed)
    ours = build_generator(spec(layout, **options)).state_dict()
    shapes: Mapping[str, tuple[int, ...]] = {}
    for _ in range(3):  # the names depend on the number of blocks, which a guess reads from the names
        foreign = _foreign(layout, shapes, len(ours), SMALL[layout] | options)
        shapes = {foreign(key): tuple(value.shape) for key, value in ours.items()}
    return {foreign(key): _lively(key, value) for key, value in ours.items()}


def _foreign(layout: str, shapes: Mapping[str, tuple[int, ...]], tensors: int, options: Mapping[str, Any]) -> Any:
    blocks = options.get("blocks", options.get("depth", 0))
    seeds = {
        "cyclegan-resnet": {f"model.{10 + n}.conv_block.1.weight": () for n in range(blocks)},
        "pix2pix-unet": {
            "model.model.0.weight": (),
            **{f"model.model.1.model.{'3.model.' * n}1.weight": () for n in range(blocks - 1)},
        },
        "cartoongan": {f"conv{n:02}_1.weight": () for n in range(1, 4 + blocks)},
        "tensorflow-fast-style": {str(n): () for n in range(tensors)},
    }
    return LAYOUTS[layout].guess(shapes or seeds.get(layout, {})).foreign


def _lively(key: str, value: Tensor) -> Tensor:
    """Norms that would do nothing must do something, or a mistake about them would not show."""
    if value.dtype == torch.int64:
        return value
    if key.endswith("running_var"):
        return torch.rand_like(value) + 0.5
    return value + 0.1 * torch.randn_like(value) if value.dim() == 1 else value * 1.5
