"""Temporal terms on real clips: the generator draws consecutive frames, on its own past where it has a memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidstyle.errors import TrainingError
from vidstyle.motion import Flow, warp_differentiable
from vidstyle.motion.sizes import resized
from vidstyle.networks import RecurrentGenerator
from vidstyle.training.losses import feature_loss, luminance_loss, warping_loss
from vidstyle.training.sequences import JUDGED, ClipTerms, SequenceBatch

Change = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a generator made of a batch of sequences, in 0 … 1, with its encoder's last features where asked for."""

    outputs: tuple[Float[Tensor, "n 3 h w"], ...]
    features: tuple[Float[Tensor, "n c fh fw"], ...] = ()

    @property
    def clip(self) -> Float[Tensor, "n t 3 h w"]:
        """The first frames, as the temporal discriminator looks at them, in -1 … 1."""
        return torch.stack(self.outputs[:JUDGED], 1) * 2 - 1


def to_network(images: Tensor) -> Tensor:
    """0 … 1 → -1 … 1, the range of all generators that are trained here."""
    return images * 2 - 1


def from_network(images: Tensor) -> Tensor:
    """-1 … 1 → 0 … 1."""
    return (images + 1) / 2


def draw_sequence(
    generator: nn.Module,
    batch: SequenceBatch,
    *,
    features: bool = False,
    encode: Change = to_network,
    decode: Change = from_network,
) -> Drawn:
    """Let the generator draw the frames in their order; one that remembers is unrolled through its own past.

    Source: Ruder, Dosovitskiy and Brox 2018, section 5.2: training on its own outputs, or errors add up at run time.

    Raises TrainingError where features are asked for and the generator has no part called `encoder`.
    """
    memory: Tensor | None = None
    outputs, seen = list[Tensor](), list[Tensor]()
    handle = _encoder_of(generator).register_forward_hook(lambda _, __, made: seen.append(made)) if features else None
    try:
        for t in range(batch.frames.shape[1]):
            x = encode(batch.frames[:, t])
            if isinstance(generator, RecurrentGenerator):
                moved = (None, None) if memory is None else _moved(memory, batch.before[t])
                y, memory = generator.step(x, *moved)
            else:
                y = generator(x)
            outputs.append(decode(y.float()))
    finally:
        if handle is not None:
            handle.remove()
    return Drawn(tuple(outputs), tuple(each.float() for each in seen))


def temporal_losses(drawn: Drawn, batch: SequenceBatch, terms: ClipTerms) -> dict[str, Tensor]:
    """Give the terms that count, weighted, by name; means over the frames that have a past."""
    found: dict[str, Tensor] = {}
    later = range(1, len(drawn.outputs))
    if terms.short:
        found["short"] = terms.short * _mean([_warping(drawn, batch, t, t - 1, batch.before[t]) for t in later])
    if terms.long and len(later) > 1:
        found["long"] = terms.long * _mean([_warping(drawn, batch, t, 0, batch.first[t]) for t in later[1:]])
    if terms.luminance:
        pairs = [(drawn.outputs[t], drawn.outputs[t - 1], batch.before[t], *_sources(batch, t, t - 1)) for t in later]
        found["luminance"] = terms.luminance * _mean([luminance_loss(*pair) for pair in pairs])
    if terms.features:
        maps, size = drawn.features, drawn.features[0].shape[-2:]
        apart = [feature_loss(maps[t], maps[t - 1], resized(batch.before[t], *size)) for t in later]
        found["features"] = terms.features * _mean(apart)
    return found


def moving_stills(stills: Float[Tensor, "n 3 h w"], batch: SequenceBatch) -> Float[Tensor, "n t 3 h w"]:
    """Move pictures as the clips of `batch` move: what a style would look like if its pictures were film."""
    frames = [stills, *(warp_differentiable(stills, flow.to_previous, "bicubic") for flow in batch.first[1:JUDGED])]
    return torch.stack(frames, 1)


def _warping(drawn: Drawn, batch: SequenceBatch, t: int, past: int, flow: Flow) -> Tensor:
    return warping_loss(drawn.outputs[t], drawn.outputs[past], flow, *_sources(batch, t, past))


def _sources(batch: SequenceBatch, t: int, past: int) -> tuple[Tensor, Tensor]:
    return batch.frames[:, t], batch.frames[:, past]


def _mean(terms: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(terms)).mean()


def _moved(memory: Tensor, flow: Flow) -> tuple[Tensor, Tensor]:
    return warp_differentiable(memory, resized(flow, *memory.shape[-2:]).to_previous), flow.visibility


def _encoder_of(generator: nn.Module) -> nn.Module:
    encoder = getattr(getattr(generator, "resnet", generator), "encoder", None)
    if not isinstance(encoder, nn.Sequential):
        name = type(generator).__name__
        raise TrainingError(f"clips.features needs a generator with an encoder, {name} has none", recipe=name)
    return encoder[-1]
