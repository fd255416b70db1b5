"""Single pictures that FFmpeg codes: PNG, JPEG, TIFF and DPX, file by file and without any protocol."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import torch
from av import VideoFrame
from jaxtyping import Float32, UInt

from vidstyle.errors import ClipReadError, ConfigError
from vidstyle.media.colour import (
    LUMA_WEIGHTS,
    MATRICES,
    PRIMARIES,
    RANGES,
    TRANSFERS,
    UNKNOWN,
    ColourTags,
    code_of,
    name_of,
)
from vidstyle.media.dpx import packed_timecode
from vidstyle.media.opening import translate_read_errors
from vidstyle.media.pixels import PlaneConverter, PlaneLayout
from vidstyle.media.planar import planar_layout, planes_of
from vidstyle.timecode import parse_rate

DECODERS = {".png": "png", ".jpg": "mjpeg", ".jpeg": "mjpeg", ".tif": "tiff", ".tiff": "tiff", ".dpx": "dpx"}
_SLOWEST, _FASTEST = 0.01, 1000  # frames per second; what a header claims beyond them is no rate


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """How pictures of one suffix are written.

    usual     pixel formats that are chosen from by themselves: what a post house expects under that suffix
    further   pixel formats that are there to be asked for
    """

    encoder: str
    usual: tuple[str, ...]
    further: tuple[str, ...] = ()

    def layouts(self, *, asked: bool) -> dict[str, PlaneLayout]:
        """The pixel formats with the planar layout each is filled from; of the further ones only when asked for."""
        known = ((name, planar_layout(name)) for name in self.usual + (self.further if asked else ()))
        return {name: layout for name, layout in known if layout is not None}


FORMATS: Mapping[str, PictureFormat] = {
    ".png": PictureFormat("png", ("rgb24", "rgb48be", "rgba", "rgba64be"), ("gray", "gray16be")),
    ".tif": PictureFormat("tiff", ("rgb48le", "rgba64le"), ("rgb24", "rgba", "gray", "gray16le")),
    ".tiff": PictureFormat("tiff", ("rgb48le", "rgba64le"), ("rgb24", "rgba", "gray", "gray16le")),
    ".dpx": PictureFormat("dpx", ("gbrp10be", "gbrp12be", "rgb48be", "rgba64be"), ("rgb24", "rgba")),
}


class PictureFacts(NamedTuple):
    """What the first picture of a sequence says about all of them; None where it says nothing.

    Convention: `timecode` is its own, packed as by `Timecode.packed`.
    """

    width: int
    height: int
    pix_fmt: str
    tags: ColourTags
    rate: Fraction | None
    aspect: Fraction | None
    timecode: int | None
    notes: tuple[str, ...] = ()


class Pixels(NamedTuple):
    """One picture: display-referred RGB, 0 black and 1 white, or light; and its opacity in codes, where it has one."""

    rgb: Float32[torch.Tensor, "3 h w"]
    alpha: UInt[torch.Tensor, "h w"] | None


class CodedPictures:
    """Reads pictures of one kind; the first one fixes size, depth and colour. `tags` are that one's.

    Raises ClipReadError, naming the file, for one that is damaged, too large, or unlike the first.
    """

    def __init__(self, first: Path, *, max_pixels: int) -> None:
        self._decoder = DECODERS[first.suffix.lower()]
        self._options = {"max_pixels": str(max_pixels)}
        if self._decoder == "mjpeg":
            self._options["err_detect"] = "explode"  # else it fills up what is missing; TIFF's takes whole files amiss
        frame, context, coded = self._decoded(first)
        layout = planar_layout(frame.format.name)
        if layout is None:
            raise ClipReadError(f"{first}: pixel format {frame.format.name} can't be read yet", path=first)
        self.facts = _facts(frame, context, packed_timecode(coded))
        self._layout = layout
        tagged = self.facts.tags.matrix
        self._converter = PlaneConverter(layout, tagged if tagged in LUMA_WEIGHTS else "bt709", full_range=True)

    def read(self, path: Path) -> Pixels:
        """One picture as a screen shows it."""
        frame, _, _ = self._decoded(path)
        found = frame.width, frame.height, planar_layout(frame.format.name)
        if found != (self.facts.width, self.facts.height, self._layout):
            raise unlike_the_first(path, f"{frame.width}x{frame.height} {frame.format.name}", self.facts)
        planes = [plane[None] for plane in planes_of(frame, self._layout)]
        return Pixels(self._converter.to_rgb(planes)[0], planes[-1][0] if self._layout.alpha else None)

    def _decoded(self, path: Path) -> tuple[VideoFrame, Any, bytes]:
        context: Any = av.CodecContext.create(self._decoder, "r")
        context.thread_count = 1
        context.options = dict(self._options)
        try:
            coded = path.read_bytes()
        except OSError as error:
            raise ClipReadError(f"{path} can't be read: {error.strerror}; check the file", path=path) from error
        with translate_read_errors(path):
            frames = [*context.decode(av.Packet(coded)), *context.decode(None)] if coded else []
        if not frames:
            raise ClipReadError(f"{path} holds no picture ({len(coded)} bytes); render it again", path=path)
        return frames[0], context, coded


def encode_picture(frame: VideoFrame, encoder: str, options: Mapping[str, str], aspect: Fraction | None) -> bytes:
    """The file that holds one picture. Raises ConfigError where the encoder refuses its options."""
    context: Any = av.CodecContext.create(encoder, "w")
    context.width, context.height, context.pix_fmt = frame.width, frame.height, frame.format.name
    context.time_base = Fraction(1, 24)  # asked for, and not in the file
    context.thread_count = 1
    context.colorspace, context.color_range = frame.colorspace, frame.color_range
    context.color_primaries, context.color_trc = frame.color_primaries, frame.color_trc
    if aspect:
        context.sample_aspect_ratio = aspect
    context.options = dict(options)
    try:
        context.open()
    except (av.FFmpegError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"encoder {encoder} refuses {options or 'this picture'} ({reason})", key="encode") from error
    if unknown := sorted(set(context.options) & set(options)):
        raise ConfigError(f"encoder {encoder} has no option {', '.join(unknown)}", key=f"encode.options.{unknown[0]}")
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])


def set_tags(frame: VideoFrame, tags: ColourTags) -> None:
    """Tag a full-range RGB or gray frame with the primaries and the transfer of `tags`."""
    frame.colorspace, frame.color_range = code_of(MATRICES, "gbr"), code_of(RANGES, "full")
    frame.color_primaries = code_of(PRIMARIES, tags.primaries)
    frame.color_trc = code_of(TRANSFERS, tags.transfer)


def unlike_the_first(path: Path, found: str, first: PictureFacts) -> ClipReadError:
    """The error for a picture of another size or kind than those before it."""
    return ClipReadError(
        f"{path} is {found}, but the sequence's first picture {first.width}x{first.height} {first.pix_fmt}; "
        "a shot has one size and one kind of picture: split it there, or convert it",
        path=path,
    )


def _facts(frame: VideoFrame, context: Any, timecode: int | None) -> PictureFacts:
    rgb = not frame.format.name.startswith("yuv")
    tags = ColourTags(
        matrix="gbr" if rgb else name_of(MATRICES, frame.colorspace),
        primaries=name_of(PRIMARIES, frame.color_primaries) if frame.color_trc != _UNTAGGED else UNKNOWN,
        transfer=name_of(TRANSFERS, frame.color_trc),
        range="full",
    )
    rate = parse_rate(f"{float(context.framerate):.3f}") if _SLOWEST < (context.framerate or 0) <= _FASTEST else None
    return PictureFacts(
        width=frame.width,
        height=frame.height,
        pix_fmt=frame.format.name,
        tags=tags,
        rate=rate,
        aspect=Fraction(context.sample_aspect_ratio) if context.sample_aspect_ratio else None,
        timecode=timecode,
    )


_UNTAGGED = code_of(TRANSFERS, UNKNOWN)
