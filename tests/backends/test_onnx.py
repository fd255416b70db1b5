"""Which of ONNX Runtime's providers runs a network: chosen from lists, as there is no GPU to choose on."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from onnx import TensorProto, helper, save

from vidstyle.backends import BACKENDS, Execution, UnsupportedError, onnx
from vidstyle.backends.choosing import choose
from vidstyle.backends.onnx import providers_for
from vidstyle.errors import ConfigError
from vidstyle.networks import ResnetGenerator

CPU, GPU = torch.device("cpu"), torch.device("cuda", 1)
TENSORRT, CUDA, PLAIN = "TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"
ENGINES = Path("engines")


def small() -> ResnetGenerator:
    torch.manual_seed(0)
    return ResnetGenerator(width=4, blocks=1)


def names(name: str, device: torch.device, *available: str) -> list[str]:
    return [provider for provider, _ in providers_for(name, device, available, ENGINES)]


def test_on_a_cpu_only_the_cpu_is_asked_even_where_a_gpu_is() -> None:
    assert names("onnx", CPU, TENSORRT, CUDA, PLAIN) == [PLAIN]


def test_on_a_gpu_each_name_gets_its_own_provider() -> None:
    assert names("onnx", GPU, TENSORRT, CUDA, PLAIN) == [CUDA]
    assert names("tensorrt", GPU, TENSORRT, CUDA, PLAIN) == [TENSORRT, CUDA]


@pytest.mark.parametrize(("name", "wanted", "extra"), [("onnx", CUDA, "onnx-gpu"), ("tensorrt", TENSORRT, "tensorrt")])
def test_a_provider_that_is_absent_is_named_with_the_extra(name: str, wanted: str, extra: str) -> None:
    with pytest.raises(UnsupportedError, match=rf"no {wanted} \({PLAIN}\); see vidstyle\[{extra}\]"):
        names(name, GPU, PLAIN)


def test_tensorrt_is_for_gpus() -> None:
    with pytest.raises(UnsupportedError, match="tensorrt is for a GPU, and this is cpu"):
        BACKENDS.get("tensorrt")(small(), CPU, "auto")


def test_options_name_the_card_the_engines_and_the_precision() -> None:
    whole = dict(providers_for("tensorrt", GPU, [TENSORRT, CUDA], ENGINES))
    assert whole[TENSORRT]["device_id"] == whole[CUDA]["device_id"] == "1"
    assert whole[TENSORRT]["trt_engine_cache_path"] == "engines"
    assert "trt_fp16_enable" not in whole[TENSORRT]
    assert whole[CUDA]["use_tf32"] == "0"
    assert dict(providers_for("tensorrt", GPU, [TENSORRT, CUDA], ENGINES, "fp16"))[TENSORRT]["trt_fp16_enable"] == "1"


@pytest.mark.parametrize(("name", "precision"), [("onnx", "fp16"), ("tensorrt", "bf16"), ("tensorrt", "int8")])
def test_precisions_that_are_not_there_are_refused(name: str, precision: Any) -> None:
    with pytest.raises(ConfigError, match=precision):
        BACKENDS.get(name)(small(), GPU, "auto", Execution(precision))


def test_torch_draws_where_the_provider_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx.onnxruntime, "get_available_providers", lambda: [PLAIN])
    chosen = choose("tensorrt", small(), CPU, "auto", Execution())
    assert chosen.told.startswith("torch")
    assert chosen.warning.startswith("tensorrt can't draw this style, because ")


@pytest.fixture
def doubling(tmp_path: Path) -> Path:
    """A graph that doubles what it is given, at any size."""
    sides = ["n", 3, "h", "w"]
    graph = helper.make_graph(
        [helper.make_node("Add", ["images", "images"], ["drawn"])],
        "doubling",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, sides)],
        [helper.make_tensor_value_info("drawn", TensorProto.FLOAT, sides)],
    )
    opset = helper.make_opsetid("", 18)
    save(helper.make_model(graph, opset_imports=[opset], ir_version=10), tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


@pytest.mark.parametrize("count", [1, 3])
def test_pictures_go_in_and_come_out_where_they_are(doubling: Path, count: int) -> None:
    pictures = torch.rand(count, 3, 6, 10).transpose(2, 3)
    assert torch.equal(onnx._run(onnx._opened(doubling), pictures), 2 * pictures)


def test_a_provider_that_does_not_start_is_not_replaced_in_silence(
    doubling: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = SimpleNamespace(get_providers=lambda: [PLAIN])
    monkeypatch.setattr(onnx.onnxruntime, "InferenceSession", lambda *_, **__: started)
    with pytest.raises(UnsupportedError, match=f"{CUDA} does not start here"):
        onnx._opened(doubling, [(CUDA, {"device_id": "0"})])


@pytest.mark.gpu
@pytest.mark.slow
@pytest.mark.parametrize(("name", "provider"), [("onnx", CUDA), ("tensorrt", TENSORRT)])
def test_a_gpu_draws_what_torch_draws(
    name: str, provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not torch.cuda.is_available() or provider not in onnx.onnxruntime.get_available_providers():
        pytest.skip(f"no CUDA device, or no {provider}")
    monkeypatch.setenv("VIDSTYLE_CACHE", str(tmp_path))
    generator, pictures = small().eval().cuda(), torch.rand(2, 3, 64, 96).cuda()
    with torch.inference_mode():
        expected = generator(pictures)
    found = BACKENDS.get(name)(generator, torch.device("cuda", 0), "auto", Execution("fp32"))(pictures)
    assert (found - expected).abs().max() < 0.01 * (expected.amax() - expected.amin())
