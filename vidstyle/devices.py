"""Which device renders."""

import re

import torch

from vidstyle.errors import ConfigError, DeviceError


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
