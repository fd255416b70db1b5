"""ONNX graphs: their weights, and what they say of the pictures they take."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from vidstyle.errors import PluginError, StyleError
from vidstyle.networks.checkpoints.archives import CARD_KEY
from vidstyle.networks.style import ValueRange

try:
    import onnx
    from google.protobuf.message import DecodeError
    from onnx import numpy_helper
except ImportError as error:
    message = f"ONNX files need packages that are absent: {error}; install them with: pip install 'vidstyle[onnx]'"
    raise PluginError(message, group="generators", name="onnx") from error

Axes = Literal["nchw", "nhwc"]

_DOMAINS = {"", "ai.onnx"}  # operators of others would bring their own machine code
_STILL = {"Transpose", "Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze"}  # leave values as they are
_PICTURE = 4  # dimensions
_RGB = 3


@dataclass(frozen=True, slots=True)
class Graph:
    """What an image-to-image graph says of itself. `value_range` is None where its end says nothing."""

    axes: Axes
    value_range: ValueRange | None
    reasons: tuple[str, ...]


def read_initializers(path: Path) -> tuple[dict[str, Tensor], str | None]:
    """Read a graph's floating-point constants by name, and the style card inside.

    Raises StyleError where it wants other files or operators of other makers.
    """
    model = load_graph(path)
    arrays = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    tensors = {name: torch.from_numpy(array.copy()) for name, array in arrays.items() if array.dtype.kind == "f"}
    card = next((each.value for each in model.metadata_props if each.key == CARD_KEY), None)
    return tensors, card


def load_graph(path: Path) -> Any:
    """Read an ONNX file that is whole in itself and made of standard operators.

    Raises StyleError otherwise.
    """
    try:
        model = onnx.load(path, load_external_data=False)
    except (DecodeError, OSError, ValueError) as error:
        raise StyleError(f"{path} can't be read as ONNX: {error}; fetch it again", style=str(path)) from error
    if any(each.external_data for each in _stored(model.graph)):
        message = f"{path} keeps weights in other files, which are not followed; save it as one file"
        raise StyleError(message, style=str(path))
    strange = {node.domain for node in model.graph.node} - _DOMAINS - {each.domain for each in model.functions}
    if strange:
        message = f"{path} uses operators of {', '.join(sorted(strange))}; only ONNX's own are run"
        raise StyleError(message, style=str(path))
    return model


def describe_graph(path: Path) -> Graph:
    """Say how pictures go into a graph and come out.

    Raises StyleError where it does not take one picture of 3 channels and of any size, and give one.
    """
    graph = load_graph(path).graph
    constants = {each.name for each in graph.initializer}
    inputs = [each for each in graph.input if each.name not in constants]
    shapes = [_shape(each) for each in (*inputs, *graph.output)]
    if len(inputs) != 1 or len(graph.output) != 1 or any(len(shape) != _PICTURE for shape in shapes):
        told = " and ".join("x".join(map(str, shape)) for shape in shapes)
        message = f"{path} takes {len(inputs)} and gives {len(graph.output)} tensors ({told}); expected a picture each"
        raise StyleError(message, style=str(path))
    shape = shapes[0]
    axes: Axes = "nhwc" if shape[3] == _RGB and shape[1] != _RGB else "nchw"
    sides = shape[1:3] if axes == "nhwc" else shape[2:]
    if any(isinstance(side, int) for side in sides):
        found = "x".join(map(str, sides))
        message = f"{path} takes pictures of {found} only; export it anew with height and width left open"
        raise StyleError(message, style=str(path))
    value_range, why = _range(graph)
    told = "x".join(map(str, shape))
    return Graph(
        axes, value_range, (f"{axes.upper()}: its input is {told}", f"values {value_range or 'unknown'}: {why}")
    )


def _stored(graph: Any) -> Iterator[Any]:
    """All tensors inside a graph, those of its branches and loops among them."""
    yield from graph.initializer
    for attribute in (each for node in graph.node for each in node.attribute):
        yield from (attribute.t, *attribute.tensors)
        for inner in (attribute.g, *attribute.graphs):
            yield from _stored(inner)


def _shape(value: Any) -> list[int | str]:
    """Sizes of a tensor; those left open by their name."""
    dimensions = value.type.tensor_type.shape.dim
    return [each.dim_value if each.HasField("dim_value") else each.dim_param or "?" for each in dimensions]


def _range(graph: Any) -> tuple[ValueRange | None, str]:
    makers = {name: node for node in graph.node for name in node.output}
    node = makers.get(graph.output[0].name)
    while node is not None and node.op_type in _STILL:
        node = makers.get(node.input[0])
    kind = node.op_type if node is not None else "nothing"
    if kind == "Tanh":
        return "-1..1", "it ends in Tanh"
    if kind == "Sigmoid":
        return "0..1", "it ends in Sigmoid"
    if kind == "Clip":
        bounds = _clip_bounds(graph, node)
        known: dict[tuple[float, float], ValueRange] = {(-1, 1): "-1..1", (0, 1): "0..1", (0, 255): "0..255"}
        return known.get(bounds), f"it ends in Clip from {bounds[0]:g} to {bounds[1]:g}"
    return None, f"it ends in {kind}"


def _clip_bounds(graph: Any, node: Any) -> tuple[float, float]:
    constants = {each.name: each for each in graph.initializer}
    constants |= {each.output[0]: each.attribute[0].t for each in graph.node if each.op_type == "Constant"}
    given = [
        float(numpy_helper.to_array(constants[name])) if name in constants else math.nan for name in node.input[1:]
    ]
    low, high = [*given, math.nan, math.nan][:2]
    return low, high
