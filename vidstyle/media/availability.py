"""Which encoders and decoders really open on this machine: listed is not enough."""

import os
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.codec.hwaccel import HWAccel

from vidstyle.media.encoders import ENCODERS, EncodeConfig, EncoderPreset
from vidstyle.media.scheduling import usual_scheduling

# FFV1 is not among them: it opens only with a clip at hand.
DECODERS = ("h264", "hevc", "vp8", "vp9", "libdav1d", "prores", "dnxhd", "mpeg2video", "mpeg4", "mjpeg")
_USUAL_SIZE = (256, 256)


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a codec opens here, and if not why. `name` is the preset's, `codec` FFmpeg's."""

    name: str
    codec: str
    opens: bool
    reason: str = ""


def available_encoders() -> list[Availability]:
    """Every encoder preset, and whether it opens here."""
    presets = [ENCODERS.get(name) for name in ENCODERS.names()]
    reasons = [why_closed(preset) for preset in presets]
    return [
        Availability(preset.name, preset.codec, not reason, reason)
        for preset, reason in zip(presets, reasons, strict=True)
    ]


def available_decoders() -> list[Availability]:
    """Every decoder that edits usually need, and whether it opens here."""
    reasons = [_why_no_decoder(name) for name in DECODERS]
    return [Availability(name, name, not reason, reason) for name, reason in zip(DECODERS, reasons, strict=True)]


def why_no_hardware_decoder() -> str:
    """Open NVIDIA's decoder as FFmpeg does; the reason why it doesn't open, or an empty string where it does."""
    try:
        HWAccel("cuda").create(av.Codec("h264", "r"))
    except (av.FFmpegError, NotImplementedError, OSError) as error:
        return _reason(error)
    return ""


def ffmpeg_versions() -> dict[str, str]:
    """The FFmpeg inside PyAV: its release under `ffmpeg`, and the version of each of its libraries."""
    libraries = {name: ".".join(map(str, version)) for name, version in av.library_versions.items()}
    return {"ffmpeg": av.ffmpeg_version_info, **libraries}


def opens(name: str) -> bool:
    """True where the encoder preset called `name` opens on this machine. Raises PluginError for an unknown name."""
    return not why_closed(ENCODERS.get(name))


def why_closed(preset: EncoderPreset, size: tuple[int, int] = _USUAL_SIZE, pix_fmt: str | None = None) -> str:
    """Open the encoder for real; the reason why it doesn't, or an empty string where it does.

    Convention: `size` is (height, width) in pixels; GPUs encode neither the smallest pictures nor the largest.
    """
    hush_encoders()
    try:
        pix_fmt = pix_fmt or next(iter(preset.layouts()))
        context: Any = av.CodecContext.create(preset.codec, "w")
        context.height, context.width, context.pix_fmt = *size, pix_fmt
        context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
        context.options = preset.settings(EncodeConfig(), pix_fmt, threads=1)
        with usual_scheduling():
            context.open()
    except (av.FFmpegError, ValueError, OSError) as error:
        return _reason(error)
    return ""


def hush_encoders() -> None:
    """Keep SVT-AV1, which writes to stderr past FFmpeg's log, to its errors."""
    os.environ.setdefault("SVT_LOG", "1")


def _why_no_decoder(name: str) -> str:
    try:
        av.CodecContext.create(name, "r").open()
    except (av.FFmpegError, ValueError, OSError) as error:
        return _reason(error)
    return ""


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
