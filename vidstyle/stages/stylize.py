"""Frames → the style's pictures of them, each frame by itself unless the generator remembers."""

from collections.abc import Iterable, Iterator

from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from vidstyle.backends import BACKENDS, Run, Tile
from vidstyle.networks import Padding, RecurrentGenerator, Style
from vidstyle.stages.batches import MovingBatch, StyledBatch
from vidstyle.stages.blend import Memory
from vidstyle.stages.recurrent import draw_in_order


class StylizeConfig(BaseModel):
    """How the generator is executed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backend: str = Field(default="torch", description="a name in backends.BACKENDS")
    tile: Tile = Field(
        default="auto",
        description="side, in px, of the tiles that big pictures are drawn in, equal to the whole; auto: tiles where "
        "memory is too small for the whole picture; or never",
    )
    hold: int = Field(
        default=1,
        ge=1,
        description="frames that each drawing is held for, as in animation (2: on twos); a cut begins a new one",
    )


def stylize(
    moving: Iterable[MovingBatch], style: Style, config: StylizeConfig, memory: Memory | None = None
) -> Iterator[StyledBatch]:
    """Run the style's generator over the frames that are drawn; a held frame costs nothing.

    Convention: `memory` is where a generator that has a memory finds and leaves it.
    """
    generator, memory = style.generator, memory or Memory()
    if isinstance(generator, RecurrentGenerator):
        yield from (StyledBatch(batch, draw_in_order(batch, style, generator, memory)) for batch in moving)
        return
    device = next(generator.parameters()).device
    run = BACKENDS.get(config.backend)(generator, device, config.tile)
    for batch in moving:
        images = batch.frames.images
        drawn = images if all(batch.drawn) else images[[n for n, drawn in enumerate(batch.drawn) if drawn]]
        yield StyledBatch(batch, paint(style, run, drawn) if len(drawn) else drawn)


def paint(style: Style, run: Run, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
    """The style's pictures of `images`: RGB in, RGB in [0, 1] out, any size."""
    padding = Padding(multiple=int(getattr(style.generator, "multiple", 1)))
    outputs = run(padding.pad(style.encode(images)))
    return style.decode(padding.crop(outputs, like=images))
