"""TorchScript archives, read for their weights: their code is never looked at."""

import pickle
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

CARD_KEY = "vidstyle.card"  # under which exports carry their style's card, in every format

_DTYPES = {
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "DoubleStorage": torch.float64,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "BoolStorage": torch.bool,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
}


def is_torchscript(path: Path) -> bool:
    """Tell whether a zip file is a TorchScript archive: beside its weights it has constants."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    return any(name.endswith("/constants.pkl") for name in names)


def read_torchscript(path: Path) -> tuple[dict[str, Tensor], str | None]:
    """Read an archive's parameters and buffers, named as in the module's state dict, and the style card inside.

    Raises UnpicklingError where it holds anything but modules, tensors and plain values.
    """
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        pickled = next(name for name in names if name.endswith("/data.pkl"))
        folder = pickled.removesuffix("data.pkl")
        with archive.open(pickled) as file:
            root = _Reader(file, lambda key: archive.read(f"{folder}data/{key}")).load()
        extra = f"{folder}extra/{CARD_KEY}"
        card = archive.read(extra).decode() if extra in names else None
    return dict(_tensors(root, "")), card


class _Module:
    """Stands for any module of an archive; takes its attributes, runs nothing."""

    def __setstate__(self, state: Any) -> None:
        self.attributes = state if isinstance(state, dict) else {}


class _Reader(pickle.Unpickler):
    """Knows tensors, their storages and stand-ins for modules; refuses everything else by name."""

    def __init__(self, file: Any, read: Callable[[str], bytes]) -> None:
        super().__init__(file)
        self._read = read

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith("__torch__"):
            return _Module
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuilt
        if (module, name) == ("collections", "OrderedDict"):
            return dict
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        if module == "torch.jit._pickle" and name.startswith(("build_", "restore_type_tag")):
            return _first
        raise pickle.UnpicklingError(f"GLOBAL {module}.{name} is not allowed")

    def persistent_load(self, pid: Any) -> Tensor:
        _, dtype, key, *_ = pid
        # Bytes are copied: a read-only buffer can't stand behind a tensor.
        return torch.frombuffer(bytearray(self._read(str(key))), dtype=dtype)


def _rebuilt(storage: Tensor, offset: int, size: Sequence[int], stride: Sequence[int], *_rest: Any) -> Tensor:
    return torch.as_strided(storage, tuple(size), tuple(stride), offset).clone()


def _first(value: Any, *_rest: Any) -> Any:
    return value


def _tensors(value: Any, name: str) -> list[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        return [(name, value)]
    if not isinstance(value, _Module):
        return []
    inside = f"{name}." if name else ""
    found: list[tuple[str, Tensor]] = []
    for key, each in getattr(value, "attributes", {}).items():
        found += _tensors(each, inside + str(key))
    return found
