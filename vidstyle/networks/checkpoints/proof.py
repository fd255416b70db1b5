"""A test card, what a style makes of it, and whether that looks right."""

from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from vidstyle.errors import StyleError
from vidstyle.networks.style import Style

Codes = NDArray[np.uint8]

GOLDEN = "golden.png"
TOLERANCE = (1.0, 16)  # codes of 255, mean and greatest: what other processors' rounding may change, as measured x 8

_FIELDS = (
    (0.8, 0.15, 0.1),
    (0.95, 0.8, 0.2),
    (0.15, 0.55, 0.2),
    (0.1, 0.3, 0.8),
    (0.85, 0.6, 0.5),
    (0.1, 0.1, 0.12),
)
_RADIUS = 0.17  # of the disc, heights
_CONSTANT = 3 / 255  # spread of a picture that shows nothing
_SATURATED = 0.6  # share of values at black or white
_FLIPPED = 0.35  # by how much colours must follow the source better in the other order


def draw_card(height: int = 128, width: int = 160) -> Float[Tensor, "1 3 h w"]:
    """Draw a test card from code alone: ramps of colour, a disc, checks and stripes, six fields. RGB 0 to 1."""
    y, x = torch.meshgrid(torch.linspace(0, 1, height), torch.linspace(0, 1, width), indexing="ij")
    card = torch.stack((0.2 + 0.6 * x, 0.75 - 0.4 * y, 0.35 + 0.4 * y * (1 - x)))
    disc = ((x - 0.5) * width / height).hypot(y - 0.42) < _RADIUS
    card = torch.where(disc, torch.stack((0.9 - 0.5 * y, 0.45 + 0 * y, 0.2 + 0.3 * x)), card)
    fifth = height // 5
    fine = ((x * width).floor() + (y * height).floor()) % 2
    card[:, :fifth, : width // 5] = (fine * 0.5 + 0.25)[:fifth, : width // 5]
    card[:, :fifth, width // 2 :] = ((x * 40).floor() % 2 * 0.8 + 0.1)[:fifth, width // 2 :]
    for field, colour in zip(card[:, -height // 3 :].chunk(6, dim=2), _FIELDS, strict=True):
        field.copy_(torch.tensor(colour)[:, None, None])
    return card[None]


def doubts(style: Style) -> tuple[str, ...]:
    """Render the test card and say what looks wrong with it; empty where nothing does.

    Convention: looked for are values that are no numbers, a constant picture, one at black and white, and colours
    that follow the source's only when red and blue change places.
    """
    card = draw_card()
    made = style.paint(card)
    if not torch.isfinite(made).all():
        return ("the test card comes out with values that are no numbers; the weights are broken",)
    found = []
    if float(made.std(dim=(2, 3)).max()) < _CONSTANT:
        found.append(_range_doubt(style, f"the same colour everywhere (spread {float(made.std()) * 255:.1f} codes)"))
    elif (share := float(((made <= 0) | (made >= 1)).float().mean())) > _SATURATED:
        found.append(_range_doubt(style, f"at black or white in {share:.0%} of its values"))
    elif warmth := _warmth_doubt(style, card, made):
        found.append(warmth)
    return tuple(found)


def write_golden(style: Style) -> Path:
    """Keep what the style makes of the test card beside its weights, as a PNG."""
    path = style.folder / GOLDEN
    written, packed = cv2.imencode(".png", _codes(style)[..., ::-1])
    assert written  # an 8-bit RGB picture always can be
    path.write_bytes(packed.tobytes())
    return path


def compare_golden(style: Style) -> tuple[float, int] | None:
    """Give the mean and the greatest difference to the golden frame, in codes of 255; None where there is none.

    Raises StyleError where it can't be read.
    """
    path = style.folder / GOLDEN
    if not path.is_file():
        return None
    golden = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    codes = _codes(style)
    if golden is None or golden.shape != codes.shape:
        raise StyleError(f"{path} is no picture of the test card; import the style again", style=style.card.name)
    difference = np.abs(golden[..., ::-1].astype(int) - codes)
    return float(difference.mean()), int(difference.max())


def _codes(style: Style) -> Codes:
    made = style.paint(draw_card())[0].permute(1, 2, 0).cpu().numpy()
    codes: Codes = np.rint(made * 255).astype(np.uint8)
    return codes


def _range_doubt(style: Style, what: str) -> str:
    now = style.card.value_range
    others = " or ".join(each for each in ("-1..1", "0..1", "0..255") if each != now)
    return f"the test card comes out {what}: is {now} its value range? Else --range {others}"


def _warmth_doubt(style: Style, card: Tensor, made: Tensor) -> str | None:
    """Compare warmth, red less blue, in source and result; both channel orders are tried."""
    other = "rgb" if style.card.channel_order == "bgr" else "bgr"
    swapped = style.paint(card.flip(1)).flip(1)
    here, there = _agreement(card, made), _agreement(card, swapped)
    if here < -_FLIPPED or there > max(here, 0) + _FLIPPED:
        told = f"red and blue of the test card agree with the source by {here:.2f}, in {other} order by {there:.2f}"
        return f"{told}: is {style.card.channel_order} its channel order? Else --order {other}"
    return None


def _agreement(source: Tensor, made: Tensor) -> float:
    """Correlate the warmth of both pictures over blocks of 8x8 pixels, so that strokes do not count.

    What follows the source's light is taken out of both first: a style that paints shadows blue swaps no colours.
    """
    light = _blocks(source.mean(1))
    pair = [_without(_blocks(each[:, 0] - each[:, 2]), light) for each in (source, made)]
    if min(float(each.std()) for each in pair) < _CONSTANT:
        return 0.0
    return float(torch.corrcoef(torch.stack(pair))[0, 1])


def _blocks(values: Float[Tensor, "1 h w"]) -> Float[Tensor, " b"]:
    means: Tensor = torch.nn.functional.avg_pool2d(values, 8).flatten()
    return means - means.mean()


def _without(values: Float[Tensor, " b"], other: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
    return values - other * (values @ other) / (other @ other)
