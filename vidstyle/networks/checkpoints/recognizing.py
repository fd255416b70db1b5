"""Which layout a checkpoint has: the one whose keys and shapes are its own, all of them."""

import re
from collections.abc import Collection
from dataclasses import dataclass

import torch
from pydantic import ValidationError
from torch import Tensor

from vidstyle.errors import StyleError
from vidstyle.networks.checkpoints.fast_layouts import FAST
from vidstyle.networks.checkpoints.layouts import CLASSIC, Layout, Shapes
from vidstyle.networks.checkpoints.reading import Checkpoint
from vidstyle.networks.checkpoints.strangers import stranger
from vidstyle.networks.style import ChannelOrder, GeneratorSpec, StyleCard, ValueRange, build_generator

LAYOUTS: dict[str, Layout] = {layout.name: layout for layout in (*CLASSIC, *FAST)}
OWN = "vidstyle"

# What normalization layers of old checkpoints carry along, and no layer that normalizes each picture by itself uses.
_IDLE = re.compile(r".*\.(running_mean|running_var|num_batches_tracked)")
_COUNTER = ".num_batches_tracked"
_SHOWN = 4  # keys of each kind in a message


@dataclass(frozen=True, slots=True)
class Recognized:
    """A checkpoint understood: which generator it is for, and its weights under that generator's names."""

    layout: str
    generator: GeneratorSpec
    state: dict[str, Tensor]
    value_range: ValueRange
    channel_order: ChannelOrder
    reasons: tuple[str, ...]
    card: StyleCard | None = None


@dataclass(frozen=True, slots=True)
class _Comparison:
    layout: Layout
    missing: list[str]
    unknown: list[str]
    other: list[str]
    likeness: float

    @property
    def fits(self) -> bool:
        return not (self.missing or self.unknown or self.other)

    def __str__(self) -> str:
        parts = [("missing", self.missing), ("unknown there", self.unknown), ("of another shape", self.other)]
        told = "; ".join(f"{what}: {_some(keys)}" for what, keys in parts if keys)
        return f"{self.layout.name} ({self.layout.title}); {told}"


def recognize(checkpoint: Checkpoint, layout: str | None = None) -> Recognized:
    """Find the layout whose keys and shapes are the checkpoint's; with `layout` only that one is looked at.

    Raises StyleError where none fits: what was seen, what it may be, the nearest layout and the keys that differ.
    """
    if layout is not None and layout not in (*LAYOUTS, OWN):
        raise StyleError(f"no layout called {layout!r}; known: {', '.join([*LAYOUTS, OWN])}", style=layout)
    card = own_card(checkpoint)
    if card is not None and layout in (None, OWN):
        return _own(checkpoint, card)
    if layout == OWN:
        raise StyleError(f"{checkpoint.path} carries no vidstyle card; leave out --from", style=str(checkpoint.path))
    shapes = {key: tuple(value.shape) for key, value in checkpoint.tensors.items()}
    candidates = [LAYOUTS[layout]] if layout else list(LAYOUTS.values())
    found = max((_compared(shapes, candidate) for candidate in candidates), key=lambda each: (each.fits, each.likeness))
    if not found.fits:
        raise StyleError(_refusal(checkpoint, found, asked=layout is not None), style=str(checkpoint.path))
    return _taken(checkpoint, shapes, found.layout)


def _compared(shapes: Shapes, layout: Layout) -> _Comparison:
    expected = _expected(shapes, layout)
    present = {key for key in shapes if key in expected or not _IDLE.fullmatch(key)}
    missing = [key for key in expected if key not in shapes and not key.endswith(_COUNTER)]
    other = [
        f"{key} {shapes[key]}, not {expected[key]}"
        for key in expected
        if shapes.get(key, expected[key]) != expected[key]
    ]
    alike = (len(present & expected.keys()) - len(other)) / len(present | expected.keys())
    return _Comparison(layout, missing, [key for key in shapes if key in present - expected.keys()], other, alike)


def _expected(shapes: Shapes, layout: Layout) -> dict[str, tuple[int, ...]]:
    guess = layout.guess(shapes)
    with torch.device("meta"):
        ours = build_generator(guess.generator).state_dict()
    return {guess.foreign(key): tuple(value.shape) for key, value in ours.items()}


def _taken(checkpoint: Checkpoint, shapes: Shapes, layout: Layout) -> Recognized:
    guess = layout.guess(shapes)
    with torch.device("meta"):
        ours = build_generator(guess.generator).state_dict()
    used = {guess.foreign(key) for key in ours}
    _require_numbers(checkpoint, used)
    state = {}
    for key, like in ours.items():
        # Batch norms of before PyTorch 0.4.1 count nothing.
        value = checkpoint.tensors.get(guess.foreign(key), torch.zeros(like.shape))
        state[key] = value.to(like.dtype)
    idle = len(checkpoint.tensors.keys() - used)
    dropped = (f"{idle} running statistics dropped: this network normalizes each picture by itself",) if idle else ()
    told = (f"channel order {layout.channel_order}, values {layout.value_range}: so this layout has them",)
    reasons = (*checkpoint.notes, *guess.reasons, *told, *dropped)
    return Recognized(layout.name, guess.generator, state, layout.value_range, layout.channel_order, reasons)


def own_card(checkpoint: Checkpoint) -> StyleCard | None:
    """Give the style card that our own exports carry. Raises StyleError where it is not valid."""
    if checkpoint.card is None:
        return None
    try:
        return StyleCard.model_validate_json(checkpoint.card)
    except ValidationError as error:
        message = f"{checkpoint.path} carries a vidstyle card that is not valid: {error.errors()[0]['msg']}"
        raise StyleError(message, style=str(checkpoint.path)) from error


def _own(checkpoint: Checkpoint, card: StyleCard) -> Recognized:
    with torch.device("meta"):
        ours = build_generator(card.generator).state_dict()
    idle = {key: torch.zeros(like.shape) for key, like in ours.items() if key.endswith(_COUNTER)}  # ONNX has no place
    tensors = idle | checkpoint.tensors
    state = {key: tensors[key].to(like.dtype) for key, like in ours.items() if key in tensors}
    wrong = [key for key, like in ours.items() if key not in state or state[key].shape != like.shape]
    if wrong:
        message = (
            f"{checkpoint.path} does not fit the vidstyle card inside; missing or of another shape: {_some(wrong)}"
        )
        raise StyleError(message, style=str(checkpoint.path))
    _require_numbers(checkpoint, ours)
    reasons = (*checkpoint.notes, "made by vidstyle: its card is inside")
    return Recognized(OWN, card.generator, state, card.value_range, card.channel_order, reasons, card)


def _require_numbers(checkpoint: Checkpoint, used: Collection[str]) -> None:
    bad = [key for key, value in checkpoint.tensors.items() if key in used and not torch.isfinite(value).all()]
    if bad:
        message = f"{checkpoint.path} holds infinities or NaN in {_some(bad)}; the training that made it has diverged"
        raise StyleError(message, style=str(checkpoint.path))


def _refusal(checkpoint: Checkpoint, nearest: _Comparison, *, asked: bool) -> str:
    keys = [f"{key} {tuple(value.shape)}" for key, value in checkpoint.tensors.items()]
    saw = f"{len(keys)} tensors, {checkpoint.parameters:,} numbers: {_some(keys)}"
    known = stranger({key: tuple(value.shape) for key, value in checkpoint.tensors.items()})
    what = f"It looks like {known}. " if known else ""
    near = f"None is near; known: {', '.join(LAYOUTS)}"
    if asked or nearest.likeness > 0:
        near = f"{'Asked for was' if asked else 'Nearest is'} {nearest}"
    return f"{checkpoint.path} has no layout that is known. Saw {saw}. {what}{near}"


def _some(keys: list[str]) -> str:
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + more
