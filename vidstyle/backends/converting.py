"""Networks in other runtimes' forms: made once, proven against PyTorch, kept on disk by their content."""

import hashlib
import io
import logging
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path

import platformdirs
import torch
from torch import Tensor, nn

from vidstyle.backends import UnsupportedError
from vidstyle.backends.graph import Graph, UntileableError

CACHE_VARIABLE = "VIDSTYLE_CACHE"

_KEPT = 32  # converted networks; the one that was not used for longest leaves
_LEAST_SIDE = 64  # px, of the pictures that a network is followed and proven with
_TOLERANCE = 2e-3  # of the range of the output: what another order of sums may change


def cache_folder() -> Path:
    """Where converted networks are kept: in what `VIDSTYLE_CACHE` names, else in the user's cache folder."""
    named = os.environ.get(CACHE_VARIABLE)
    return (Path(named).expanduser() if named else platformdirs.user_cache_path("vidstyle")) / "networks"


def followed(generator: nn.Module) -> Graph:
    """Give a generator's steps without the Python around them. Raises UnsupportedError where they can't be told."""
    try:
        return Graph(generator)
    except UntileableError as error:
        raise UnsupportedError(str(error)) from error


def key_of(graph: Graph, *facts: str) -> str:
    """Name a network by its steps, its weights and whatever else its converted form depends on."""
    steps = graph.module
    digest = hashlib.sha256("\0".join((steps.code, str(steps), *facts)).encode())
    for name, tensor in sorted(steps.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()[:40]


def kept(key: str, make: Callable[[Path], None]) -> Path:
    """Give the folder that holds what `make` writes into one, from an earlier time where it was made before.

    Convention: it appears whole or not at all, also where two processes make it at once. Where the cache can't be
    written it is a temporary folder of this process.
    """
    folder = cache_folder() / key
    if folder.is_dir():
        with suppress(OSError):
            os.utime(folder)  # used: leaves later
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".partial-"))
    except OSError:
        partial = folder = Path(tempfile.mkdtemp(prefix="vidstyle-"))
    try:
        make(partial)
        if partial != folder:
            with suppress(OSError):  # another process was faster, with the same
                partial.rename(folder)
    finally:
        if partial != folder:
            shutil.rmtree(partial, ignore_errors=True)
    _clear(folder.parent)
    return folder


def forget(key: str) -> None:
    """Remove what is kept of a network, because it can't be read."""
    shutil.rmtree(cache_folder() / key, ignore_errors=True)


def example(graph: Graph, multiple: int, *, upright: bool = False) -> Tensor:
    """Give a small picture of noise around 0, with the channels that a network takes; lying, or upright."""
    short = -(-_LEAST_SIDE // multiple) * multiple
    size = (short + multiple, short) if upright else (short, short + multiple)
    return torch.rand(1, graph.inputs, *size, generator=torch.Generator().manual_seed(0)) * 2 - 1


def prove(generator: nn.Module, images: Tensor, run: Callable[[Tensor], Tensor]) -> None:
    """Compare what a converted network draws with PyTorch's, best at a size that it was not converted with.

    Raises UnsupportedError where they differ by more than another order of sums explains.
    """
    with torch.inference_mode():
        wanted = generator(images)
    found = run(images)
    span = float(wanted.amax() - wanted.amin()) or 1.0
    if found.shape != wanted.shape or not float((found - wanted).abs().amax()) <= _TOLERANCE * span:
        raise UnsupportedError("what was converted draws something else")


@contextmanager
def without_telemetry() -> Iterator[None]:
    """Let packages be imported that report their use to their makers, without what they do it with."""
    name = "openvino_telemetry"
    before = sys.modules.get(name)
    sys.modules[name] = None  # type: ignore[assignment]  # what Python itself does for a module that is not to be found
    try:
        yield
    finally:
        del sys.modules[name]
        if before is not None:
            sys.modules[name] = before


@contextmanager
def quiet() -> Iterator[None]:
    """Leave out what runtimes warn of among themselves, and what they print: stdout may carry JSON lines."""
    before = logging.root.manager.disable
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.disable(logging.ERROR)
        try:
            yield
        finally:
            logging.disable(before)


def _clear(folder: Path) -> None:
    entries = sorted(folder.glob("[0-9a-f]*"), key=lambda path: path.stat().st_mtime)
    for path in entries[:-_KEPT]:
        shutil.rmtree(path, ignore_errors=True)
