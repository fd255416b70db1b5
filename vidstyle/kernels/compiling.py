"""How loops are compiled, and how a frame's rows are shared out among threads."""

import functools
import hashlib
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

_WORTH = 128_000  # ns of work that are worth a thread: handing over takes a tenth of a millisecond
_ROW = 2_000  # ns that a row of a frame takes in most loops

Kernel = Callable[..., Any]


def compiled(function: Kernel) -> Kernel:
    """Have a loop compiled the first time it runs with arguments of some type, and keep that for the next process.

    Convention: it is kept below `VIDSTYLE_CACHE` where that is set, else where Numba keeps its own, and nowhere where
    no folder can be written or the disk is full; it is compiled anew when a file beside it changes. The interpreter's
    lock is let go while it runs. Arithmetic is done as it is written: with liberties (`fastmath`) one compilation
    rounds otherwise than the next, and a shot's frames depend on which machine of a farm made them.
    """
    plain_one = inspect.unwrap(function)  # without the checks of types that tests put around every function
    kernel = numba.njit(plain_one, nogil=True, error_model="numpy")
    with _kept_in(os.environ.get("VIDSTYLE_CACHE")), suppress(RuntimeError):  # no folder can be written
        kernel._cache = _Cache(plain_one)  # as `enable_caching` does
    result: Kernel = kernel
    return result


class _Cache(FunctionCache):
    """Numba's cache, but what is damaged in it or can't be written costs a compilation and not the render.

    Numba itself looks for changes in a kernel's own file alone, and kernels call those of other files.
    """

    def load_overload(self, signature: Any, target: Any) -> Any:
        with suppress(Exception):  # whatever a damaged pickle may raise
            return super().load_overload(signature, target)
        return None

    def save_overload(self, signature: Any, compiled_one: Any) -> None:
        with suppress(Exception):  # a full disk, a folder that is gone, a limit of sizes
            super().save_overload(signature, compiled_one)

    def _index_key(self, signature: Any, codegen: Any) -> Any:
        return (*super()._index_key(signature, codegen), _room())


@functools.cache
def _room() -> str:
    """Give what changes with any file of this folder."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


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


def in_bands(kernel: Kernel, rows: int, *arguments: Any, cost: int = _ROW) -> None:
    """Run `kernel(*arguments, first, last)` over rows 0 to `rows`, in bands on as many threads as torch uses.

    Convention: kernels make each row from what was there before the call, so the result doesn't depend on the bands.
    `cost` is about how many nanoseconds a row takes.
    """
    count = max(1, min(torch.get_num_threads(), rows * cost // _WORTH))
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
