"""Forward passes written from the published keys and the papers alone, by plain functions: no module of ours is used.

Each takes the checkpoint's tensors under their own names (kernels in torch's order) and a picture in the range and
channel order of the training.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import (
    conv2d,
    conv_transpose2d,
    group_norm,
    instance_norm,
    interpolate,
    leaky_relu,
    max_pool2d,
    pad,
)

Weights = Mapping[str, Tensor]


def _reflected(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int = 1) -> Tensor:
    return conv2d(pad(x, (weight.shape[-1] // 2,) * 4, mode="reflect"), weight, bias, stride)


def _normed(
    w: Weights, name: str, x: Tensor, *, scale: str = "weight", shift: str = "bias", eps: float = 1e-5
) -> Tensor:
    return instance_norm(x, weight=w[f"{name}.{scale}"], bias=w[f"{name}.{shift}"], eps=eps)


def _parts(w: Weights, name: str) -> tuple[Tensor, Tensor | None]:
    return w[f"{name}.weight"], w.get(f"{name}.bias")


def cyclegan(w: Weights, x: Tensor) -> Tensor:
    blocks = len({key.split(".")[1] for key in w if "conv_block" in key})
    second = 5 if "model.10.conv_block.5.weight" in w else 6

    def norm(x: Tensor, name: str) -> Tensor:
        if f"{name}.running_mean" in w and f"{name}.weight" in w:
            mean, variance = w[f"{name}.running_mean"], w[f"{name}.running_var"]
            return torch.batch_norm(x, *_parts(w, name), mean, variance, False, 0.1, 1e-5, False)
        return instance_norm(x)

    x = norm(_reflected(x, *_parts(w, "model.1")), "model.2").relu()
    for index in (4, 7):
        x = norm(conv2d(x, *_parts(w, f"model.{index}"), 2, 1), f"model.{index + 1}").relu()
    for index in range(10, 10 + blocks):
        name = f"model.{index}.conv_block"
        y = norm(_reflected(x, *_parts(w, f"{name}.1")), f"{name}.2").relu()
        x = x + norm(_reflected(y, *_parts(w, f"{name}.{second}")), f"{name}.{second + 1}")
    for index in (10 + blocks, 13 + blocks):
        x = norm(conv_transpose2d(x, *_parts(w, f"model.{index}"), 2, 1, 1), f"model.{index + 1}").relu()
    return _reflected(x, *_parts(w, f"model.{17 + blocks}")).tanh()


def unet(w: Weights, x: Tensor) -> Tensor:
    def norm(x: Tensor, name: str) -> Tensor:
        mean, variance = w[f"{name}.running_mean"], w[f"{name}.running_var"]
        return torch.batch_norm(x, *_parts(w, name), mean, variance, False, 0.1, 1e-5, False)

    def block(x: Tensor, at: str) -> Tensor:
        y = conv2d(leaky_relu(x, 0.2), *_parts(w, f"{at}.model.1"), 2, 1)
        if f"{at}.model.5.weight" not in w:  # innermost
            y = norm(conv_transpose2d(y.relu(), *_parts(w, f"{at}.model.3"), 2, 1), f"{at}.model.4")
        else:
            y = block(norm(y, f"{at}.model.2"), f"{at}.model.3")
            y = norm(conv_transpose2d(y.relu(), *_parts(w, f"{at}.model.5"), 2, 1), f"{at}.model.6")
        return torch.cat((x, y), 1)

    y = block(conv2d(x, *_parts(w, "model.model.0"), 2, 1), "model.model.1")
    return conv_transpose2d(y.relu(), *_parts(w, "model.model.3"), 2, 1).tanh()


def animegan(w: Weights, x: Tensor) -> Tensor:
    def layer(x: Tensor, name: str, stride: int = 1) -> Tensor:
        weight, bias = _parts(w, f"{name}.1")
        side = weight.shape[-1] // 2
        padded = pad(x, (0, 1, 0, 1) if stride == 2 else (side,) * 4, mode="reflect")
        groups = x.shape[1] if weight.shape[1] == 1 else 1
        y = conv2d(padded, weight, bias, stride, groups=groups)
        return leaky_relu(group_norm(y, 1, *_parts(w, f"{name}.2")), 0.2)

    x = layer(layer(layer(x, "block_a.0"), "block_a.1", 2), "block_a.2")
    x = layer(layer(layer(x, "block_b.0", 2), "block_b.1"), "block_c.0")
    for index in range(1, 5):
        name = f"block_c.{index}.layers"
        y = layer(layer(x, f"{name}.0"), f"{name}.1")
        y = group_norm(conv2d(y, w[f"{name}.2.weight"]), 1, *_parts(w, f"{name}.3"))
        x = x + y if x.shape == y.shape else y
    x = layer(x, "block_c.5")
    for name, layers in (("block_d", 2), ("block_e", 3)):
        x = interpolate(x, (2 * x.shape[-2], 2 * x.shape[-1]), mode="bilinear", align_corners=True)
        for index in range(layers):
            x = layer(x, f"{name}.{index}")
    return conv2d(x, w["out_layer.0.weight"]).tanh()


def cartoongan(w: Weights, x: Tensor) -> Tensor:
    def norm(x: Tensor, name: str) -> Tensor:
        return _normed(w, name, x, scale="scale", shift="shift", eps=1e-9)

    x = norm(_reflected(x, *_parts(w, "conv01_1")), "in01_1").relu()
    for number in ("02", "03"):
        x = conv2d(x, *_parts(w, f"conv{number}_1"), 2, 1)
        x = norm(conv2d(x, *_parts(w, f"conv{number}_2"), 1, 1), f"in{number}_1").relu()
    numbers = sorted(key[4:6] for key in w if key.startswith("conv") and key.endswith("_1.weight"))[3:]
    for number in numbers:
        y = norm(_reflected(x, *_parts(w, f"conv{number}_1")), f"in{number}_1").relu()
        x = x + norm(_reflected(y, *_parts(w, f"conv{number}_2")), f"in{number}_2")
    for number in (1, 2):
        x = conv_transpose2d(x, *_parts(w, f"deconv0{number}_1"), 2, 1, 1)
        x = conv2d(x, *_parts(w, f"deconv0{number}_2"), 1, 1)
        x = norm(x, f"in{int(numbers[-1]) + number:02}_1").relu()
    return _reflected(x, *_parts(w, "deconv03_1")).tanh()


def pytorch_fast_style(w: Weights, x: Tensor) -> Tensor:
    reconet = "conv1.instance.weight" in w
    for number, stride in ((1, 1), (2, 2), (3, 2)):
        norm = f"conv{number}.instance" if reconet else f"in{number}"
        x = _normed(w, norm, _reflected(x, *_parts(w, f"conv{number}.conv2d"), stride)).relu()
    for number in range(1, 1 + len([key for key in w if key.endswith(".conv1.conv2d.bias")])):
        name = f"res{number}"
        y = _normed(w, f"{name}.in1", _reflected(x, *_parts(w, f"{name}.conv1.conv2d"))).relu()
        x = x + _normed(w, f"{name}.in2", _reflected(y, *_parts(w, f"{name}.conv2.conv2d")))
    for number in (1, 2):
        norm = f"deconv{number}.instance" if reconet else f"in{number + 3}"
        x = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        x = _normed(w, norm, _reflected(x, *_parts(w, f"deconv{number}.conv2d"))).relu()
    x = _reflected(x, *_parts(w, "deconv3.conv2d"))
    return (x / 255).tanh() * 150 + 255 / 2 if reconet else x


def reconet_nested(w: Weights, x: Tensor) -> Tensor:
    def layer(x: Tensor, name: str, stride: int = 1) -> Tensor:
        return _normed(w, f"{name}.layers.1", _reflected(x, *_parts(w, f"{name}.layers.0.layers.1"), stride))

    for number, stride in enumerate((1, 2, 2)):
        x = layer(x, f"encoder.layers.{number}", stride).relu()
    number = 3
    while f"encoder.layers.{number}.branch.0.layers.1.weight" in w:
        name = f"encoder.layers.{number}.branch"
        x = (x + layer(layer(x, f"{name}.0").relu(), f"{name}.1")).relu()
        number += 1
    for number in (1, 3):
        x = layer(x.repeat_interleave(2, 2).repeat_interleave(2, 3), f"decoder.layers.{number}").relu()
    return _reflected(x, *_parts(w, "decoder.layers.4.layers.0.layers.1")).tanh()


def rrmina(w: Weights, x: Tensor) -> Tensor:
    def layer(x: Tensor, name: str, stride: int = 1) -> Tensor:
        return _normed(w, f"{name}.norm_layer", _reflected(x, *_parts(w, f"{name}.conv_layer"), stride))

    for number, stride in ((0, 1), (2, 2), (4, 2)):
        x = layer(x, f"ConvBlock.{number}", stride).relu()
    number = 0
    while f"ResidualBlock.{number}.conv1.conv_layer.weight" in w:
        name = f"ResidualBlock.{number}"
        y = layer(layer(x, f"{name}.conv1").relu(), f"{name}.conv2")
        x = x + (layer(y.relu(), f"{name}.conv3") if f"{name}.conv3.conv_layer.weight" in w else y)
        number += 1
    for number in (0, 2):
        name = f"DeconvBlock.{number}"
        x = _normed(w, f"{name}.norm_layer", conv_transpose2d(x, *_parts(w, f"{name}.conv_transpose"), 2, 1, 1)).relu()
    return _reflected(x, *_parts(w, "DeconvBlock.4.conv_layer"))


def tensorflow_fast_style(w: Weights, x: Tensor) -> Tensor:
    layers = [[w[f"Variable_{3 * n + k}" if n or k else "Variable"] for k in range(3)] for n in range(len(w) // 3)]

    def normed(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
        mean, variance = x.mean((2, 3), keepdim=True), x.var((2, 3), correction=0, keepdim=True)
        return (x - mean) / (variance + 1e-3).sqrt() * scale[:, None, None] + shift[:, None, None]

    def conv(x: Tensor, layer: list[Tensor], stride: int = 1) -> Tensor:
        side, size = layer[0].shape[-1], x.shape[-1]
        around = max((-(-size // stride) - 1) * stride + side - size, 0)  # TensorFlow's SAME
        padded = pad(x, (around // 2, around - around // 2) * 2)
        return normed(conv2d(padded, layer[0], stride=stride), *layer[1:])

    for layer, stride in zip(layers[:3], (1, 2, 2), strict=True):
        x = conv(x, layer, stride).relu()
    for first, second in zip(layers[3:-3:2], layers[4:-3:2], strict=True):
        x = x + conv(conv(x, first).relu(), second)
    for kernel, *norm in layers[-3:-1]:
        height, width = (2 * side for side in x.shape[-2:])
        x = normed(conv_transpose2d(x, kernel, stride=2)[..., :height, :width], *norm).relu()
    return conv(x, layers[-1]).tanh() * 150 + 255 / 2


def distilled_features(w: Weights, x: Tensor) -> list[Tensor]:
    """What a distilled VGG-19 gives at each stage's first ReLU, widened to VGG's channels."""
    x, seen = conv2d(x, *_parts(w, "conv0")), []
    for stage in range(1, 6):
        for number in range(1, 5):
            name = f"conv{stage}{number}"
            if f"{name}.weight" in w:
                x = max_pool2d(x, 2) if number == 1 < stage else x
                x = _reflected(x, *_parts(w, name)).relu()
                seen += [conv2d(x, *_parts(w, f"{name}_aux")).relu()] if number == 1 else []
    return seen


def normalised_features(w: Weights, x: Tensor) -> list[Tensor]:
    """What the normalised VGG-19 gives at the last ReLU of each stage."""
    x, seen = conv2d(x, *_parts(w, "0")), []
    for number in ("2", "5", "9", "12", "16"):
        x = max_pool2d(x, 2) if number in ("9", "16") and f"{number}.weight" in w else x
        x = _reflected(x, *_parts(w, number)).relu() if f"{number}.weight" in w else x
        last = number in ("5", "12", "16") or {"2": "5", "9": "12"}[number] + ".weight" not in w
        seen += [x] if f"{number}.weight" in w and last else []
    return seen


def distilled_decoder(w: Weights, x: Tensor) -> Tensor:
    """From a distilled encoder's own narrow features back to the picture, RGB 0 to 1."""
    names = sorted((key.removesuffix(".weight") for key in w if key.endswith(".weight")), reverse=True)
    for name in names:
        x = _reflected(x, *_parts(w, name))
        x = x if name == "conv11" else x.relu()
        x = interpolate(x, scale_factor=2.0) if name.endswith("1") and name != "conv11" else x
    return x


def normalised_decoder(w: Weights, x: Tensor) -> Tensor:
    """From the normalised VGG's relu1_1, 2_1 or 3_1 back to the picture, RGB 0 to 1."""
    numbers = sorted(int(key.split(".")[0]) for key in w if key.endswith(".weight"))
    ups = {5: (1, 8), 3: (1,), 1: ()}[len(numbers)]
    for number in numbers:
        x = _reflected(x, *_parts(w, str(number)))
        x = x if number == numbers[-1] else x.relu()
        x = interpolate(x, scale_factor=2.0) if number in ups else x
    return x


REFERENCES = {
    "cyclegan-resnet": cyclegan,
    "pix2pix-unet": unet,
    "animeganv2": animegan,
    "cartoongan": cartoongan,
    "pytorch-fast-style": pytorch_fast_style,
    "reconet": pytorch_fast_style,
    "reconet-nested": reconet_nested,
    "rrmina-fast-style": rrmina,
    "tensorflow-fast-style": tensorflow_fast_style,
}
