from typing import Any

import pytest
import torch
from torch import nn

from vidstyle.networks import GENERATORS
from vidstyle.networks.layers import normalization

# The smallest of each family, and what its sides must be multiples of.
SMALL: dict[str, tuple[dict[str, Any], int]] = {
    "resnet": ({"width": 4, "blocks": 1}, 4),
    "unet": ({"width": 4, "depth": 4}, 16),
    "fast-style": ({"widths": [4, 8, 8], "blocks": 1}, 4),
    "animegan2": ({"width": 4}, 32),
    "cartoongan": ({"width": 4, "blocks": 1}, 4),
    "recurrent-resnet": ({"width": 4, "blocks": 1}, 4),
    "convgru": ({"width": 4, "blocks": 1}, 4),
}
PUBLISHED = [
    ("resnet", {"border": "zeros"}, 11_378_179),
    ("unet", {}, 54_413_955),
    ("fast-style", {}, 1_679_235),
    ("fast-style", {"bottleneck": 64, "upsample": "transposed"}, 470_915),
    ("fast-style", {"widths": [48, 96, 192], "blocks": 4, "relu_after_sum": True, "output": "tanh"}, 3_098_307),
    ("animegan2", {}, 2_143_552),
    ("cartoongan", {}, 11_129_667),
]


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(("name", "options", "parameters"), PUBLISHED)
def test_each_family_has_as_many_parameters_as_were_published(name, options, parameters):
    with torch.device("meta"):
        assert count(GENERATORS.get(name)(**options)) == parameters


@pytest.mark.parametrize("name", SMALL)
def test_each_family_keeps_sizes_that_are_multiples_of_its_own(name):
    options, multiple = SMALL[name]
    generator = GENERATORS.get(name)(**options).eval()
    assert generator.multiple == multiple
    x = torch.rand(2, 3, 2 * multiple, 3 * multiple) * 2 - 1
    with torch.inference_mode():
        assert generator(x).shape == x.shape


@pytest.mark.parametrize("name", SMALL)
def test_each_family_stylizes_every_picture_of_a_batch_by_itself(name):
    options, multiple = SMALL[name]
    torch.manual_seed(0)
    generator = GENERATORS.get(name)(**options).eval()
    x = torch.rand(2, 3, 2 * multiple, 2 * multiple) * 2 - 1
    with torch.inference_mode():
        alone = torch.cat([generator(x[:1]), generator(x[1:])])
        assert torch.allclose(generator(x), alone, atol=1e-5)


@pytest.mark.parametrize("name", SMALL)
def test_every_weight_of_each_family_matters(name):
    options, multiple = SMALL[name]
    generator = GENERATORS.get(name)(**options)
    x = torch.rand(1, 3, 2 * multiple, 2 * multiple) * 2 - 1
    if name in ("recurrent-resnet", "convgru"):
        past = torch.rand_like(generator.step(x, None, None)[1])
        y = generator.step(x, past, torch.ones_like(x[:, :1]))[0]
    else:
        y = generator(x)
    y.square().sum().backward()
    assert [key for key, weight in generator.named_parameters() if weight.grad is None] == []


@pytest.mark.parametrize("norm", ["instance", "instance-affine", "batch", "group", "none"])
@pytest.mark.parametrize("upsample", ["transposed", "resize"])
def test_the_resnet_takes_every_norm_and_either_way_up(norm, upsample):
    torch.manual_seed(0)
    generator = GENERATORS.get("resnet")(width=6, blocks=2, norm=norm, upsample=upsample).eval()
    x = torch.rand(1, 3, 20, 28) * 2 - 1
    with torch.inference_mode():
        features = nn.Sequential(*list(generator.encoder[0])[:3])(x)  # before the ReLU
        assert generator(x).shape == x.shape
    means = features.mean(dim=(2, 3))[0]
    assert (means.abs().max() < 1e-5) == norm.startswith("instance")  # each channel by itself
    assert (abs(features.mean()) < 1e-5) == (norm.startswith("instance") or norm == "group")  # all together


def test_affine_instance_norm_has_a_scale_and_a_shift_for_each_channel():
    assert [tuple(value.shape) for value in normalization("instance-affine", 5).state_dict().values()] == [(5,), (5,)]


@pytest.mark.parametrize("border", ["reflect", "tensorflow"])
def test_ups_of_both_frameworks_cut_their_own_side(border):
    generator = GENERATORS.get("fast-style")(widths=[1, 1, 1], blocks=0, upsample="transposed", border=border)
    up = generator.decoder[0]
    nn.init.ones_(up.conv.weight)
    up.norm = nn.Identity()
    if up.conv.bias is not None:
        nn.init.zeros_(up.conv.bias)
    with torch.inference_mode():
        y = up(torch.ones(1, 1, 6, 6))[0, 0]
    assert y.shape == (12, 12)
    # A stride of 2 and a side of 3: a pixel gathers 1, 2 or 4 inputs. Torch cuts the first row, TensorFlow the last.
    assert sorted(y[2:-2, 2:-2].unique().tolist()) == [1.0, 2.0, 4.0]
    assert (y[2, 2].item(), y[3, 3].item()) == ((1.0, 4.0) if border == "reflect" else (4.0, 1.0))
