"""Pictures in OpenEXR, through OpenImageIO; the extra `exr`."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vidstyle.errors import ClipReadError, ClipWriteError, ConfigError, PluginError
from vidstyle.media.colour import CHROMATICITIES, UNKNOWN, ColourTags
from vidstyle.media.pictures import PictureFacts, Pixels, unlike_the_first

HALF, FLOAT = "gbrpf16le", "gbrpf32le"  # FFmpeg's names of the two depths
WITH_ALPHA = {HALF: "gbrapf16le", FLOAT: "gbrapf32le"}
_DEPTHS = {"float16": "half", "float32": "float"}
_TIMECODE = "smpte:TimeCode"  # OpenImageIO's name of it
_OPAQUE = 65535  # the code that opacity 1 becomes
_COLOURS = (("R", "G", "B"), ("r", "g", "b"), ("red", "green", "blue"), ("Y", "Y", "Y"))
_OWN = (
    "oiio:",
    "compression",
    "openexr:chunkCount",
    "FramesPerSecond",
)  # facts about the source's file, not about its picture


def require_openimageio() -> Any:
    """The module OpenImageIO. Raises PluginError, with the extra to install, where it is absent."""
    try:
        import OpenImageIO  # noqa: PLC0415  an extra that most do without
    except ImportError as error:
        message = "EXR sequences need OpenImageIO; install it with: pip install 'vidstyle[exr]'"
        raise PluginError(message, group="extras", name="exr") from error
    return OpenImageIO


class ExrPictures:
    """Reads EXR pictures; the first one fixes size and channels.

    Convention: a picture is the display window; what the data window leaves of it is black, what reaches beyond is
    left out. `not_finite` counts the samples that were not numbers (taken as 0) or infinite (taken as 65504).

    Raises:
        PluginError: OpenImageIO is not installed.
        ClipReadError: a file is damaged, too large, or unlike the first, or it is not clear which channels are colour.
    """

    def __init__(self, first: Path, *, max_pixels: int) -> None:
        self.not_finite = 0
        self._max_pixels = max_pixels
        buffer = self._opened(first)
        self._colours = _colours(first, buffer.spec().channelnames)
        self._alpha = _alpha(buffer.spec(), self._colours)
        self.facts = _facts(buffer, self._colours)

    def read(self, path: Path) -> Pixels:
        """The colour channels of one picture as they are in the file, and its opacity in codes of 16 bits."""
        buffer = self._opened(path)
        names = list(buffer.spec().channelnames)
        full = buffer.roi_full
        found = f"{full.width}x{full.height} with channels {', '.join(names)}"
        wanted = {*self._colours, *([self._alpha] if self._alpha is not None else [])}
        if (full.width, full.height) != (self.facts.width, self.facts.height) or not wanted <= set(names):
            raise unlike_the_first(path, found, self.facts)
        everything = read_pixels(buffer, path)
        pixels = everything[:, :, [names.index(name) for name in self._colours]]
        broken = ~np.isfinite(pixels)
        if broken.any():
            self.not_finite += int(broken.sum())
            pixels = np.nan_to_num(pixels, nan=0.0, posinf=65504.0, neginf=-65504.0)
        rgb = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
        if self._alpha is None:
            return Pixels(rgb, None)
        codes = (
            np.nan_to_num(everything[:, :, names.index(self._alpha)].astype(np.float64), nan=0.0).clip(0, 1) * _OPAQUE
            + 0.5
        )
        return Pixels(rgb, torch.from_numpy(codes.astype(np.uint16)))

    def _opened(self, path: Path) -> Any:
        oiio = require_openimageio()
        buffer = oiio.ImageBuf(str(path.absolute()))
        if buffer.has_error or not buffer.spec().width:
            raise _unreadable(path, buffer.geterror())
        spec, full = buffer.spec(), buffer.roi_full
        if spec.deep:
            raise ClipReadError(f"{path} holds deep pixels, which can't be stylized; flatten it first", path=path)
        pixels = max(spec.width * spec.height, full.width * full.height)
        if pixels > self._max_pixels:
            raise ClipReadError(
                f"{path} has {pixels} pixels, but at most {self._max_pixels} are decoded; raise max_pixels", path=path
            )
        return buffer


def read_pixels(buffer: Any, path: Path) -> NDArray[np.float32]:
    """All channels of the display window, (h, w, channels). Raises ClipReadError for a damaged file."""
    oiio = require_openimageio()
    if not buffer.read(0, 0, True, oiio.FLOAT):
        raise _unreadable(path, buffer.geterror())
    full = buffer.roi_full
    full.chbegin, full.chend = 0, buffer.nchannels
    pixels: NDArray[np.float32] = buffer.get_pixels(oiio.FLOAT, full)
    return pixels


def write_exr(
    path: Path,
    rgb: NDArray[Any],
    alpha: NDArray[Any] | None = None,
    *,
    like: Path | None = None,
    rate: Fraction | None = None,
    aspect: Fraction | None = None,
    timecode: int | None = None,
    primaries: str = UNKNOWN,
    compression: str = "zip",
) -> None:
    """Write (h, w, 3) scene-linear RGB and opacity (h, w), 0…1, each in its own dtype, half or float.

    The channels beside colour and the header's attributes come from the picture `like`, where there is one; the packed
    timecode and the primaries are for a header that says none.

    Raises:
        ClipWriteError: the disk is full or fails.
        ClipReadError: `like` is damaged.
    """
    oiio = require_openimageio()
    height, width, _ = rgb.shape
    depth = _DEPTHS[rgb.dtype.name]
    spec, pixels = oiio.ImageSpec(width, height, 3, depth), np.asarray(rgb, np.float32)
    if alpha is not None:
        spec.nchannels, spec.channelnames = 4, ("R", "G", "B", "A")
        spec.channelformats = tuple(map(oiio.TypeDesc, (depth, depth, depth, _DEPTHS[alpha.dtype.name])))
        pixels = np.dstack((pixels, np.asarray(alpha, np.float32)))
    if primaries in CHROMATICITIES:
        spec.attribute("chromaticities", oiio.TypeDesc("float[8]"), CHROMATICITIES[primaries])
    if timecode is not None:
        spec.attribute(_TIMECODE, oiio.TypeTimeCode, (timecode, 0))
    if like is not None:
        spec, pixels = _beside(spec, pixels, like, depth)
    spec.attribute("compression", compression)
    spec.attribute("PixelAspectRatio", float(aspect or 1))
    if rate:
        spec.attribute("framesPerSecond", oiio.TypeRational, (rate.numerator, rate.denominator))
    output = oiio.ImageOutput.create(str(path.absolute()))
    try:
        written = output.open(str(path.absolute()), spec) and output.write_image(pixels) and output.close()
    finally:
        output.close()
    if not written:
        raise ClipWriteError(f"writing {path} failed ({output.geterror()}); check the disk", path=path)


def check_compression(name: str) -> None:
    """Raise ConfigError where OpenEXR has no such compression; a level may follow dwaa, dwab and zip after a colon."""
    known = ("none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a", "dwaa", "dwab")
    if name.partition(":")[0] not in known:
        raise ConfigError(
            f"OpenEXR has no compression {name!r}; it has {', '.join(known)}", key="encode.options.compression"
        )


def _beside(spec: Any, pixels: NDArray[np.float32], like: Path, depth: str) -> tuple[Any, NDArray[np.float32]]:
    oiio = require_openimageio()
    buffer = oiio.ImageBuf(str(like.absolute()))
    source = buffer.spec()
    for attribute in source.extra_attribs:
        if not attribute.name.startswith(_OWN):
            spec.attribute(attribute.name, attribute.type, attribute.value)
    colours = _colours(like, source.channelnames)
    further = [n for n, name in enumerate(source.channelnames) if name not in colours and _is_float(source, n)]
    if further:
        spec.nchannels = 3 + len(further)
        named = colours if len(set(colours)) == len(colours) else _COLOURS[0]
        spec.channelnames = (*named, *(source.channelnames[n] for n in further))
        spec.channelformats = (*[oiio.TypeDesc(depth)] * 3, *(source.channelformat(n) for n in further))
        pixels = np.concatenate((pixels, read_pixels(buffer, like)[:, :, further]), axis=2)
    return spec, np.ascontiguousarray(pixels)


def _is_float(spec: Any, channel: int) -> bool:
    """Whether a channel holds half or float: a whole number would not come back out of a float."""
    return str(spec.channelformat(channel)) in ("half", "float")


def _colours(path: Path, names: tuple[str, ...]) -> tuple[str, str, str]:
    """The names of red, green and blue: those without a layer, else those of the only layer that has all three."""
    for triple in _COLOURS:
        if set(triple) <= set(names):
            return triple
    layers = [name[:-1] for name in names if name.endswith(".R") and {name[:-1] + c for c in "GB"} <= set(names)]
    if len(layers) != 1:
        raise ClipReadError(
            f"{path}: expected channels R, G and B, or one layer that has them; found {', '.join(names)}", path=path
        )
    return (f"{layers[0]}R", f"{layers[0]}G", f"{layers[0]}B")


def _alpha(spec: Any, colours: tuple[str, str, str]) -> str | None:
    """The name of the channel that holds the opacity of these colours; None where there is none, in floats."""
    layer = colours[0][:-1] if colours[0].endswith(".R") else ""
    names = [f"{layer}{name}" for name in ("A", "a", "alpha")]
    found = [n for n, name in enumerate(spec.channelnames) if name in names and _is_float(spec, n)]
    return str(spec.channelnames[found[0]]) if found else None


def _facts(buffer: Any, colours: tuple[str, str, str]) -> PictureFacts:
    spec, full = buffer.spec(), buffer.roi_full
    depth = FLOAT if str(spec.channelformat(list(spec.channelnames).index(colours[0]))) == "float" else HALF
    rate = spec.getattribute("FramesPerSecond") or spec.getattribute("framesPerSecond")
    aspect, timecode = spec.getattribute("PixelAspectRatio"), spec.getattribute(_TIMECODE)
    outside = (
        buffer.xmin < full.xbegin or buffer.ymin < full.ybegin or buffer.xmax >= full.xend or buffer.ymax >= full.yend
    )
    whole = [name for n, name in enumerate(spec.channelnames) if name not in colours and not _is_float(spec, n)]
    notes = ["what lies outside the display window (overscan) is not kept"] if outside else []
    notes += [f"channels of whole numbers are not kept: {', '.join(whole)}"] if whole else []
    notes += [f"{buffer.nsubimages - 1} further parts are not kept"] if buffer.nsubimages > 1 else []
    return PictureFacts(
        width=full.width,
        height=full.height,
        pix_fmt=depth if _alpha(spec, colours) is None else WITH_ALPHA[depth],
        tags=ColourTags(matrix="gbr", range="full"),
        rate=Fraction(*rate) if isinstance(rate, tuple) and all(rate) else None,
        aspect=Fraction(aspect).limit_denominator(1000) if aspect and aspect != 1 else None,
        timecode=timecode[0] & 0xFFFFFFFF if isinstance(timecode, tuple) else None,
        notes=tuple(notes),
    )


def _unreadable(path: Path, reason: str) -> ClipReadError:
    told = " ".join(reason.split()) or "no picture in it"
    return ClipReadError(f"{path} is no readable EXR file ({told}); render it again", path=path)
