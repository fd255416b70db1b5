"""Where tiles wait for each other."""

import tempfile
from types import TracebackType
from typing import IO, Any

import numpy as np
import torch
from torch import Tensor, fx, nn

from vidstyle.backends.graph import Values
from vidstyle.errors import OutOfMemoryError


class Shelf:
    """Keeps what tiles need later: of a GPU in the host's memory, of the CPU in nameless files in the temporary folder.

    Convention: what was put comes back after the next `turn`, once, in any order; what nobody took is forgotten at the
    turn after.

    Raises:
        OutOfMemoryError: the disk is full.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._files: list[IO[bytes]] = []
        self._waiting: dict[int, dict[fx.Node, Any]] = {}
        self._coming: dict[int, dict[fx.Node, Any]] = {}

    def __enter__(self) -> "Shelf":
        if self._device.type == "cpu":
            self._files = [tempfile.TemporaryFile() for _ in range(2)]  # noqa: SIM115  # closed in __exit__
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files:
            file.close()

    def put(self, number: int, values: Values) -> None:
        """Keep the values of a tile."""
        try:
            self._coming[number] = {node: self._stored(value) for node, value in values.items()}
        except OSError as error:
            message = f"no room for tiles in {tempfile.gettempdir()} ({error}); set TMPDIR to a folder on a larger disk"
            raise OutOfMemoryError(message, device=str(self._device)) from error

    def take(self, number: int) -> Values:
        """Give back what was put before the last turn."""
        return {node: self._restored(value) for node, value in self._waiting.pop(number).items()}

    def turn(self) -> None:
        """Make what was put the next to be taken."""
        self._waiting, self._coming = self._coming, {}
        if self._files:
            self._files.reverse()
            self._files[0].seek(0)
            self._files[0].truncate()

    def _stored(self, value: Any) -> Any:
        if not isinstance(value, Tensor) or isinstance(value, nn.Parameter):
            return value
        if not self._files:
            return value.cpu()
        array = value.contiguous().numpy()
        begin = self._files[0].tell()
        array.tofile(self._files[0])
        return _Place(begin, array.shape, array.dtype)

    def _restored(self, value: Any) -> Any:
        if isinstance(value, _Place):
            self._files[1].seek(value.begin)
            array = np.fromfile(self._files[1], value.dtype, int(np.prod(value.shape)))
            return torch.from_numpy(array.reshape(value.shape))
        return value.to(self._device) if isinstance(value, Tensor) else value


class _Place:
    __slots__ = ("begin", "dtype", "shape")

    def __init__(self, begin: int, shape: tuple[int, ...], dtype: "np.dtype[Any]") -> None:
        self.begin, self.shape, self.dtype = begin, shape, dtype
