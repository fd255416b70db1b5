"""Which device renders."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from threading import Lock

import cv2
import torch

from vidstyle.errors import ConfigError, DeviceError

_STAGES = 4  # of a render that calculate at the same time: motion, the network, the blend, the encoder
_whole: ContextVar[int | None] = ContextVar("whole", default=None)  # torch's threads, where cores are shared
_renders: list[int] = []  # that share the cores: OpenCV's threads before the first of them, for each
_renders_lock = Lock()


def resolve_device(name: str = "auto") -> torch.device:
    """Turn `auto`, `cpu`, `cuda` or `cuda:N` into a device that is really there; `auto` prefers a GPU.

    Raises ConfigError for any other word and DeviceError where the GPU is absent.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    match = re.fullmatch(r"cpu|cuda(?::(\d+))?", name)
    if match is None:
        raise ConfigError(f"device {name!r} is not known; write auto, cpu, cuda or cuda:N", key="device")
    if name == "cpu":
        return torch.device("cpu")
    present = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if int(match[1] or 0) >= present:
        found = f"{present} CUDA device(s)" if present else "no CUDA device"
        raise DeviceError(f"device {name!r} asked for, but {found} found here; use --device cpu or auto", device=name)
    return torch.device(name)


def free_memory(device: torch.device) -> int | None:
    """How many bytes `device` can still give; None where nobody tells.

    Convention: of the CPU it is what the system can give, or what a container's limit leaves, whichever is less.
    """
    if device.type == "cuda":
        try:
            return torch.cuda.mem_get_info(device)[0]
        except RuntimeError:  # the device is there, but someone holds it for himself
            return None
    bounds = [host_memory("MemAvailable")]
    limit, used = (text_of(f"/sys/fs/cgroup/memory.{part}").strip() for part in ("max", "current"))
    if limit.isdecimal() and used.isdecimal():
        bounds.append(max(0, int(limit) - int(used)))
    return min((bound for bound in bounds if bound is not None), default=None)


def host_memory(key: str) -> int | None:
    """Give one of the system's figures, `MemTotal` or `MemAvailable`, in bytes; None where it has none."""
    found = re.search(rf"^{key}:\s*(\d+) kB", text_of("/proc/meminfo"), re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def text_of(path: str) -> str:
    """Read one of the system's own files, empty where there is none."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:  # not Linux
        return ""


def cores() -> int:
    """How many CPU cores this program may use: those it is bound to, or fewer where `OMP_NUM_THREADS` says so.

    Engines that share a machine out among workers, such as Ray, say by that variable what is whose.
    """
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    told = os.environ.get("OMP_NUM_THREADS", "")
    return min(here, int(told)) if told.isdecimal() and int(told) else here


def keep_to(count: int) -> None:
    """Have this process use no more than `count` cores, in whatever it runs from now on."""
    os.environ["OMP_NUM_THREADS"] = str(count)
    torch.set_num_threads(count)


@contextmanager
def shared_cores() -> Iterator[None]:
    """Within it, torch and OpenCV take a stage's share of the cores: in this thread, and in those that it starts.

    Stages that each took all the cores would wait for one another at every small operation. Networks take them all, by
    `all_cores`, in threads that run in a copy of the context.
    """
    whole = torch.get_num_threads()
    told = _whole.set(whole)
    try:
        with _torch_threads(_share(whole)), _plane_threads(_share(whole)):
            yield
    finally:
        _whole.reset(told)


@contextmanager
def all_cores() -> Iterator[None]:
    """Within it, torch takes as many threads in this one as before the cores were shared."""
    with _torch_threads(_whole.get() or torch.get_num_threads()):
        yield


def _share(whole: int) -> int:
    return max(1, whole // _STAGES)


@contextmanager
def _torch_threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _plane_threads(count: int) -> Iterator[None]:
    """Set OpenCV's threads, which are the whole process's: the last render that ends gives them back."""
    with _renders_lock:
        before = _renders[0] if _renders else cv2.getNumThreads()
        _renders.append(before)
        cv2.setNumThreads(min(before, count))
    try:
        yield
    finally:
        with _renders_lock:
            _renders.pop()
            if not _renders:
                cv2.setNumThreads(before)
