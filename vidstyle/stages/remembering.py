"""What stages remember ↔ named tensors, so that it can lie on disk between two runs; knows no stage by name."""

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import torch
from torch import Tensor

T = TypeVar("T")

_SCALARS = (bool, int, float)


def to_tensors(memory: object, prefix: str = "") -> dict[str, Tensor]:
    """Give every tensor and number inside a data class under its dotted name; what is None is left out.

    Convention: tensors come as they are, on the CPU; numbers as float64 or int64 without dimensions.
    """
    if memory is None:
        return {}
    if isinstance(memory, Tensor):
        return {prefix: memory.detach().cpu()}
    if isinstance(memory, _SCALARS):
        return {prefix: torch.tensor(memory, dtype=torch.float64 if isinstance(memory, float) else torch.int64)}
    found: dict[str, Tensor] = {}
    for name, value in _parts(memory):
        found |= to_tensors(value, f"{prefix}.{name}" if prefix else name)
    return found


def from_tensors(kind: type[T], tensors: Mapping[str, Tensor], device: torch.device | None = None) -> T:
    """Make a `kind` of what `to_tensors` gave of one; bit for bit, on `device`."""
    made: T = _made(kind, tensors, "", device or torch.device("cpu"))
    return made


def _parts(memory: object) -> list[tuple[str, Any]]:
    if isinstance(memory, tuple | list):
        return [(str(place), value) for place, value in enumerate(memory)]
    if is_dataclass(memory):
        return [(field.name, getattr(memory, field.name)) for field in fields(memory)]
    raise TypeError(f"{type(memory).__name__} can't be kept: neither tensor, number, tuple nor data class")


def _made(kind: Any, tensors: Mapping[str, Tensor], prefix: str, device: torch.device) -> Any:
    inside = f"{prefix}." if prefix else ""
    present = any(name == prefix or name.startswith(inside) for name in tensors)
    if get_origin(kind) in (Union, types.UnionType):
        choices = [choice for choice in get_args(kind) if choice is not types.NoneType]
        return _made(choices[0], tensors, prefix, device) if present else None
    if get_origin(kind) is tuple:
        parts = [_element(kind, place) for place in range(_length(tensors, inside))]
        return tuple(_made(part, tensors, f"{inside}{n}", device) for n, part in enumerate(parts))
    if is_dataclass(kind):
        hints, make = get_type_hints(kind), cast(Callable[..., Any], kind)
        return make(**{f.name: _made(hints[f.name], tensors, f"{inside}{f.name}", device) for f in fields(kind)})
    if kind in _SCALARS:
        return kind(tensors[prefix].item())
    return tensors[prefix].to(device)


def _element(kind: Any, place: int) -> Any:
    parts = get_args(kind)
    return parts[0] if parts[-1] is Ellipsis else parts[place]


def _length(tensors: Mapping[str, Tensor], inside: str) -> int:
    places = [int(name[len(inside) :].partition(".")[0]) for name in tensors if name.startswith(inside)]
    return max(places, default=-1) + 1
