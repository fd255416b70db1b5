"""How a generator is executed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

from pydantic import Field
from torch import AcceleratorError, Tensor, device, nn
from torch import OutOfMemoryError as TorchOutOfMemoryError

from vidstyle.errors import DeviceError, OutOfMemoryError
from vidstyle.registry import Entry, Registry

Run = Callable[[Tensor], Tensor]
"""A generator ready to run: (n, 3, h, w) → (n, 3, h, w), on one device, without gradients.

An attribute `told: str` may say what runs it, such as `torch 2.10 bf16`; frames depend on it to the last bit.
"""

Tile = Literal["auto", "never"] | Annotated[int, Field(ge=64)]
"""Side of the tiles that a picture is drawn in, px; `auto`: whole where memory allows, `never`: always whole."""

Precision = Literal["auto", "fp32", "bf16", "fp16", "int8"]
"""What numbers a network is calculated in; `auto`: bf16 where a CPU has matrix units for it (AMX), else fp32."""


@dataclass(frozen=True, slots=True)
class Execution:
    """How a generator is to be executed, beside where and in what parts.

    Convention: `compiled`: by torch.compile, for PyTorch alone. `examples` gives pictures as the generator takes them,
    (1, 3, h, w) each, for finding the ranges that int8 needs.
    """

    precision: Precision = "auto"
    compiled: bool = False
    examples: Callable[[], Sequence[Tensor]] | None = None


DEFAULT = Execution()


class CompileGenerator(Protocol):
    """Makes a generator ready to run on a device. Raises UnsupportedError where another back-end has to do it."""

    def __call__(self, generator: nn.Module, device: device, tile: Tile, how: Execution = DEFAULT) -> Run:
        """Give what runs it."""
        ...


class UnsupportedError(Exception):
    """This back-end can't run this generator so; the message goes on after "because"."""


BACKENDS: Registry[CompileGenerator] = Registry(
    "backends",
    {
        "torch": "vidstyle.backends.torch:compile_generator",
        "openvino": Entry("vidstyle.backends.openvino:compile_generator", extra="openvino"),
        "onnx": Entry("vidstyle.backends.onnx:compile_generator", extra="onnx"),
        "tensorrt": Entry("vidstyle.backends.onnx:compile_tensorrt", extra="tensorrt"),
    },
)

__all__ = ["BACKENDS", "Execution", "Precision", "Run", "Tile", "UnsupportedError", "device_failures", "too_big"]


@contextmanager
def device_failures(images: Tensor) -> Iterator[None]:
    """Tell what a device can't do with `images` as DeviceError, and OutOfMemoryError where nobody knew a way out."""
    try:
        yield
    except TorchOutOfMemoryError as error:
        raise too_big(images, "use smaller pictures") from error
    except AcceleratorError as error:
        raise DeviceError(f"{images.device} failed: {error}", device=str(images.device)) from error


def too_big(images: Tensor, step: str) -> OutOfMemoryError:
    """Say which pictures a device has too little memory for, and the next step."""
    size = f"{images.shape[-1]}x{images.shape[-2]}"
    message = f"{images.device} has too little memory for {len(images)} frame(s) of {size}; {step}"
    return OutOfMemoryError(message, device=str(images.device))
