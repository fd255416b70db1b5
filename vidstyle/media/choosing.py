"""Chooses the encoder and its pixel format, so that as little as possible of the source is lost."""

import os
from typing import NamedTuple

from vidstyle.errors import ConfigError, EncoderUnavailableError
from vidstyle.media.availability import available_encoders, why_closed
from vidstyle.media.encoders import (
    AUTO,
    AV1,
    ENCODERS,
    NVENC_H264,
    NVENC_HEVC,
    VP9,
    X264,
    X265,
    EncodeConfig,
    EncoderPreset,
)
from vidstyle.media.pixels import PlaneLayout

_BYTE = 8
ALPHA_CONTAINERS = ("mov", "matroska", "webm")  # mp4 has no place for any of our encoders' opacity


class Choice(NamedTuple):
    """An encoder, the pixel format it is fed with, and the planar layout that this is filled from."""

    preset: EncoderPreset
    pix_fmt: str
    layout: PlaneLayout


def choose_encoder(config: EncodeConfig, container: str, source: PlaneLayout, size: tuple[int, int]) -> Choice:
    """What `config` asks for; for `auto` NVENC where it opens, else what suits the container and the source's depth.

    Convention: `size` is (height, width) in pixels; odd ones rule out subsampled chroma in some encoders.

    Raises:
        PluginError: no such preset.
        EncoderUnavailableError: it is known, but does not open on this machine.
        ConfigError: the encoder does not take the asked-for pixel format.
    """
    preset = _automatic(container, source, size) if config.encoder == AUTO else _asked_for(config.encoder)
    layouts = {
        name: layout
        for name, layout in preset.layouts(config.profile).items()
        if (not preset.even or fits(layout, size)) and (container in ALPHA_CONTAINERS or not layout.alpha)
    }
    if config.pixel_format is None:
        return Choice(preset, *nearest_layout(layouts, source))
    if config.pixel_format not in layouts:
        known = ", ".join(sorted(layouts))
        raise ConfigError(
            f"encoder {preset.name} takes no pixel format {config.pixel_format!r} "
            f"{f'in profile {config.profile} ' if config.profile else ''}at this size; it takes {known}",
            key="encode.pixel_format",
        )
    return Choice(preset, config.pixel_format, layouts[config.pixel_format])


def nearest_layout(layouts: dict[str, PlaneLayout], source: PlaneLayout) -> tuple[str, PlaneLayout]:
    """The pixel format that loses least of `source`: opacity, depth, chroma, kind; and then the smallest."""

    def cost(entry: tuple[str, PlaneLayout]) -> tuple[object, ...]:
        pix_fmt, layout = entry
        lost = source.alpha and not layout.alpha
        return lost, losses(source, layout), _excess(source, layout), pix_fmt != layout.name

    return min(layouts.items(), key=cost)


def losses(source: PlaneLayout, target: PlaneLayout) -> tuple[int, int, int]:
    """What `target` loses of `source`: bits a code, halvings of chroma (3: all of it), and 1 where RGB becomes YUV."""
    chroma = max(0, target.shift_x - source.shift_x) + max(0, target.shift_y - source.shift_y)
    if source.kind == "gray":
        chroma = 0
    elif target.kind == "gray":
        chroma = 3
    return max(0, source.bits - target.bits), chroma, int(source.kind == "rgb" != target.kind)


def thread_count(config: EncodeConfig) -> int:
    """How many threads the encoder gets: half of this program's cores, since the generator needs the rest."""
    return config.threads or max(1, len(os.sched_getaffinity(0)) // 2)


def _excess(source: PlaneLayout, target: PlaneLayout) -> tuple[int, int, int, int]:
    chroma = source.shift_x - target.shift_x + source.shift_y - target.shift_y
    alpha = int(target.alpha and not source.alpha)
    return alpha, int(source.kind != target.kind), max(0, target.bits - source.bits), max(0, chroma)


def _asked_for(name: str) -> EncoderPreset:
    preset = ENCODERS.get(name)
    if reason := why_closed(preset):
        there = ", ".join(found.name for found in available_encoders() if found.opens)
        raise EncoderUnavailableError(
            f"encoder {preset.name} does not open here ({reason}); choose one that does: {there}",
            encoder=preset.name,
            device="cuda" if preset.codec.endswith("_nvenc") else "cpu",
        )
    return preset


def fits(layout: PlaneLayout, size: tuple[int, int]) -> bool:
    """True where the layout's chroma divides a picture of (height, width)."""
    return size[0] % (1 << layout.shift_y) == 0 and size[1] % (1 << layout.shift_x) == 0


def _automatic(container: str, source: PlaneLayout, size: tuple[int, int]) -> EncoderPreset:
    deep = source.bits > _BYTE
    if container == "webm" and source.alpha:
        return VP9
    if container == "webm" or (container in VP9.formats and not fits(source, size)):
        return AV1 if deep else VP9
    fast = NVENC_HEVC if deep else NVENC_H264
    whole = [name for name, layout in fast.layouts().items() if layout == source and fits(layout, size)]
    if whole and not why_closed(fast, size, whole[0]):
        return fast
    return X265 if deep else X264
