"""Frames → the style's pictures of them, each frame by itself unless the generator remembers."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from vidstyle.backends import BACKENDS, Run, Tile
from vidstyle.networks import MixBy, Mixture, Padding, RecurrentGenerator, Style
from vidstyle.stages.batches import MovingBatch, StyledBatch
from vidstyle.stages.blend import Memory
from vidstyle.stages.recurrent import draw_in_order
from vidstyle.stages.scaling import drawn_frames, restored, seen_at


class StylizeConfig(BaseModel):
    """How the generator is executed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backend: str = Field(default="torch", description="a name in backends.BACKENDS")
    tile: Tile = Field(
        default="auto",
        description="side, in px, of the tiles that big pictures are drawn in, equal to the whole; auto: tiles where "
        "memory is too small for the whole picture; or never",
    )
    mix: MixBy = Field(
        default="output",
        description="several styles: add their pictures, or (weights) make one network of their weights",
    )
    scale: float = Field(
        default=1.0,
        ge=0.25,
        le=4,
        description="of the picture that the network sees: 0.5 paints with brushes twice as large; detail is restored",
    )
    hold: int = Field(
        default=1,
        ge=1,
        description="frames that each drawing is held for, as in animation (2: on twos); a cut begins a new one",
    )


def stylize(
    moving: Iterable[MovingBatch], style: Style | Mixture, config: StylizeConfig, memory: Memory | None = None
) -> Iterator[StyledBatch]:
    """Run the style's generator over the frames that are drawn; a held frame costs nothing.

    Convention: `memory` is where a generator that has a memory finds and leaves it. Of a mixture the pictures are added
    by weight, each made with its own generator's value range and channel order.
    """
    parts = style.parts if isinstance(style, Mixture) else ((style, 1.0),)
    draw = _drawing(parts, config, memory or Memory())
    for batch in moving:
        if config.scale == 1:
            yield StyledBatch(batch, draw(batch))
            continue
        seen = seen_at(batch, config.scale)
        yield StyledBatch(batch, restored(draw(seen), drawn_frames(seen), drawn_frames(batch)))


def _drawing(
    parts: Sequence[tuple[Style, float]], config: StylizeConfig, memory: Memory
) -> Callable[[MovingBatch], Tensor]:
    """Give what makes pictures of the frames of a batch that are drawn."""
    (style, _), *others = parts
    generator = style.generator
    if isinstance(generator, RecurrentGenerator) and not others:
        return lambda batch: draw_in_order(batch, style, generator, memory)
    compile_generator = BACKENDS.get(config.backend)
    runs = [
        compile_generator(each.generator, next(each.generator.parameters()).device, config.tile) for each, _ in parts
    ]

    def draw(batch: MovingBatch) -> Tensor:
        images = drawn_frames(batch)
        if not len(images) or not others:
            return paint(style, runs[0], images) if len(images) else images
        mixed = torch.zeros_like(images)
        for (each, weight), run in zip(parts, runs, strict=True):
            mixed.add_(paint(each, run, images), alpha=weight)
        return mixed.clamp_(0, 1)

    return draw


def paint(style: Style, run: Run, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
    """The style's pictures of `images`: RGB in, RGB in [0, 1] out, any size."""
    padding = Padding(multiple=int(getattr(style.generator, "multiple", 1)))
    outputs = run(padding.pad(style.encode(images)))
    return style.decode(padding.crop(outputs, like=images))
