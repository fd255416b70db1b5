"""Several styles as one: `ink:0.7,wave:0.3`, by their pictures or by their weights."""

import hashlib
from dataclasses import dataclass
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from vidstyle.errors import ConfigError, StyleError
from vidstyle.networks.gallery import find_card, load_style
from vidstyle.networks.looks import REFERENCE
from vidstyle.networks.style import Style, StyleCard, build_generator

MixBy = Literal["output", "weights"]
_FORM = "write NAME:WEIGHT,…, such as ink:0.7,wave:0.3"


class StyleShare(BaseModel):
    """One style of a mixture."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    weight: float = Field(description="share of the mixture; all together are 1")
    sha256: str = Field(description="of the style's weights")


@dataclass(frozen=True, slots=True)
class Mixture:
    """What a render draws with: one style, or several whose pictures are added by weight.

    Convention: `card` stands for the whole: a name such as ink-70_wave-30, the weighted mean of the stabilities, and a
    checksum over all shares; of one style it is that style's own. Mixed by weights there is one part.
    """

    card: StyleCard
    parts: tuple[tuple[Style, float], ...]

    @property
    def is_recurrent(self) -> bool:
        """Whether a generator remembers what it drew, so that it needs the motion between frames."""
        return any(style.is_recurrent for style, _ in self.parts)

    @property
    def is_adjustable(self) -> bool:
        """Whether all of it is drawn as strongly as it is told, so that its pictures need not be mixed in."""
        return all(style.card.adjustable for style, _ in self.parts)


def parse_styles(text: str) -> tuple[tuple[str, float], ...]:
    """Read one style, or `NAME:WEIGHT,…`; weights are divided by their sum, and without any all are alike.

    Convention: what follows the last colon is a weight only where it is a number, so that paths may hold colons.

    Raises ConfigError.
    """
    names, weights = zip(*(_weighted(part.strip()) for part in text.split(",")), strict=True)
    given = [weight for weight in weights if weight is not None]
    if len(names) == 1 and not given:
        return ((text, 1.0),)
    if not all(names) or len(set(names)) < len(names):
        raise ConfigError(f"style {text!r} names a style twice, or none; {_FORM}", key="style")
    if given and len(given) < len(names):
        raise ConfigError(f"style {text!r} has weights for some styles only; {_FORM}", key="style")
    total = sum(given) if given else float(len(names))
    if not 0 < total < float("inf") or min(given, default=1.0) < 0:
        raise ConfigError(f"style {text!r}: weights are 0 or more, and not all 0; {_FORM}", key="style")
    shares = [(name, (1.0 if weight is None else weight) / total) for name, weight in zip(names, weights, strict=True)]
    return tuple(share for share in shares if share[1] > 0)


def tell_styles(text: str) -> tuple[StyleShare, ...]:
    """Tell what `text` mixes from the styles' cards alone. Raises ConfigError and StyleError."""
    cards = [(find_card(name), weight) for name, weight in parse_styles(text)]
    return tuple(StyleShare(name=card.name, weight=weight, sha256=card.sha256) for card, weight in cards)


def card_of(text: str, by: MixBy = "output") -> StyleCard:
    """Give the card of what `text` mixes, without loading it. Raises ConfigError and StyleError."""
    cards = [(find_card(name), weight) for name, weight in parse_styles(text)]
    return _joint(cards, by)


def load_styles(text: str, by: MixBy = "output", *, device: torch.device | None = None) -> Mixture:
    """Load one style or a mixture.

    Raises:
        ConfigError: `text` is none of both.
        StyleError: a style can't be loaded, or these can't be mixed so.
    """
    parts = tuple((load_style(name, device=device), weight) for name, weight in parse_styles(text))
    card = _joint([(style.card, weight) for style, weight in parts], by)
    if any(style.card.generator.name == REFERENCE for style, _ in parts):
        message = f"style {text!r} draws in the look of a picture; name one: --style-image PICTURE, or image:PICTURE"
        raise StyleError(message, style=text)
    if len(parts) == 1:
        return Mixture(card, parts)
    if by == "weights":
        return Mixture(card, ((_merged(parts, card), 1.0),))
    for style, _ in parts:
        if style.is_recurrent:
            told = f"{style.card.name} remembers what it drew, so its pictures can't be mixed with others'"
            raise StyleError(f"{told}; leave it out, or use --mix weights where the layouts agree", style=text)
    return Mixture(card, parts)


def _weighted(part: str) -> tuple[str, float | None]:
    name, _, weight = part.rpartition(":")
    try:
        return (name, float(weight)) if name else (part, None)
    except ValueError:
        return part, None


def _joint(cards: list[tuple[StyleCard, float]], by: MixBy) -> StyleCard:
    first = cards[0][0]
    if len(cards) == 1:
        return first
    told = "".join(f"{by} {weight!r} {card.sha256}\n" for card, weight in cards)
    return first.model_copy(
        update={
            "name": "_".join(f"{card.name}-{weight * 100:.0f}" for card, weight in cards),
            "sha256": hashlib.sha256(told.encode()).hexdigest(),
            "stability": min(1.0, sum(card.stability * weight for card, weight in cards)),
        }
    )


def _merged(parts: tuple[tuple[Style, float], ...], card: StyleCard) -> Style:
    """One generator with the weighted mean of all weights; counts, which are whole numbers, stay the first's."""
    (first, _), *others = parts
    for other, _ in others:
        if difference := _difference(first, other):
            told = f"{first.card.name} and {other.card.name} can't be mixed by weights: {difference}"
            raise StyleError(f"{told}; use --mix output", style=other.card.name)
    states = [(style.generator.state_dict(), weight) for style, weight in parts]
    mean = {name: _mean([(state[name], weight) for state, weight in states]) for name in states[0][0]}
    generator = build_generator(first.card.generator)
    generator.load_state_dict(mean)
    device = next(first.generator.parameters()).device
    return Style(card, first.folder, generator.eval().requires_grad_(False).to(device))


def _mean(tensors: list[tuple[Tensor, float]]) -> Tensor:
    first = tensors[0][0]
    return torch.stack([t * weight for t, weight in tensors]).sum(0) if first.is_floating_point() else first


def _difference(one: Style, other: Style) -> str:
    """What keeps two styles from being mixed by weights; empty: nothing."""
    for what in ("value_range", "channel_order"):
        values = getattr(one.card, what), getattr(other.card, what)
        if values[0] != values[1]:
            return f"{what} is {values[0]} and {values[1]}"
    specs = one.card.generator, other.card.generator
    if specs[0].name != specs[1].name:
        return f"the generators are {specs[0].name} and {specs[1].name}"
    shapes = [{name: tuple(t.shape) for name, t in style.generator.state_dict().items()} for style in (one, other)]
    for name in sorted({*shapes[0], *shapes[1]}):
        found = [shape.get(name, "absent") for shape in shapes]
        if found[0] != found[1]:
            return f"the layouts differ: {name} is {found[0]} and {found[1]}"
    options = [spec.options for spec in specs]
    return "" if options[0] == options[1] else f"the generators' options are {options[0]} and {options[1]}"
