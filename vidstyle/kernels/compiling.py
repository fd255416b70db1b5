"""How loops are compiled, and how a frame's rows are shared out among threads."""

import functools
import inspect
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numba
import torch
from numba.core.caching import FunctionCache
from torch import Tensor

_LEAST = 64  # rows that are worth a thread

Kernel = Callable[..., Any]


def compiled(function: Kernel) -> Kernel:
    """Have a loop compiled the first time it runs with arguments of some type, and keep that for the next process.

    Convention: it is kept below `VIDSTYLE_CACHE` where that is set, else where Numba keeps its own, and nowhere where
    no folder can be written or the disk is full. What a kernel calls must stand in the same file: Numba looks at no
    other for changes. The interpreter's lock is let go while it runs. Arithmetic is done as it is written: with
    liberties (`fastmath`) one compilation rounds otherwise than the next, and a shot's frames depend on which machine
    of a farm made them.
    """
    plain_one = inspect.unwrap(function)  # without the checks of types that tests put around every function
    kernel = numba.njit(plain_one, nogil=True, error_model="numpy")
    with _kept_in(os.environ.get("VIDSTYLE_CACHE")), suppress(RuntimeError):  # no folder can be written
        kernel._cache = _Cache(plain_one)  # as `enable_caching` does
    result: Kernel = kernel
    return result


class _Cache(FunctionCache):
    """Numba's cache, but what is damaged in it or can't be written costs a compilation and not the render."""

    def load_overload(self, signature: Any, target: Any) -> Any:
        with suppress(Exception):  # whatever a damaged pickle may raise
            return super().load_overload(signature, target)
        return None

    def save_overload(self, signature: Any, compiled_one: Any) -> None:
        with suppress(Exception):  # a full disk, a folder that is gone, a limit of sizes
            super().save_overload(signature, compiled_one)


@contextmanager
def _kept_in(folder: str | None) -> Iterator[None]:
    config: Any = numba.config
    before = config.CACHE_DIR
    if folder and not before:
        config.CACHE_DIR = str(Path(folder).expanduser() / "kernels")
    try:
        yield
    finally:
        config.CACHE_DIR = before


def runs(*tensors: Tensor) -> bool:
    """Tell whether kernels can take these: float32 in main memory, without a gradient that is wanted."""
    wants_gradient = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
    return not wants_gradient and all(each.device.type == "cpu" and each.dtype == torch.float32 for each in tensors)


def plain(tensor: Tensor) -> Any:
    """Give a tensor as the array that kernels are compiled for: one row after the other, without gaps."""
    return tensor.detach().contiguous().numpy()


def in_bands(kernel: Kernel, rows: int, *arguments: Any) -> None:
    """Run `kernel(*arguments, first, last)` over rows 0 to `rows`, in bands on as many threads as torch uses.

    Convention: kernels make each row from what was there before the call, so the result doesn't depend on the bands.
    """
    count = max(1, min(torch.get_num_threads(), rows // _LEAST))
    edges = [rows * band // count for band in range(count + 1)]
    others = [_threads().submit(kernel, *arguments, *edges[band : band + 2]) for band in range(1, count)]
    try:
        kernel(*arguments, *edges[:2])
    finally:
        for other in others:
            other.result()


@functools.cache
def _threads() -> ThreadPoolExecutor:
    """Give the process's threads, which stay as OpenMP's do; none is there before one is needed."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="kernels")


if hasattr(os, "register_at_fork"):  # a child process has none of the threads
    os.register_at_fork(after_in_child=_threads.cache_clear)
