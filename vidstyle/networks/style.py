"""A style: a trained generator with its card, in a folder of its own."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from vidstyle.errors import PluginError, StyleError
from vidstyle.networks.adjustable import is_adjustable, with_strength
from vidstyle.networks.generators import GENERATORS
from vidstyle.networks.padding import Padding
from vidstyle.networks.recurrent import RecurrentGenerator

ValueRange = Literal["-1..1", "0..1", "0..255"]
_RANGES: dict[ValueRange, tuple[float, float]] = {
    "-1..1": (-1, 2),
    "0..1": (0, 1),
    "0..255": (0, 255),
}  # black, and how far to white
ChannelOrder = Literal["rgb", "bgr"]

CARD = "card.json"
WEIGHTS = "weights.safetensors"
SHEET = "sheet.jpg"


class _Card(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GeneratorSpec(_Card):
    """Which network the weights belong to."""

    name: str = Field(description="a name in networks.GENERATORS")
    options: dict[str, Any] = Field(default_factory=dict, description="its keyword arguments")


class DataSource(_Card):
    """One set of pictures or clips that a style was trained on."""

    name: str
    licence: str
    source: str = Field(description="where it comes from, for attribution")
    pictures: int = Field(ge=1, description="pictures or frames used")


class TrainingRecord(_Card):
    """How the weights came to be."""

    recipe: str = Field(description="the recipe's file name")
    mode: str
    seed: int
    steps: int
    minutes: float = Field(description="wall-clock time of the optimization, all runs together")
    device: str
    start: str | None = Field(default=None, description="the style whose weights the training started from")
    data: tuple[DataSource, ...]
    figures: dict[str, float] = Field(description="measured on held-out pictures at the end of the training")


class Provenance(_Card):
    """Where imported weights come from, and what was inferred from them."""

    file: str = Field(description="name of the file or folder that was imported, without its path")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="of that file; of a folder, of all its files by name")
    kind: str = Field(description="what it was: state dict, safetensors, TorchScript, ONNX, folder")
    layout: str = Field(description="how its weights are named")
    inferred: tuple[str, ...] = Field(description="what was inferred and from what")


class StyleCard(_Card):
    """What a person and a program must know of a style."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    title: str
    description: str
    generator: GeneratorSpec
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description=f"of {WEIGHTS}")
    value_range: ValueRange = "-1..1"
    channel_order: ChannelOrder = "rgb"
    adjustable: bool = Field(
        default=False,
        description="the network takes the strength itself, and draws anew at each instead of being mixed",
    )
    stability: float = Field(default=0.97, ge=0, le=1, description="the blend's default for this style")
    licence: str = Field(description="of the weights, as an SPDX expression")
    limits: str = Field(default="", description="where it fails")
    training: TrainingRecord | None = None
    provenance: Provenance | None = None


@dataclass(frozen=True, slots=True)
class Style:
    """A loaded style: `generator` is in evaluation mode on the render device, its parameters frozen."""

    card: StyleCard
    folder: Path
    generator: nn.Module

    @property
    def is_recurrent(self) -> bool:
        """Whether the generator remembers what it drew, so that it needs the motion between frames."""
        return isinstance(self.generator, RecurrentGenerator)

    @property
    def sheet(self) -> Path | None:
        """The contact sheet, where there is one."""
        sheet = self.folder / SHEET
        return sheet if sheet.exists() else None

    def paint(
        self,
        images: Float[Tensor, "n 3 h w"],
        run: Callable[[Tensor], Tensor] | None = None,
        *,
        strength: Float[Tensor, " n"] | float = 1.0,
    ) -> Tensor:
        """Give the style's pictures of `images`: RGB in, RGB in [0, 1] out, any size; `run` executes the generator.

        Convention: `strength` is for adjustable styles; others draw at full strength, whatever it is.
        """
        padding = Padding(multiple=int(getattr(self.generator, "multiple", 1)))
        encoded = padding.pad(self.encode(images, strength))
        with torch.inference_mode():
            outputs = (run or self.generator)(encoded)
        return self.decode(padding.crop(outputs, like=images))

    def encode(
        self, images: Float[Tensor, "n 3 h w"], strength: Float[Tensor, " n"] | float = 1.0
    ) -> Float[Tensor, "n c h w"]:
        """RGB in [0, 1] → the generator's value range and channel order. Clamped: networks never saw super-whites.

        Convention: c is 3, and 4 where the style is adjustable: the strength, 0 … 1, fills the fourth.
        """
        images = images.flip(1) if self.card.channel_order == "bgr" else images
        low, span = _RANGES[self.card.value_range]
        encoded = torch.add(images.new_tensor(low), images, alpha=span).clamp_(low, low + span)
        return with_strength(self.generator, encoded, strength)

    def decode(self, outputs: Float[Tensor, "n 3 h w"], *, clamped: bool = True) -> Float[Tensor, "n 3 h w"]:
        """The generator's value range and channel order → RGB in [0, 1]; `clamped` False lets a gradient through."""
        low, span = _RANGES[self.card.value_range]
        images = torch.add(outputs.new_tensor(-low / span), outputs, alpha=1 / span)
        images = images.flip(1) if self.card.channel_order == "bgr" else images
        return images.clamp_(0, 1) if clamped else images


def build_generator(spec: GeneratorSpec) -> nn.Module:
    """Make the generator that `spec` names, with random weights. Raises StyleError for unknown names or options."""
    try:
        return GENERATORS.get(spec.name)(**spec.options)
    except (PluginError, TypeError) as error:
        raise StyleError(f"the generator {spec.name!r} can't be built: {error}", style=spec.name) from error


def read_card(folder: Path) -> StyleCard:
    """Read the card of the style in `folder`. Raises StyleError when it is absent or not valid."""
    path = folder / CARD
    try:
        return StyleCard.model_validate_json(path.read_bytes())
    except OSError as error:
        raise StyleError(f"{folder} is not a style folder: no {CARD} in it", style=str(folder)) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise StyleError(f"{path}: {where}: {first['msg']}", style=str(folder)) from error


def read_style(folder: Path, *, device: torch.device | None = None) -> Style:
    """Read the style in `folder`, its checksum verified.

    Raises StyleError when card, checksum and weights do not fit together.
    """
    card = read_card(folder)
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise StyleError(f"style {card.name!r}: {weights} is missing", style=card.name)
    found = _sha256(weights)
    if found != card.sha256:
        message = f"style {card.name!r}: {weights} has checksum {found[:12]}…, the card says {card.sha256[:12]}…"
        raise StyleError(f"{message}; fetch the style again", style=card.name)
    generator = build_generator(card.generator)
    try:
        generator.load_state_dict(load_file(weights))
    except (SafetensorError, RuntimeError) as error:
        raise StyleError(f"style {card.name!r}: weights do not fit the card: {error}", style=card.name) from error
    if card.adjustable != is_adjustable(generator):
        message = f"the card says adjustable = {card.adjustable}, its generator {card.generator.name} says otherwise"
        raise StyleError(f"style {card.name!r}: {message}", style=card.name)
    return Style(card, folder, generator.eval().requires_grad_(False).to(device or "cpu"))


def save_style(folder: Path, card: StyleCard, generator: nn.Module) -> StyleCard:
    """Write `generator` and `card` into `folder`; returns the card with the weights' checksum filled in."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in generator.state_dict().items()}
    (folder / WEIGHTS).write_bytes(save(state))
    card = card.model_copy(update={"sha256": _sha256(folder / WEIGHTS)})
    (folder / CARD).write_text(card.model_dump_json(indent=2, exclude_none=True) + "\n", encoding="utf-8")
    return card


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
