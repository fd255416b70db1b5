"""Files and folders of weights → named tensors. Nothing that a file holds is ever run."""

import json
import math
import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from vidstyle.errors import StyleError, VidstyleError
from vidstyle.networks.checkpoints.archives import CARD_KEY, is_torchscript, read_torchscript

_PREFIXES = ("module.", "_orig_mod.", "generator.", "netG.", "G.")  # DataParallel, torch.compile, of a whole training
_WRAPPERS = ("model", "state_dict", "params_ema", "params", "generator", "net", "netG", "G", "weights")
_DEEPEST = 3  # wrappers in wrappers
_KERNEL = 4  # dimensions of a 2-D convolution's weights
_MANIFEST = "manifest.json"
_TELLING = (OSError, RuntimeError, EOFError, ValueError, SafetensorError, zipfile.BadZipFile)  # errors with a reason


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a file held. `notes` say what was unwrapped, turned or dropped to get at it.

    Convention: kernels are (outputs, inputs, height, width) as in torch, whatever the file's own order was. `card` is
    the style card, as JSON, that vidstyle's own exports carry.
    """

    path: Path
    kind: str
    tensors: dict[str, Tensor]
    notes: tuple[str, ...] = ()
    card: str | None = None

    @property
    def parameters(self) -> int:
        """How many numbers there are."""
        return sum(tensor.numel() for tensor in self.tensors.values())


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a state dict (bare or wrapped), safetensors, TorchScript, ONNX, or a folder of raw tensors.

    Convention: pickles are read by torch's weights-only reader, TorchScript archives by one that knows tensors alone,
    ONNX as a graph: code in any of them is never run.

    Raises:
        StyleError: absent, damaged, or it would need to run code to be read.
    """
    if not path.exists():
        raise StyleError(f"{path} is not there; name a file of weights or a folder of raw tensors", style=str(path))
    try:
        found = _read(path)
    except pickle.UnpicklingError as error:
        raise StyleError(_unsafe(path, error), style=str(path)) from error
    except VidstyleError:
        raise
    except Exception as error:  # damaged files make readers raise whatever they like
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        reason = reason if isinstance(error, _TELLING) else "it is of no kind that is known"
        hint = "" if type(error) is ValueError else "; is it whole? Fetch it again"
        raise StyleError(f"{path} can't be read as weights: {reason}{hint}", style=str(path)) from error
    if not found.tensors and found.kind != "ONNX":  # a graph may work without
        raise StyleError(f"{path} holds no tensors; expected the weights of a generator", style=str(path))
    return _oriented(_unprefixed(found))


def _read(path: Path) -> Checkpoint:
    if path.is_dir():
        return _read_folder(path)
    if path.suffix == ".safetensors":
        with safe_open(path, "pt") as file:
            card = (file.metadata() or {}).get(CARD_KEY)
        return Checkpoint(path, "safetensors", load_file(path), card=card)
    if path.suffix == ".onnx":
        from vidstyle.networks.checkpoints.graphs import read_initializers  # noqa: PLC0415  # needs an extra

        tensors, card = read_initializers(path)
        return Checkpoint(path, "ONNX", tensors, card=card)
    if zipfile.is_zipfile(path) and is_torchscript(path):
        tensors, card = read_torchscript(path)
        return Checkpoint(path, "TorchScript", tensors, ("its code was not run, only its weights read",), card)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pickles by other programs; what can't be read is an error all the same
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    tensors, notes = _unwrapped(loaded)
    return Checkpoint(path, "state dict", tensors, tuple(notes))


def _unsafe(path: Path, error: Exception) -> str:
    found = re.search(r"GLOBAL ([\w.]+)", str(error)) or re.search(r"class ([\w.]+)", str(error))
    what = f"it wants to run {found.group(1)}" if found else "it is no plain pickle of weights"
    message = f"{path} was not loaded: {what}, and code in a checkpoint is never run"
    return f"{message}; save its state_dict() alone, best as safetensors, where you trust it"


def _unwrapped(loaded: Any) -> tuple[dict[str, Tensor], list[str]]:
    notes: list[str] = []
    for _ in range(_DEEPEST):
        if not isinstance(loaded, Mapping):
            raise ValueError(f"it holds a {type(loaded).__name__}, not a state dict")  # noqa: TRY004
        tensors = {str(key): value.detach() for key, value in loaded.items() if isinstance(value, Tensor)}
        inner = [key for key in _WRAPPERS if isinstance(loaded.get(key), Mapping)] or _networks(loaded)
        if tensors or not inner:
            break
        others = ", ".join(str(key) for key in loaded if key != inner[0])
        notes.append(f"taken from its {inner[0]!r}" + (f", left out: {others}" if others else ""))
        loaded = loaded[inner[0]]
    return tensors, notes


def _networks(loaded: Mapping[Any, Any]) -> list[Any]:
    """Give the key of the one state dict among whatever else a training saved. Raises ValueError for several."""
    found = [
        key
        for key, value in loaded.items()
        if isinstance(value, Mapping) and any(isinstance(each, Tensor) for each in value.values())
    ]
    if len(found) > 1:
        raise ValueError(f"it holds several networks, {', '.join(map(str, found))}; save the generator's alone")
    return found


def _read_folder(folder: Path) -> Checkpoint:
    arrays = sorted(folder.glob("*.npy"))
    if arrays:
        # Without pickles: an array of objects is refused.
        tensors = {file.stem: _tensor(np.load(file, allow_pickle=False)) for file in arrays}
        return Checkpoint(folder, "folder of .npy files", tensors)
    manifest = folder / _MANIFEST
    if not manifest.is_file():
        raise ValueError(f"a folder needs .npy files, or raw float32 files with a {_MANIFEST}")
    entries = json.loads(manifest.read_text(encoding="utf-8"))
    if not isinstance(entries, dict):
        raise ValueError(f"{_MANIFEST} holds a {type(entries).__name__}; expected names with filename and shape")  # noqa: TRY004
    return Checkpoint(folder, "folder of raw float32", {key: _raw(folder, e) for key, e in entries.items()})


def _raw(folder: Path, entry: Mapping[str, Any]) -> Tensor:
    name, shape = entry["filename"], [int(side) for side in entry["shape"]]
    file = folder / name
    if file.resolve().parent != folder.resolve():
        raise ValueError(f"{_MANIFEST} names {name!r}, which lies outside the folder")
    array = np.fromfile(file, "<f4")
    if array.size != math.prod(shape):
        raise ValueError(f"{name} holds {array.size} numbers; {_MANIFEST} says {math.prod(shape)}")
    return _tensor(array.reshape(shape))


def _tensor(array: Any) -> Tensor:
    if array.dtype.kind != "f":
        raise ValueError(f"it holds {array.dtype}; expected floating point")
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))


def _unprefixed(found: Checkpoint) -> Checkpoint:
    notes, tensors = list(found.notes), found.tensors
    while prefix := next((p for p in _PREFIXES if tensors and all(key.startswith(p) for key in tensors)), None):
        notes.append(f"prefix {prefix!r} stripped")
        tensors = {key.removeprefix(prefix): value for key, value in tensors.items()}
    tensors = {key.removesuffix(":0"): value for key, value in tensors.items()}  # TensorFlow's first output
    return replace(found, tensors=tensors, notes=tuple(notes))


def _oriented(found: Checkpoint) -> Checkpoint:
    """Turn TensorFlow's kernels, (height, width, inputs, outputs), to torch's order."""
    kernels = {key: value for key, value in found.tensors.items() if value.dim() == _KERNEL}
    square = [value.shape[0] == value.shape[1] for value in kernels.values()]
    square_in_torch = [value.shape[2] == value.shape[3] for value in kernels.values()]
    if not kernels or not all(square) or all(square_in_torch):
        return found
    turned = {key: value.permute(3, 2, 0, 1).contiguous() for key, value in kernels.items()}
    note = f"{len(turned)} kernels turned from height, width, inputs, outputs (TensorFlow's order)"
    return replace(found, tensors=found.tensors | turned, notes=(*found.notes, note))
