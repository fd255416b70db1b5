"""Which back-end runs a generator here."""

from typing import NamedTuple

from torch import device, nn

from vidstyle.backends import BACKENDS, Execution, Run, Tile, UnsupportedError
from vidstyle.errors import PluginError

AUTO = "auto"
_FASTEST = "openvino"  # on the CPU, where it is there


class Chosen(NamedTuple):
    """A generator ready to run, by whom, and what to say where that is not who was asked for."""

    run: Run
    told: str
    warning: str = ""


def choose(name: str, generator: nn.Module, where: device, tile: Tile, how: Execution) -> Chosen:
    """Make a generator ready on the back-end called `name`, or on PyTorch where that can't run it.

    Convention: `auto` is OpenVINO on the CPU where it is installed and supports the network, else PyTorch; nobody is
    told of that, but `told` says who runs it.

    Raises:
        PluginError: no such back-end, or its package is not installed.
        ConfigError: it can't calculate in the precision that was asked for.
    """
    if name == "torch":
        return _by_torch(generator, where, tile, how)
    try:
        run = BACKENDS.get(_FASTEST if name == AUTO else name)(generator, where, tile, how)
    except UnsupportedError as error:
        if name == AUTO and how.precision != "int8":
            return _by_torch(generator, where, tile, how)
        asked = "int8" if name == AUTO else name
        without = Execution("auto" if how.precision == "int8" else how.precision, how.compiled)
        return _by_torch(generator, where, tile, without, f"{asked} can't draw this style, because {error}; torch does")
    except PluginError:
        if name != AUTO or how.precision == "int8":
            raise
        return _by_torch(generator, where, tile, how)
    return Chosen(run, getattr(run, "told", name))


def _by_torch(generator: nn.Module, where: device, tile: Tile, how: Execution, warning: str = "") -> Chosen:
    run = BACKENDS.get("torch")(generator, where, tile, how)
    return Chosen(run, getattr(run, "told", "torch"), warning)
