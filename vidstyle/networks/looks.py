"""A style made of a picture: `image:painting.jpg`."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.errors import ConfigError, StyleError
from vidstyle.networks.reference import ReferenceGenerator
from vidstyle.networks.style import GeneratorSpec, Style, StyleCard

REFERENCE = "reference"  # the style that draws in the look of a picture
IMAGE = "image:"

_SIDE = 256  # px, short side that pictures are brought to: as in training, or brushes change their size
_LEAST = 32


def image_of(style: str | Path) -> Path | None:
    """The picture that `image:PATH` names; None where a style is named otherwise."""
    return Path(str(style).removeprefix(IMAGE)) if str(style).startswith(IMAGE) else None


def styles_of_images(images: Sequence[Path], mix: str | None = None) -> str:
    """Name the style of one picture, or of several; `mix` is the share of the first of two, 0 … 1.

    Raises ConfigError where a path can't be told from the words around it, or `mix` is no such share.
    """
    if wrong := next((image for image in images if "," in str(image)), None):
        message = f"--style-image {wrong}: a comma in a path can't be told from the next style; rename it"
        raise ConfigError(message, key="style")
    if mix is None or len(images) == 1:
        return ",".join(f"{IMAGE}{image}" for image in images)
    try:
        share = float(mix)
    except ValueError:
        share = -1.0
    if len(images) != 2 or not 0 <= share <= 1:  # noqa: PLR2004
        message = f"--mix {mix}: with two --style-image it is the share of the first, 0 to 1"
        raise ConfigError(message, key="stylize.mix")
    return ",".join(f"{IMAGE}{image}:{part:.6g}" for image, part in zip(images, (share, 1 - share), strict=True))


def look_card(reference: StyleCard, image: Path) -> StyleCard:
    """Give the card of the style that a picture makes: its checksum is over the picture and the network.

    Raises StyleError where the picture can't be read.
    """
    try:
        content = image.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise StyleError(f"the style picture {image} can't be read: {reason}", style=str(image)) from error
    slug = re.sub(r"[^a-z0-9]+", "-", image.stem.lower()).strip("-")[:40] or "picture"
    spec = GeneratorSpec(name="reference-resnet", options=_options(reference))
    update = {
        "name": f"image-{slug}",
        "title": f"After {image.name}",
        "description": f"In the look of the picture {image.name}, by the style {reference.name}.",
        "generator": spec,
        "sha256": hashlib.sha256(reference.sha256.encode() + content).hexdigest(),
        "adjustable": True,
    }
    return reference.model_copy(update=update)


def dress(reference: Style, image: Path) -> Style:
    """Make a style of a picture: it is looked at once, so nothing of the look can change from frame to frame.

    Raises StyleError where the picture can't be read or is too small, or `reference` looks at none.
    """
    if not isinstance(reference.generator, ReferenceGenerator):
        message = f"style {reference.card.name!r} looks at no pictures; train one with mode = 'reference'"
        raise StyleError(message, style=reference.card.name)
    card = look_card(reference.card, image)
    device = next(reference.generator.parameters()).device
    painter = reference.generator.dressed(_read(image).to(device)).eval().requires_grad_(False)
    return Style(card, reference.folder, painter)


def _options(card: StyleCard) -> dict[str, int]:
    return {key: value for key, value in card.generator.options.items() if key in ("width", "core", "blocks")}


def _read(image: Path) -> Float[Tensor, "1 3 h w"]:
    picture = cv2.imdecode(np.fromfile(image, np.uint8), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        message = f"the style picture {image} is no JPEG, PNG, TIFF or WebP; convert it"
        raise StyleError(message, style=str(image))
    height, width = picture.shape[:2]
    if min(height, width) < _LEAST:
        message = f"the style picture {image} has {width}x{height} pixels; at least {_LEAST} each way are needed"
        raise StyleError(message, style=str(image))
    ratio = _SIDE / min(height, width)
    size = (round(width * ratio), round(height * ratio))
    way = cv2.INTER_AREA if ratio < 1 else cv2.INTER_CUBIC
    small = cv2.resize(picture, size, interpolation=way).astype(np.float32)
    return torch.from_numpy(small / 127.5 - 1).permute(2, 0, 1)[None].contiguous()
