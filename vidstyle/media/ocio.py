"""Colour spaces of an OpenColorIO configuration; the extra `ocio`."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.errors import ConfigError, PluginError

_KEY = "decode.sequence.ocio_config"


def converted(images: Float[Tensor, "n 3 h w"], config: Path, source: str, target: str) -> Float[Tensor, "n 3 h w"]:
    """Convert from one colour space or role of `config` to another, on the CPU, in float32.

    Raises:
        PluginError: OpenColorIO is not installed.
        ConfigError: the configuration can't be read, or has no such colour space.
    """
    pixels = np.ascontiguousarray(images.permute(0, 2, 3, 1).cpu().numpy(), np.float32)
    _converter(config, source, target).applyRGB(pixels.reshape(-1, 3))
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous().to(images.device)


@lru_cache
def _converter(path: Path, source: str, target: str) -> Any:
    try:
        import PyOpenColorIO  # noqa: PLC0415  an extra that most do without
    except ImportError as error:
        message = "an OpenColorIO configuration needs OpenColorIO; install it with: pip install 'vidstyle[ocio]'"
        raise PluginError(message, group="extras", name="ocio") from error
    try:
        config = PyOpenColorIO.Config.CreateFromFile(str(path))
        for name in (source, target):
            if config.getColorSpace(name) is None:
                known = ", ".join(config.getColorSpaceNames())
                raise ConfigError(f"{path} has no colour space or role {name!r}; it has {known}", key=_KEY)
        processor = config.getProcessor(source, target)
        return processor.getOptimizedCPUProcessor(PyOpenColorIO.OPTIMIZATION_LOSSLESS)
    except (PyOpenColorIO.Exception, PyOpenColorIO.ExceptionMissingFile) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"OpenColorIO can't use {path} ({reason}); check file and colour spaces", key=_KEY) from error
