"""What every back-end owes: the generator's pictures, at any size, within its tolerance."""

from functools import cache

import pytest
import torch
from torch import Tensor, nn

from vidstyle.backends import BACKENDS, Execution, Precision, Run, UnsupportedError
from vidstyle.errors import ConfigError
from vidstyle.networks import ResnetGenerator, Style, load_style
from vidstyle.networks.calibration import calibration_pictures
from vidstyle.networks.checkpoints.proof import draw_card
from vidstyle.networks.fast_style import FastStyleGenerator
from vidstyle.networks.quarter import QuarterResnet
from vidstyle.networks.recurrent import RecurrentResnet
from vidstyle.networks.unet import UnetGenerator

CPU = torch.device("cpu")
NAMES = [name for name in BACKENDS.names() if name != "tensorrt"]  # which needs a GPU; tests/backends/test_onnx.py
SLOW = pytest.param("onnx", marks=pytest.mark.slow)  # its exporter takes seconds a network
NETWORKS = {
    "resnet": lambda: ResnetGenerator(width=4, blocks=1),
    "no norm": lambda: ResnetGenerator(width=4, blocks=1, norm="none", upsample="resize", skips=True),
    "quarter": lambda: QuarterResnet(width=4, core=8, blocks=1),
    "unet": lambda: UnetGenerator(width=4, depth=4),
    "fast-style": lambda: FastStyleGenerator(widths=(4, 4, 8), blocks=1),
}
# Codes of 255: mean and worst difference to eager float32 that `ink` may show on a test card; docs/performance.md.
TOLERANCES: dict[tuple[str, Precision], tuple[float, float]] = {
    ("torch", "fp32"): (0.001, 0.02),
    ("openvino", "fp32"): (0.001, 0.02),
    ("onnx", "fp32"): (0.001, 0.02),
    ("torch", "bf16"): (1.0, 24.0),
    ("openvino", "int8"): (1.5, 48.0),
}


@cache
def ink() -> Style:
    return load_style("ink")


def codes(run: Run, images: Tensor) -> Tensor:
    style = ink()
    return style.decode(run(style.encode(images))).mul(255)


def made(name: str, generator: nn.Module, precision: Precision = "fp32") -> Run:
    pictures = [ink().encode(picture) for picture in calibration_pictures()]
    return BACKENDS.get(name)(generator, CPU, "never", Execution(precision, examples=lambda: pictures))


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", [SLOW if name == "onnx" else name for name in NAMES])
def test_a_backend_draws_what_the_network_draws_at_every_size_and_in_any_number(name: str, network: str):
    torch.manual_seed(0)
    generator = NETWORKS[network]().eval()
    run = made(name, generator)
    for count, height, width in ((2, 64, 96), (1, 96, 64), (1, 64, 96)):
        images = torch.rand(count, 3, height, width) * 2 - 1
        with torch.no_grad():
            expected = generator(images)
        outputs = run(images)
        assert outputs.shape == expected.shape
        assert outputs.dtype == torch.float32
        assert not outputs.requires_grad
        assert (outputs - expected).abs().max() <= 1e-4 * (expected.max() - expected.min())


@pytest.mark.parametrize("name", [SLOW if name == "onnx" else name for name in NAMES])
def test_what_a_backend_gives_stays_as_it_is_when_it_runs_again(name: str):
    run = made(name, ink().generator)
    first = run(torch.zeros(1, 3, 32, 32))
    kept = first.clone()
    run(torch.ones(1, 3, 32, 32))
    assert torch.equal(first, kept)
    assert torch.equal(run(torch.zeros(1, 3, 32, 32)), kept)  # and it is the same every time


@pytest.mark.parametrize(
    ("name", "precision"), [pytest.param(*key, marks=[pytest.mark.slow] * (key[0] == "onnx")) for key in TOLERANCES]
)
def test_ink_stays_within_its_tolerance(name: str, precision: Precision):
    card = draw_card(192, 256)
    difference = (codes(made(name, ink().generator, precision), card) - codes(ink().generator, card)).abs()
    mean, worst = TOLERANCES[name, precision]
    assert difference.mean() <= mean
    assert difference.max() <= worst


def test_every_backend_has_a_tolerance():
    assert {name for name, _ in TOLERANCES} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_backend_tells_who_runs_and_how(name: str):
    if name == "onnx":
        pytest.skip("its exporter takes seconds; told in the slow tests")
    assert getattr(made(name, NETWORKS["no norm"]()), "told").startswith(name)  # noqa: B009  # a plug-in may lack it


@pytest.mark.parametrize("name", [name for name in NAMES if name != "torch"])
def test_what_only_torch_can_do_is_refused(name: str):
    with pytest.raises(UnsupportedError, match="tiles"):
        BACKENDS.get(name)(NETWORKS["resnet"](), CPU, 128)
    with pytest.raises(UnsupportedError, match="CPU"):
        BACKENDS.get(name)(NETWORKS["resnet"](), torch.device("cuda"), "auto")
    with pytest.raises(UnsupportedError):
        made(name, RecurrentResnet(width=4, blocks=1))


@pytest.mark.parametrize(
    ("name", "precision"), [("torch", "int8"), ("torch", "fp16"), ("openvino", "fp16"), ("onnx", "bf16")]
)
def test_a_precision_that_is_not_there_is_refused_by_name(name: str, precision: Precision):
    with pytest.raises(ConfigError, match=precision):
        made(name, NETWORKS["resnet"](), precision)
