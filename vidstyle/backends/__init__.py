"""How a generator is executed."""

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, device, nn

from vidstyle.registry import Registry

Run = Callable[[Tensor], Tensor]
"""A generator ready to run: (n, 3, h, w) → (n, 3, h, w), on one device, without gradients."""

Tile = Literal["auto", "never"] | Annotated[int, Field(ge=64)]
"""Side of the tiles that a picture is drawn in, px; `auto`: whole where memory allows, `never`: always whole."""

BACKENDS: Registry[Callable[[nn.Module, device, Tile], Run]] = Registry(
    "backends",
    {"torch": "vidstyle.backends.torch:compile_generator"},
)

__all__ = ["BACKENDS", "Run", "Tile"]
