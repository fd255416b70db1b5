"""ONNX Runtime: one graph for all sizes, one picture at a time; on the CPU, and on a GPU by CUDA or TensorRT."""

import copy
import importlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import onnxscript  # noqa: F401  # torch's exporter needs it
import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidstyle.backends import DEFAULT, Execution, Precision, Run, Tile, UnsupportedError
from vidstyle.backends.converting import example, followed, forget, kept, key_of, prove, quiet
from vidstyle.backends.graph import Graph
from vidstyle.backends.torch import Runner
from vidstyle.devices import cores
from vidstyle.errors import ConfigError, DeviceError

_FILE = "model.onnx"
_INPUT = "images"
_OPSET = 18
_ON_CPU, _CUDA, _TENSORRT = "CPUExecutionProvider", "CUDAExecutionProvider", "TensorrtExecutionProvider"
_EXTRAS = {"onnx": "onnx-gpu", "tensorrt": "tensorrt"}


def compile_generator(generator: nn.Module, device: torch.device, tile: Tile, how: Execution = DEFAULT) -> Run:
    """Make `generator` ready to run in fp32, on the CPU or by ONNX Runtime's own kernels on a GPU.

    Raises UnsupportedError for tiles, where this ONNX Runtime has nothing for the device, and where the network can't
    be exported; ConfigError for another precision.
    """
    _require_precision(how, "onnx", ("auto", "fp32"))
    return _Runner(generator.eval(), device, tile, "onnx", how.precision)


def compile_tensorrt(generator: nn.Module, device: torch.device, tile: Tile, how: Execution = DEFAULT) -> Run:
    """Make `generator` ready to run by TensorRT on a GPU, in fp32 or fp16. Raises as `compile_generator` does."""
    _require_precision(how, "tensorrt", ("auto", "fp32", "fp16"))
    return _Runner(generator.eval(), device, tile, "tensorrt", how.precision)


def _require_precision(how: Execution, name: str, known: tuple[str, ...]) -> None:
    if how.precision not in known:
        message = f"stylize.precision = {how.precision} is not for the back-end {name}; use {' or '.join(known[1:])}"
        raise ConfigError(message, key="stylize.precision")


def providers_for(
    name: str, device: torch.device, available: Sequence[str], engines: Path, precision: Precision = "auto"
) -> list[tuple[str, dict[str, str]]]:
    """Give ONNX Runtime's execution providers, the first one first, and their options. Never run on a GPU so far.

    Convention: TensorRT keeps what it built for a size and a kind of GPU in `engines`; CUDA does what it can't.

    Raises UnsupportedError where this ONNX Runtime has none for the device.
    """
    if device.type == "cpu" and name == "onnx":
        return [(_ON_CPU, {})]
    if device.type != "cuda":
        raise UnsupportedError(f"{name} is for a GPU, and this is {device}" if name != "onnx" else f"this is {device}")
    wanted = _TENSORRT if name == "tensorrt" else _CUDA
    if wanted not in available:
        message = f"this ONNX Runtime has no {wanted} ({', '.join(available)}); see vidstyle[{_EXTRAS[name]}]"
        raise UnsupportedError(message)
    number = {"device_id": str(device.index or 0)}
    cuda = (_CUDA, number | {"use_tf32": "0"})  # which would round what is multiplied to ten bits
    if name == "onnx":
        return [cuda]
    kept_in = {"trt_engine_cache_enable": "1", "trt_engine_cache_path": str(engines), "trt_timing_cache_enable": "1"}
    halves = {"trt_fp16_enable": "1"} if precision == "fp16" else {}
    return [(_TENSORRT, number | kept_in | halves), cuda]


class _Runner:
    """Runs a network with ONNX Runtime where the picture fits into memory as a whole, else with PyTorch in tiles."""

    def __init__(self, generator: nn.Module, device: torch.device, tile: Tile, name: str, precision: Precision) -> None:
        if isinstance(tile, int):
            raise UnsupportedError("only torch draws in tiles")
        available = onnxruntime.get_available_providers()
        providers_for(name, device, available, Path())  # before the seconds that an export takes
        self._device, self._fallback = device, Runner(generator, device, tile)
        own = generator if device.type == "cpu" else copy.deepcopy(generator).cpu()
        graph = followed(own)
        key = key_of(graph, "onnx", onnxruntime.__version__, torch.__version__)
        folder = kept(key, lambda folder: _convert(own, graph, folder))
        try:
            self._session = _opened(folder / _FILE, providers_for(name, device, available, folder / name, precision))
        except UnsupportedError as error:
            if device.type != "cpu":
                raise
            forget(key)
            message = f"the network kept in {folder} is damaged ({error}); it was removed, render again"
            raise DeviceError(message, device="cpu") from error
        self.told = f"{name} {onnxruntime.__version__} {'fp32' if precision == 'auto' else precision}"

    def __call__(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 3 h w"]:
        if not self._fallback.whole_may_fit(images):
            return self._fallback(images)
        try:
            return _run(self._session, images)
        except Exception as error:  # ONNX Runtime's errors have no common base
            first = str(error).splitlines()[0]
            message = f"ONNX Runtime failed: {first}; try --backend torch"
            raise DeviceError(message, device=str(self._device)) from error


def _convert(generator: nn.Module, graph: Graph, folder: Path) -> None:
    path, multiple = folder / _FILE, int(getattr(generator, "multiple", 1))
    open_sizes = {2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}
    try:
        with quiet(), torch.no_grad():
            torch.onnx.export(
                graph.module,
                (example(graph, multiple),),
                path,
                input_names=[_INPUT],
                opset_version=_OPSET,
                dynamo=True,
                dynamic_shapes=(open_sizes,),
                external_data=False,
                verbose=False,
            )
    except Exception as error:  # whatever the exporter raises inside
        raise UnsupportedError(f"it can't be exported: {str(error).strip().splitlines()[0]}") from error
    session = _opened(path)
    prove(generator, example(graph, multiple, upright=True), lambda images: _run(session, images))


def _opened(path: Path, providers: Sequence[tuple[str, dict[str, str]]] = ((_ON_CPU, {}),)) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what fails is raised
    options.intra_op_num_threads = cores()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads leave their cores to others
    if providers[0][0] == _TENSORRT:
        with suppress(ImportError):
            importlib.import_module("tensorrt")  # finds its libraries for ONNX Runtime, which looks for them in vain
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=list(providers))
    except Exception as error:  # ONNX Runtime's errors have no common base
        raise UnsupportedError(f"ONNX Runtime can't open it: {str(error).splitlines()[0]}") from error
    if session.get_providers()[0] != providers[0][0]:  # it goes over to the CPU without a word
        raise UnsupportedError(f"{providers[0][0]} does not start here; its libraries are absent or too old")
    return session


def _run(session: Any, images: Tensor) -> Tensor:
    """Run one picture after another, from tensors into tensors, on the device where they are."""
    pictures, name = images.float().contiguous(), session.get_outputs()[0].name
    made = pictures.new_empty(len(pictures), 3, *pictures.shape[-2:])
    for picture, target in zip(pictures[:, None], made[:, None], strict=True):
        binding = session.io_binding()
        place = {"device_type": images.device.type, "device_id": images.device.index or 0, "element_type": np.float32}
        binding.bind_input(_INPUT, **place, shape=tuple(picture.shape), buffer_ptr=picture.data_ptr())
        binding.bind_output(name, **place, shape=tuple(target.shape), buffer_ptr=target.data_ptr())
        if images.device.type == "cuda":
            torch.cuda.current_stream(images.device).synchronize()  # ONNX Runtime works in a stream of its own
        session.run_with_iobinding(binding)
    return made
