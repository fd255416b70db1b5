"""How a generator is executed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from pydantic import Field
from torch import AcceleratorError, Tensor, device, nn
from torch import OutOfMemoryError as TorchOutOfMemoryError

from vidstyle.errors import DeviceError, OutOfMemoryError
from vidstyle.registry import Registry

Run = Callable[[Tensor], Tensor]
"""A generator ready to run: (n, 3, h, w) → (n, 3, h, w), on one device, without gradients."""

Tile = Literal["auto", "never"] | Annotated[int, Field(ge=64)]
"""Side of the tiles that a picture is drawn in, px; `auto`: whole where memory allows, `never`: always whole."""

BACKENDS: Registry[Callable[[nn.Module, device, Tile], Run]] = Registry(
    "backends",
    {"torch": "vidstyle.backends.torch:compile_generator"},
)

__all__ = ["BACKENDS", "Run", "Tile", "device_failures", "too_big"]


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
