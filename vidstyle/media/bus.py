"""The bus between main memory and the device that renders: copies beside the work, never instead of it."""

from collections.abc import Sequence
from typing import Any, overload

import torch
from numpy.typing import NDArray
from torch import Tensor, cuda


class Bus:
    """Carries planes of codes between main memory and a device.

    Convention: on the CPU nothing is copied. A GPU has a stream of its own for copies, through page-locked memory that
    PyTorch gives out again once the copy out of it is over: the ring is as long as the queues that planes wait in.
    Not run on a GPU so far.
    """

    def __init__(self, device: torch.device, stream: Any = None) -> None:
        self._device = device
        self._stream = stream

    @classmethod
    def to(cls, device: torch.device) -> "Bus":
        """Give the bus to a device."""
        return cls(device, _stream(device) if device.type == "cuda" else None)

    def up(self, pictures: Sequence[Sequence[Tensor]]) -> list[Tensor]:
        """Stack the planes of pictures, plane by plane, on the device; what lies there already stays."""
        return [self._up(stack) for stack in zip(*pictures, strict=True)]

    def down(self, planes: Sequence[Tensor]) -> Sequence[NDArray[Any]]:
        """Begin to bring planes into main memory; whoever looks at one waits until all are there."""
        if self._stream is None:
            return [plane.numpy() for plane in planes]
        self._stream.wait_stream(cuda.current_stream(self._device))
        arriving = [locked(plane.shape, plane.dtype) for plane in planes]
        with cuda.stream(self._stream):
            for plane, target in zip(planes, arriving, strict=True):
                target.copy_(plane, non_blocking=True)
                plane.record_stream(self._stream)
            there = cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
            there.record(self._stream)
        return Arriving(arriving, there)

    def _up(self, planes: Sequence[Tensor]) -> Tensor:
        if self._stream is None or planes[0].device.type != "cpu":
            return torch.stack(list(planes))
        waiting = locked((len(planes), *planes[0].shape), planes[0].dtype)
        torch.stack(list(planes), out=waiting)
        with cuda.stream(self._stream):
            stacked = waiting.to(self._device, non_blocking=True)
        now = cuda.current_stream(self._device)
        now.wait_stream(self._stream)
        stacked.record_stream(now)
        return stacked


class Arriving(Sequence[NDArray[Any]]):
    """Planes on their way into main memory; looking at one waits for them all."""

    def __init__(self, planes: Sequence[Tensor], there: Any) -> None:
        self._planes = planes
        self._there = there

    @overload
    def __getitem__(self, index: int) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[NDArray[Any]]: ...
    def __getitem__(self, index: int | slice) -> NDArray[Any] | list[NDArray[Any]]:
        self._there.synchronize()
        arrived = [plane.numpy() for plane in self._planes]
        return arrived[index]

    def __len__(self) -> int:
        return len(self._planes)


def locked(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    """Give a tensor in page-locked memory, which a GPU copies to and from on its own."""
    return torch.empty(tuple(shape), dtype=dtype, pin_memory=True)


def _stream(device: torch.device) -> Any:
    return cuda.Stream(device)  # type: ignore[no-untyped-call]
