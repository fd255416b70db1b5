"""How a generator is executed."""

from collections.abc import Callable

from torch import Tensor, device, nn

from vidstyle.registry import Registry

Run = Callable[[Tensor], Tensor]
"""A generator ready to run: (n, 3, h, w) → (n, 3, h, w), on one device, without gradients."""

BACKENDS: Registry[Callable[[nn.Module, device], Run]] = Registry(
    "backends",
    {"torch": "vidstyle.backends.torch:compile_generator"},
)

__all__ = ["BACKENDS", "Run"]
