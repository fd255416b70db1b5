"""OpenVINO on the CPU: compiled for each size of picture, one picture at a time."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidstyle.backends import DEFAULT, Execution, Precision, Run, Tile, UnsupportedError
from vidstyle.backends.converting import example, followed, forget, kept, key_of, prove, quiet, without_telemetry
from vidstyle.backends.graph import Graph
from vidstyle.backends.torch import Runner, has_matrix_units
from vidstyle.devices import cores
from vidstyle.errors import ConfigError, DeviceError, PluginError

with without_telemetry():
    import openvino
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

_SIZES = 4  # of pictures, that are compiled at once; a fifth takes the place of the one not used for longest
_FILE = "model.xml"
# One for the life of the process. The CPU plugin gives the thread that loads it a stack of its own for signals; with
# the last core but one it would go back to a stack that is gone, and the next Ctrl-C end in a segmentation fault.
_CORE = openvino.Core()


def compile_generator(generator: nn.Module, device: torch.device, tile: Tile, how: Execution = DEFAULT) -> Run:
    """Make `generator` ready to run on the CPU.

    Raises UnsupportedError on other devices, for tiles, and where OpenVINO can't follow the network; ConfigError for a
    precision that it does not have; PluginError where int8 lacks NNCF.
    """
    if device.type != "cpu":
        raise UnsupportedError(f"OpenVINO is used on the CPU alone, and this is {device}")
    if isinstance(tile, int):
        raise UnsupportedError("only torch draws in tiles")
    return _Runner(generator.eval(), tile, how)


class _Runner:
    """Runs a network with OpenVINO where the picture fits into memory as a whole, else with PyTorch in tiles."""

    def __init__(self, generator: nn.Module, tile: Tile, how: Execution) -> None:
        self._precision = _settled(how.precision)
        self._fallback = Runner(generator, torch.device("cpu"), tile)
        self._requests: OrderedDict[tuple[int, ...], Any] = OrderedDict()
        graph = followed(generator)
        # bf16 is a way to run the same network, int8 is another one.
        form = "int8" if self._precision == "int8" else "fp32"
        key = key_of(graph, "openvino", openvino.__version__, torch.__version__, form)
        self._folder = kept(key, lambda folder: self._convert(generator, graph, folder, how))
        self._model = self._read(key)
        self.told = f"openvino {openvino.__version__.split('-')[0]} {self._precision}"

    def __call__(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 3 h w"]:
        if not self._fallback.whole_may_fit(images):
            return self._fallback(images)
        request = self._request(images.shape[1:])
        made = images.new_empty(len(images), 3, *images.shape[-2:])
        try:
            for image, target in zip(images.contiguous().numpy(), made.numpy(), strict=True):
                request.set_input_tensor(openvino.Tensor(image[None], shared_memory=True))
                request.set_output_tensor(openvino.Tensor(target[None], shared_memory=True))
                request.infer()
        except RuntimeError as error:
            raise DeviceError(f"OpenVINO failed: {_first(error)}; try --backend torch", device="cpu") from error
        return made

    def _request(self, size: torch.Size) -> Any:
        key = tuple(size)
        if key not in self._requests:
            if len(self._requests) == _SIZES:
                self._requests.popitem(last=False)
            self._requests[key] = self._compiled(self._model, key, self._precision)
        self._requests.move_to_end(key)
        return self._requests[key]

    def _compiled(self, model: Any, size: tuple[int, ...], precision: Precision, *, keep: bool = True) -> Any:
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
            "INFERENCE_NUM_THREADS": cores(),
            "ENABLE_CPU_PINNING": False,  # pinned threads would fight the river's others for their cores
        }
        sized = model.clone()
        try:
            sized.reshape([1, *size])
            kept_in = {"CACHE_DIR": str(self._folder / "compiled")} if keep else {}
            return _CORE.compile_model(sized, "CPU", settings | kept_in).create_infer_request()
        except RuntimeError as error:
            raise UnsupportedError(f"OpenVINO can't compile it: {_first(error)}") from error

    def _convert(self, generator: nn.Module, graph: Graph, folder: Path, how: Execution) -> None:
        multiple = int(getattr(generator, "multiple", 1))
        model = _translated(graph, multiple)
        prove(generator, example(graph, multiple, upright=True), lambda images: self._try(model, images))
        model = _quantized(model, how) if self._precision == "int8" else model
        openvino.save_model(model, folder / _FILE, compress_to_fp16=False)

    def _try(self, model: Any, images: Tensor) -> Tensor:
        request = self._compiled(model, tuple(images.shape[1:]), "fp32", keep=False)
        return torch.from_numpy(np.array(request.infer([images.numpy()])[0]))

    def _read(self, key: str) -> Any:
        try:
            return _CORE.read_model(self._folder / _FILE)
        except RuntimeError as error:
            forget(key)
            message = f"the network kept in {self._folder} is damaged ({_first(error)}); it was removed, render again"
            raise DeviceError(message, device="cpu") from error


def _settled(precision: Precision) -> Precision:
    if precision == "fp16":
        raise ConfigError("stylize.precision = fp16 is not for OpenVINO on the CPU; use bf16", key="stylize.precision")
    return ("bf16" if has_matrix_units() else "fp32") if precision == "auto" else precision


def _translated(graph: Graph, multiple: int) -> Any:
    try:
        with quiet(), torch.no_grad():
            traced: Any = torch.jit.trace(graph.module, example(graph, multiple), check_trace=False)  # type: ignore[no-untyped-call]
            decoder = TorchScriptPythonDecoder(traced)
            frontend = FrontEndManager().load_by_framework("pytorch")
            loaded = frontend.load(decoder)  # the decoder must live until it is converted
            return frontend.convert(loaded)
    except Exception as error:  # tracing and translating run foreign code, which fails in whatever way it likes
        raise UnsupportedError(f"OpenVINO can't follow it: {_first(error)}") from error


def _quantized(model: Any, how: Execution) -> Any:
    """Give the network with convolutions in 8-bit integers, their ranges found on the examples."""
    if how.examples is None:
        raise UnsupportedError("int8 needs examples of what it is to draw")
    try:
        with without_telemetry(), quiet():
            import nncf  # noqa: PLC0415  # takes seconds, and only int8 needs it
    except ImportError as error:
        message = f"int8 needs NNCF, which is absent ({error}); install it with: pip install 'vidstyle[openvino,int8]'"
        raise PluginError(message, group="backends", name="openvino") from error
    pictures = [image.numpy() for image in how.examples()]
    nncf.set_log_level("ERROR")
    with quiet():
        return nncf.quantize(
            model, nncf.Dataset(pictures), preset=nncf.QuantizationPreset.MIXED, subset_size=len(pictures)
        )


def _first(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
