"""The blend stage: each stylized frame is mixed with the stylized past, moved to where it is now."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from vidstyle.frames import FrameBatch
from vidstyle.stages.batches import BlendedBatch, StyledBatch
from vidstyle.stages.mix import Mix
from vidstyle.stages.step import BlendConfig, BlendState, blend_step

__all__ = ["BlendConfig", "BlendState", "Memory", "Mix", "Watch", "blend", "blend_step"]

Watch = Callable[[BlendedBatch], None]


@dataclass(slots=True)
class Memory:
    """What is handed from batch to batch: the blend's recurrence, its last picture, and a drawing.

    Convention: between two batches of the result it is true of all frames before; given to another blend, that one
    goes on with the same pictures. `held` is the last blended picture with its share of the past, and `drawn` the
    frame that it shows, for frames that repeat it. `drawing` is the memory of a generator that has one, see
    `stages.recurrent`.
    """

    state: BlendState | None = None
    held: tuple[Tensor, Tensor] | None = None
    drawn: Tensor | None = None
    drawing: Tensor | None = None


def blend(
    batches: Iterable[StyledBatch],
    config: BlendConfig | None = None,
    *,
    watch: Watch | None = None,
    memory: Memory | None = None,
    mix: Mix | None = None,
) -> Iterator[FrameBatch]:
    """Blend a stream: out(t) = source + strength (blended - source), timestamps as they came.

    Convention: lazy, one batch in, one out; the result does not depend on how frames are divided into batches. At
    strength 0 the source batches pass through untouched, also where drawings are held; at stability 0 the generator's
    pictures do. A held frame repeats the last finished picture, a flash neither sees the past nor changes it. `watch`
    is called with each batch before it is yielded, also at strength 0. `memory` is where the past is found and left.
    `mix` is the last step; None: as `config` says, from frame 0 on.
    """
    config = config or BlendConfig()
    memory = memory or Memory()
    mix = mix or Mix(config)
    for batch in batches:
        frames = batch.moving.frames
        if config.strength == 0 and watch is None:
            yield frames
            continue
        source = frames.images if all(batch.moving.drawn) else frames.images.clone()
        results = list[tuple[Tensor, Tensor]]()
        for index, drawing in enumerate(_drawings(batch)):
            now = slice(index, index + 1)
            if drawing is not None:
                past = None if batch.moving.restarts[index] or batch.moving.flashes[index] else memory.state
                made = blend_step(past, frames.images[now], drawing, batch.moving.flow[now], config)
                memory.state = memory.state if batch.moving.flashes[index] else made
                memory.held, memory.drawn = (made.output, made.weight), frames.images[now]
            assert memory.held is not None  # the first frame of a stream is drawn
            assert memory.drawn is not None
            results.append(memory.held)
            if drawing is None:
                source[now] = memory.drawn
        blended, weights = results[0] if len(results) == 1 else map(torch.cat, zip(*results, strict=True))
        finished = mix(frames, source, blended)
        if watch is not None:
            watch(BlendedBatch(batch, finished, weights))
        yield frames if config.strength == 0 else replace(frames, images=finished)
        _let_go(memory)


def _let_go(memory: Memory) -> None:
    """Keep single frames: a view of a batch would keep all of it alive until the next one is through."""
    if memory.state is not None:
        memory.state = replace(memory.state, source=_single(memory.state.source))
    if memory.drawn is not None:
        memory.drawn = _single(memory.drawn)


def _single(frame: Tensor) -> Tensor:
    return frame if frame.nbytes == frame.untyped_storage().nbytes() else frame.clone()


def _drawings(batch: StyledBatch) -> Iterator[Tensor | None]:
    """Give what the generator made of each frame, and None for a frame that is not drawn."""
    position = 0
    for drawn in batch.moving.drawn:
        yield batch.images[position : position + 1] if drawn else None
        position += drawn
