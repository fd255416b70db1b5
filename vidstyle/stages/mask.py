"""Reads mattes: where, and how much, a clip is stylized."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor
from torch.nn.functional import interpolate

from vidstyle.errors import ClipReadError, ConfigError
from vidstyle.frames import Span
from vidstyle.media import DecodeConfig, Reader, VideoInfo, open_reader
from vidstyle.media.numbering import names_pictures
from vidstyle.media.sequences import SequenceConfig
from vidstyle.media.spans import count_frames
from vidstyle.stages.colour import LumaWeights, luma_of, luma_weights

_SHAPE = 0.02  # by how much width / height may differ: proxies are rounded to even sides
_SNAP = 1e-5  # white and black that matrix and resizing left a rounding error beside 1 and 0


class MaskConfig(BaseModel):
    """Where the style is mixed in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Path | None = Field(
        default=None,
        description="a matte: a clip, a sequence or one still; white is stylized, black is the source, grey in between",
    )
    invert: bool = Field(default=False, description="black is stylized, white is the source")
    first: int = Field(default=0, ge=0, description="frame of the clip, from 0, that the matte's first frame is for")


@contextmanager
def open_masks(
    config: MaskConfig, like: VideoInfo, begin: int, stop: int | None, device: torch.device
) -> Iterator[Iterator[Tensor] | None]:
    """Open the matte for a clip's frames from `begin` on, before `stop` if that is known; None where there is none.

    Convention: matched by frame number, whatever the rates: the matte's frame n is for the clip's frame n + `first`; a
    still is for all. Each mask is (1, h, w) of the clip's upright size, resized bilinearly, averaged where it shrinks.
    Its value is luma: reference white, by the matte's own range, is exactly 1, reference black exactly 0, and beyond is
    clamped. Light is not linearized: a code half-way between the two is 0.5. Opacity is not looked at.

    Raises:
        ClipMissingError, ClipReadError: the matte is not there, can't be read, or is too short.
        ConfigError: its shape is another one than the clip's.
    """
    if config.file is None:
        yield None
        return
    with open_reader(config.file, _as_it_lies(config.file), device=device) as reader:
        _check_shape(config.file, reader.info.video, like)
        still = names_pictures(config.file) and reader.info.video.frames == 1
        if not still:
            _check_length(config, count_frames(reader.info), begin, stop)
        weights = luma_weights(reader.info.video)
        pictures = _one_for_all(reader) if still else _numbered(reader, config, begin)
        yield (_mask(picture, like.upright, weights, invert=config.invert) for picture in pictures)


def _as_it_lies(file: Path) -> DecodeConfig:
    """A matte's numbers are shares, not light; fields of an interlaced one belong to the clip's."""
    sequence = SequenceConfig(input_transfer="display") if names_pictures(file) else SequenceConfig()
    return DecodeConfig(deinterlace="off", sequence=sequence)


def _check_shape(file: Path, found: VideoInfo, like: VideoInfo) -> None:
    (height, width), (wanted_height, wanted_width) = found.upright, like.upright
    if abs(width * wanted_height / (height * wanted_width) - 1) > _SHAPE:
        told = f"the mask {file} is {width}x{height}, the clip {wanted_width}x{wanted_height}"
        raise ConfigError(f"{told}: not the same shape; render the matte for the clip's whole picture", key="mask.file")


def _check_length(config: MaskConfig, frames: int, begin: int, stop: int | None) -> None:
    """Refuse at once what would end or begin within the clip, as far as the clip says its own length."""
    if begin < config.first:
        told = f"the mask {config.file} begins with frame {config.first} of the clip (mask.first)"
        raise ConfigError(f"{told}, frame {begin} has none; set a lower mask.first or another span", key="mask.first")
    if config.first + frames < (begin + 1 if stop is None else stop):
        raise _too_short(config, max(begin, config.first + frames))


def _too_short(config: MaskConfig, number: int) -> ClipReadError:
    assert config.file is not None
    told = f"the mask {config.file} ends before frame {number} of the clip, which has none"
    return ClipReadError(f"{told}; give a longer matte, one still, or a shorter span (--frames)", path=config.file)


def _one_for_all(reader: Reader) -> Iterator[Tensor]:
    (picture,) = (image for batch in reader.frames() for image in batch.images)
    while True:
        yield picture


def _numbered(reader: Reader, config: MaskConfig, begin: int) -> Iterator[Tensor]:
    number = begin
    for batch in reader.frames(Span(begin - config.first)):
        yield from batch.images
        number += len(batch)
    raise _too_short(config, number)


def _mask(
    picture: Float[Tensor, "3 mh mw"], size: tuple[int, int], weights: LumaWeights, *, invert: bool
) -> Float[Tensor, "1 h w"]:
    mask = luma_of(picture[None], weights).clamp(0, 1)
    if mask.shape[-2:] != size:
        mask = interpolate(mask, size=size, mode="bilinear", align_corners=False, antialias=True)
    mask = mask.sub_(0.5).mul_(1 + 2 * _SNAP).add_(0.5).clamp_(0, 1)[0]
    return 1 - mask if invert else mask
