"""Frames → the style's pictures of them, each frame by itself unless the generator remembers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from vidstyle.backends import Execution, Precision, Run, Tile
from vidstyle.backends.choosing import AUTO, choose
from vidstyle.devices import all_cores
from vidstyle.networks import MixBy, Mixture, Padding, RecurrentGenerator, Style
from vidstyle.networks.calibration import calibration_pictures
from vidstyle.stages.batches import MovingBatch, StyledBatch
from vidstyle.stages.blend import Memory
from vidstyle.stages.curve import Strengths
from vidstyle.stages.recurrent import draw_in_order
from vidstyle.stages.scaling import drawn_frames, restored, seen_at


class StylizeConfig(BaseModel):
    """How the generator is executed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backend: str = Field(
        default=AUTO, description="a name in backends.BACKENDS; auto: openvino on a CPU where it is there, else torch"
    )
    precision: Precision = Field(
        default="auto", description="of the network: fp32, bf16, fp16, int8; auto: bf16 on a CPU with AMX, else fp32"
    )
    compile: bool = Field(default=False, description="backend torch: compile the network first, which takes minutes")
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


class Ready(NamedTuple):
    """The generators of a render, ready to run; `told` says who runs them, `warnings` who can't."""

    runs: tuple[Run, ...]
    told: str
    warnings: tuple[str, ...] = ()


def make_ready(style: Style | Mixture, config: StylizeConfig) -> Ready:
    """Choose and prepare what runs each generator; one that remembers runs by itself, in PyTorch.

    Raises PluginError, ConfigError: there is no such back-end, or it does not calculate so.
    """
    parts = _parts(style)
    if _remembers(parts):
        lost = [] if config.backend in (AUTO, "torch") else [f"backend {config.backend}"]
        lost += [] if config.precision in ("auto", "fp32") else [f"precision {config.precision}"]
        warning = f"{' and '.join(lost)} can't be, because this style remembers what it drew; torch draws it in fp32"
        return Ready((), f"torch {torch.__version__} fp32", (warning,) if lost else ())
    chosen = [
        choose(
            config.backend,
            each.generator,
            next(each.generator.parameters()).device,
            config.tile,
            Execution(config.precision, config.compile, lambda each=each: _examples(each)),  # type: ignore[misc]
        )
        for each, _ in parts
    ]
    told = dict.fromkeys(each.told for each in chosen)
    return Ready(
        tuple(each.run for each in chosen), ", ".join(told), tuple(each.warning for each in chosen if each.warning)
    )


def stylize(
    moving: Iterable[MovingBatch],
    style: Style | Mixture,
    config: StylizeConfig,
    memory: Memory | None = None,
    strengths: Strengths | None = None,
    ready: Ready | None = None,
) -> Iterator[StyledBatch]:
    """Run the style's generator over the frames that are drawn; a held frame costs nothing.

    Convention: `memory` is where a generator that has a memory finds and leaves it. Of a mixture the pictures are added
    by weight, each made with its own generator's value range and channel order. Adjustable styles draw each frame at
    its strength; None: at full strength. `ready` is what `make_ready` gave; None: it is asked here.
    """
    draw = _drawing(_parts(style), ready or make_ready(style, config), memory or Memory())
    for batch in moving:
        told = _strengths_of(batch, strengths)
        seen = batch if config.scale == 1 else seen_at(batch, config.scale)
        with all_cores():
            images = draw(seen, told)
        if seen is not batch:
            images = restored(images, drawn_frames(seen), drawn_frames(batch))
        yield StyledBatch(batch, images)


def _parts(style: Style | Mixture) -> tuple[tuple[Style, float], ...]:
    return style.parts if isinstance(style, Mixture) else ((style, 1.0),)


def _remembers(parts: Sequence[tuple[Style, float]]) -> bool:
    return len(parts) == 1 and isinstance(parts[0][0].generator, RecurrentGenerator)


def _examples(style: Style) -> list[Tensor]:
    padding = Padding(multiple=int(getattr(style.generator, "multiple", 1)))
    return [padding.pad(style.encode(picture)) for picture in calibration_pictures()]


def _strengths_of(batch: MovingBatch, strengths: Strengths | None) -> Float[Tensor, " m"]:
    """Give the strength of each frame that is drawn."""
    given = [1.0] * len(batch) if strengths is None else strengths.of(batch.frames)
    drawn = [strength for strength, drawn in zip(given, batch.drawn, strict=True) if drawn]
    return batch.frames.images.new_tensor(drawn)


def _drawing(
    parts: Sequence[tuple[Style, float]], ready: Ready, memory: Memory
) -> Callable[[MovingBatch, Tensor], Tensor]:
    """Give what makes pictures of the frames of a batch that are drawn, at their strengths."""
    (style, _), *others = parts
    generator = style.generator
    if isinstance(generator, RecurrentGenerator) and not others:
        return lambda batch, _: draw_in_order(batch, style, generator, memory)
    runs = ready.runs

    def draw(batch: MovingBatch, strengths: Tensor) -> Tensor:
        images = drawn_frames(batch)
        if not len(images) or not others:
            return paint(style, runs[0], images, strengths) if len(images) else images
        mixed = torch.zeros_like(images)
        for (each, weight), run in zip(parts, runs, strict=True):
            mixed.add_(paint(each, run, images, strengths), alpha=weight)
        return mixed.clamp_(0, 1)

    return draw


def paint(
    style: Style, run: Run, images: Float[Tensor, "n 3 h w"], strengths: Float[Tensor, " n"] | float = 1.0
) -> Float[Tensor, "n 3 h w"]:
    """The style's pictures of `images`: RGB in, RGB in [0, 1] out, any size."""
    padding = Padding(multiple=int(getattr(style.generator, "multiple", 1)))
    outputs = run(padding.pad(style.encode(images, strengths)))
    return style.decode(padding.crop(outputs, like=images))
