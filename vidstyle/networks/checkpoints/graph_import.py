"""ONNX graphs of unknown architecture, taken as they are."""

from pathlib import Path

import torch

from vidstyle.errors import StyleError
from vidstyle.networks.checkpoints.graphs import Axes, describe_graph
from vidstyle.networks.checkpoints.reading import Checkpoint
from vidstyle.networks.checkpoints.recognizing import Recognized, own_card
from vidstyle.networks.onnx_graph import OnnxGenerator
from vidstyle.networks.style import GeneratorSpec, ValueRange

_MULTIPLES = (1, 2, 4, 8, 16, 32)


def as_graph(checkpoint: Checkpoint, value_range: ValueRange | None = None) -> Recognized:
    """Take an image-to-image graph whole, to be run by ONNX Runtime.

    Convention: what sides must be multiples of is found by trying. The order is taken for RGB, which no graph tells,
    unless there is a card of ours inside: then range and order are the card's.

    Raises:
        StyleError: it is not image to image, or its value range can't be told and was not given.
    """
    path, card = checkpoint.path, own_card(checkpoint)
    described = describe_graph(path)
    found = value_range or (card.value_range if card else described.value_range)
    if found is None:
        message = f"{path}: its value range can't be told ({described.reasons[-1]}); say --range -1..1, 0..1 or 0..255"
        raise StyleError(message, style=str(path))
    graph = torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.uint8)
    multiple = _multiple(path, graph, described.axes)
    options = {"size": len(graph), "axes": described.axes, "multiple": multiple}
    tried = (
        f"sides are multiples of {multiple}: sizes were tried"
        if multiple > 1
        else "sides of any size: sizes were tried"
    )
    order = card.channel_order if card else "rgb"
    source = "the card inside says it" if card else "a graph does not tell it"
    reasons = (*described.reasons, tried, f"{order.upper()} order: {source}")
    return Recognized("onnx", GeneratorSpec(name="onnx", options=options), {"graph": graph}, found, order, reasons)


def _multiple(path: Path, graph: torch.Tensor, axes: Axes) -> int:
    generator = OnnxGenerator(size=len(graph), axes=axes)
    generator.load_state_dict({"graph": graph})
    reason = "it gave another size than it took"
    for multiple in _MULTIPLES:
        odd = 64 // multiple + 1 - (64 // multiple) % 2  # an odd number of them, so that no greater one would do
        x = torch.zeros(1, 3, multiple * odd, multiple * (odd + 2))
        try:
            if generator(x).shape == x.shape:
                return multiple
        except StyleError as error:
            reason = str(error)
    sizes = ", ".join(map(str, _MULTIPLES))
    raise StyleError(f"{path} runs with no multiples of {sizes} pixels: {reason}", style=str(path))
