"""The layouts that checkpoints come in: what their keys and shapes tell, and how they call what we call otherwise."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vidstyle.networks.style import ChannelOrder, GeneratorSpec, ValueRange

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Guess:
    """What a layout makes of a checkpoint's keys; whether it fits is seen when all keys are compared.

    Convention: `foreign` gives for a key of our generator's state dict the one that the checkpoint should have.
    `reasons` say what was inferred and from what, one sentence each.
    """

    generator: GeneratorSpec
    foreign: Callable[[str], str]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """One way of naming a generator's weights."""

    name: str
    title: str
    value_range: ValueRange
    channel_order: ChannelOrder
    guess: Callable[[Shapes], Guess]


def first_of(shapes: Shapes, key: str, usual: int) -> int:
    """Give the outputs of the convolution called `key`, or what is usual where there is none."""
    return shapes[key][0] if shapes.get(key) else usual


def count(shapes: Shapes, pattern: str) -> int:
    """Count the keys that match `pattern` as a whole."""
    return sum(re.fullmatch(pattern, key) is not None for key in shapes)


def renamed(key: str, table: Mapping[str, str | Callable[[re.Match[str]], str]]) -> str:
    """Give `key` by the first pattern of `table` that its beginning matches; the rest of it is kept."""
    for pattern, wanted in table.items():
        if re.match(pattern, key):
            return re.sub(f"^{pattern}", wanted, key)
    raise KeyError(key)


def _cyclegan(shapes: Shapes) -> Guess:
    width = first_of(shapes, "model.1.weight", 64)
    blocks = count(shapes, r"model\.\d+\.conv_block\.1\.weight") or 9
    dropout = count(shapes, r"model\.\d+\.conv_block\.6\.weight") and not count(
        shapes, r"model\.\d+\.conv_block\.5\.weight"
    )
    norm, seen = _cyclegan_norm(shapes, "model.2")
    second = 6 if dropout else 5
    up = 10 + blocks

    table: dict[str, str | Callable[[re.Match[str]], str]] = {
        r"encoder\.(\d)\.([12])": lambda m: f"model.{3 * int(m[1]) + int(m[2])}",
        r"residual\.(\d+)\.branch\.0\.([12])": lambda m: f"model.{10 + int(m[1])}.conv_block.{m[2]}",
        r"residual\.(\d+)\.branch\.([23])": lambda m: f"model.{10 + int(m[1])}.conv_block.{second + int(m[2]) - 2}",
        r"decoder\.([01])\.([01])": lambda m: f"model.{up + 3 * int(m[1]) + int(m[2])}",
        r"decoder\.3": f"model.{up + 7}",
    }
    return Guess(
        GeneratorSpec(name="resnet", options={"width": width, "blocks": blocks, "norm": norm, "border": "zeros"}),
        lambda key: renamed(key, table),
        (
            f"width {width}: the outputs of model.1",
            f"{blocks} residual blocks: model.10 to model.{9 + blocks}",
            f"{norm} norm: {seen}",
            "dropout: conv_block.6 is a convolution; it is off at inference" if dropout else "no dropout: conv_block.5",
        ),
    )


def _cyclegan_norm(shapes: Shapes, name: str) -> tuple[str, str]:
    if f"{name}.weight" not in shapes:
        tracked = f", its old {name}.running_mean is not used" if f"{name}.running_mean" in shapes else ""
        return "instance", f"no {name}.weight{tracked}"
    if f"{name}.running_mean" in shapes:
        return "batch", f"{name} has a scale and a running mean"
    return "instance-affine", f"{name} has a scale and no running mean"


def _unet(shapes: Shapes) -> Guess:
    width = first_of(shapes, "model.model.0.weight", 64)
    depth = count(shapes, r"model\.model\.(?:0|1\.model\.(?:3\.model\.)*1)\.weight") or 8
    norm, seen = _cyclegan_norm(shapes, "model.model.1.model.2")

    def inside(level: int) -> str:
        return "model.model." if level == 0 else "model.model.1.model." + "3.model." * (level - 1)

    def place(middle: int, outermost: int, innermost: int) -> Callable[[re.Match[str]], str]:
        def named(match: re.Match[str]) -> str:
            level = int(match[1])
            return inside(level) + str({0: outermost, depth - 1: innermost}.get(level, middle))

        return named

    table: dict[str, str | Callable[[re.Match[str]], str]] = {
        r"downs\.(\d+)": place(1, 0, 1),
        r"down_norms\.(\d+)": lambda m: f"{inside(int(m[1]) + 1)}2",
        r"ups\.(\d+)": place(5, 3, 3),
        r"up_norms\.(\d+)": lambda m: inside(int(m[1]) + 1) + ("4" if int(m[1]) + 1 == depth - 1 else "6"),
    }
    return Guess(
        GeneratorSpec(name="unet", options={"width": width, "depth": depth, "norm": norm}),
        lambda key: renamed(key, table),
        (
            f"width {width}: the outputs of model.model.0",
            f"{depth} halvings (sides divisible by {2**depth}): nested models that begin with a convolution",
            f"{norm} norm: {seen}",
            "dropout can't be seen in a U-Net's keys; it is off at inference",
        ),
    )


def _animegan(shapes: Shapes) -> Guess:
    width = first_of(shapes, "block_a.0.1.weight", 32)
    table = {
        r"to_half": "block_a",
        r"to_quarter": "block_b",
        r"residual": "block_c",
        r"from_half": "block_d",
        r"from_whole": "block_e",
        r"last": "out_layer.0",
    }
    return Guess(
        GeneratorSpec(name="animegan2", options={"width": width, "align_corners": True}),
        lambda key: renamed(key, table),
        (
            f"width {width}: the outputs of block_a.0.1",
            "align_corners true: the published network's default, not seen in the keys; "
            "generator.options.align_corners on the card changes it",
        ),
    )


def _cartoongan(shapes: Shapes) -> Guess:
    width = first_of(shapes, "conv01_1.weight", 64)
    blocks = count(shapes, r"conv\d\d_1\.weight") - 3 if "conv04_1.weight" in shapes else 8
    table: dict[str, str | Callable[[re.Match[str]], str]] = {
        r"flat\.1": "conv01_1",
        r"flat\.2": "in01_1",
        r"downs\.(\d)\.([01])": lambda m: f"conv0{int(m[1]) + 2}_{int(m[2]) + 1}",
        r"downs\.(\d)\.2": lambda m: f"in0{int(m[1]) + 2}_1",
        r"residual\.(\d+)\.branch\.([15])": lambda m: f"conv{int(m[1]) + 4:02}_{1 if m[2] == '1' else 2}",
        r"residual\.(\d+)\.branch\.([26])": lambda m: f"in{int(m[1]) + 4:02}_{1 if m[2] == '2' else 2}",
        r"ups\.(\d)\.([01])": lambda m: f"deconv0{int(m[1]) + 1}_{int(m[2]) + 1}",
        r"ups\.(\d)\.2": lambda m: f"in{int(m[1]) + 4 + blocks:02}_1",
        r"last\.1": "deconv03_1",
    }

    def foreign(key: str) -> str:
        name = renamed(key, table)
        if not name.startswith("in"):
            return name
        return name.replace(".weight", ".scale").replace(".bias", ".shift")

    return Guess(
        GeneratorSpec(name="cartoongan", options={"width": width, "blocks": blocks}),
        foreign,
        (f"width {width}: the outputs of conv01_1", f"{blocks} residual blocks: conv04 to conv{blocks + 3:02}"),
    )


CLASSIC: tuple[Layout, ...] = (
    Layout("cyclegan-resnet", "CycleGAN's ResNet", "-1..1", "rgb", _cyclegan),
    Layout("pix2pix-unet", "pix2pix's U-Net", "-1..1", "rgb", _unet),
    Layout("animeganv2", "AnimeGANv2 in PyTorch", "-1..1", "rgb", _animegan),
    Layout("cartoongan", "CartoonGAN", "-1..1", "bgr", _cartoongan),
)
