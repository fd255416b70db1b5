"""The layouts of fast neural style: one network, named in five ways."""

import re
from collections.abc import Callable

from vidstyle.networks.checkpoints.layouts import Guess, Layout, Shapes, count, first_of, renamed
from vidstyle.networks.style import GeneratorSpec

_Table = dict[str, str | Callable[[re.Match[str]], str]]


def _widths(shapes: Shapes, *keys: str) -> list[int]:
    return [first_of(shapes, key, usual) for key, usual in zip(keys, (32, 64, 128), strict=True)]


def _spec(widths: list[int], blocks: int, **options: object) -> GeneratorSpec:
    return GeneratorSpec(name="fast-style", options={"widths": widths, "blocks": blocks, **options})


def _of_widths(widths: list[int], *keys: str) -> str:
    return f"widths {', '.join(map(str, widths))}: the outputs of {', '.join(keys)}"


def _pytorch(shapes: Shapes, *, reconet: bool) -> Guess:
    keys = [f"conv{number}.conv2d" for number in (1, 2, 3)]
    widths = _widths(shapes, *(f"{key}.weight" for key in keys))
    blocks = count(shapes, r"res\d+\.conv1\.conv2d\.weight") or 5
    norm: _Table = {
        r"encoder\.([024])\.norm": lambda m: f"in{int(m[1]) // 2 + 1}",
        r"decoder\.([02])\.norm": lambda m: f"in{int(m[1]) // 2 + 4}",
    }
    if reconet:
        norm = {
            r"encoder\.([024])\.norm": lambda m: f"conv{int(m[1]) // 2 + 1}.instance",
            r"decoder\.([02])\.norm": lambda m: f"deconv{int(m[1]) // 2 + 1}.instance",
        }
    table: _Table = norm | {
        r"encoder\.([024])\.conv": lambda m: f"conv{int(m[1]) // 2 + 1}.conv2d",
        r"residual\.(\d+)\.layers\.(\d)\.conv": lambda m: f"res{int(m[1]) + 1}.conv{int(m[2]) + 1}.conv2d",
        r"residual\.(\d+)\.layers\.(\d)\.norm": lambda m: f"res{int(m[1]) + 1}.in{int(m[2]) + 1}",
        r"decoder\.([02])\.conv": lambda m: f"deconv{int(m[1]) // 2 + 1}.conv2d",
        r"last\.conv": "deconv3.conv2d",
    }
    end = (
        "output 127.5 + 150 tanh(x / 255): norms are inside the convolutions (conv1.instance), as in ReCoNet"
        if reconet
        else "output as it is: norms stand beside the convolutions (in1), as in PyTorch's example"
    )
    reasons = (_of_widths(widths, *keys), f"{blocks} residual blocks: res1 to res{blocks}", end)
    return Guess(
        _spec(widths, blocks, output="tanh-255" if reconet else "linear"), lambda key: renamed(key, table), reasons
    )


def _reconet_nested(shapes: Shapes) -> Guess:
    keys = [f"encoder.layers.{number}.layers.0.layers.1" for number in range(3)]
    widths = [first_of(shapes, f"{key}.weight", usual) for key, usual in zip(keys, (48, 96, 192), strict=True)]
    blocks = count(shapes, r"encoder\.layers\.\d+\.branch\.0\.layers\.0\.layers\.1\.weight") or 4

    def at(name: str, part: str) -> str:
        return f"{name}.layers.{'0.layers.1' if part == 'conv' else '1'}"

    table: _Table = {
        r"encoder\.([024])\.(conv|norm)": lambda m: at(f"encoder.layers.{int(m[1]) // 2}", m[2]),
        r"residual\.(\d+)\.layers\.(\d)\.(conv|norm)": lambda m: at(
            f"encoder.layers.{int(m[1]) + 3}.branch.{m[2]}", m[3]
        ),
        r"decoder\.([02])\.(conv|norm)": lambda m: at(f"decoder.layers.{int(m[1]) + 1}", m[2]),
        r"last\.conv": "decoder.layers.4.layers.0.layers.1",
    }
    return Guess(
        _spec(widths, blocks, relu_after_sum=True, output="tanh"),
        lambda key: renamed(key, table),
        (
            _of_widths(widths, *keys),
            f"{blocks} residual blocks: encoder.layers.3 to encoder.layers.{blocks + 2}",
            "a ReLU after each sum, and tanh at the end: so this layout has it",
        ),
    )


def _rrmina(shapes: Shapes) -> Guess:
    keys = [f"ConvBlock.{number}.conv_layer" for number in (0, 2, 4)]
    widths = _widths(shapes, *(f"{key}.weight" for key in keys))
    blocks = count(shapes, r"ResidualBlock\.\d+\.conv1\.conv_layer\.weight") or 5
    inner = first_of(shapes, "ResidualBlock.0.conv1.conv_layer.weight", 64)
    bottleneck = inner if "ResidualBlock.0.conv3.conv_layer.weight" in shapes else 0
    table: _Table = {
        r"encoder\.([024])\.(conv|norm)": lambda m: f"ConvBlock.{m[1]}.{m[2]}_layer",
        r"residual\.(\d+)\.layers\.(\d)\.(conv|norm)": lambda m: (
            f"ResidualBlock.{m[1]}.conv{int(m[2]) + 1}.{m[3]}_layer"
        ),
        r"decoder\.([02])\.conv": lambda m: f"DeconvBlock.{m[1]}.conv_transpose",
        r"decoder\.([02])\.norm": lambda m: f"DeconvBlock.{m[1]}.norm_layer",
        r"last\.conv": "DeconvBlock.4.conv_layer",
    }
    shape = (
        f"1x1, 3x3, 1x1 over {bottleneck} channels: there is a conv3" if bottleneck else "two 3x3: there is no conv3"
    )
    return Guess(
        _spec(widths, blocks, bottleneck=bottleneck, upsample="transposed"),
        lambda key: renamed(key, table),
        (
            _of_widths(widths, *keys),
            f"{blocks} residual blocks of {shape}",
            "transposed convolutions: DeconvBlock.0.conv_transpose",
        ),
    )


def _tensorflow(shapes: Shapes) -> Guess:
    keys = ["Variable", "Variable_3", "Variable_6"]
    widths = _widths(shapes, *keys)
    blocks = max((len(shapes) // 3 - 6) // 2, 1)

    def variable(layer: int, tensor: str) -> str:
        number = 3 * layer + {"conv.weight": 0, "norm.bias": 1, "norm.weight": 2}[tensor]
        return f"Variable_{number}" if number else "Variable"

    def foreign(key: str) -> str:
        part, *places, kind, leaf = key.split(".")
        tensor = f"{kind}.{leaf}"
        if part == "encoder":
            return variable(int(places[0]) // 2, tensor)
        if part == "residual":
            return variable(3 + 2 * int(places[0]) + int(places[2]), tensor)
        if part == "decoder":
            return variable(3 + 2 * blocks + int(places[0]) // 2, tensor)
        return variable(5 + 2 * blocks, tensor)

    return Guess(
        _spec(widths, blocks, upsample="transposed", border="tensorflow", last_norm=True, output="tanh-150"),
        foreign,
        (
            _of_widths(widths, *keys),
            f"{blocks} residual blocks: {len(shapes)} variables in threes, kernel, shift, scale",
            "SAME padding, norms with epsilon 1e-3, output 127.5 + 150 tanh(x): so this layout has it",
        ),
    )


FAST: tuple[Layout, ...] = (
    Layout(
        "pytorch-fast-style",
        "PyTorch's example TransformerNet",
        "0..255",
        "rgb",
        lambda shapes: _pytorch(shapes, reconet=False),
    ),
    Layout("reconet", "ReCoNet on TransformerNet", "0..255", "rgb", lambda shapes: _pytorch(shapes, reconet=True)),
    Layout("reconet-nested", "ReCoNet of nested layers", "-1..1", "rgb", _reconet_nested),
    Layout("rrmina-fast-style", "rrmina's fast neural style", "0..255", "bgr", _rrmina),
    Layout("tensorflow-fast-style", "TensorFlow's fast-style-transfer, ml5.js", "0..255", "rgb", _tensorflow),
)
