"""What the pictures of a sequence hold, each read whole: through OpenImageIO where it is there, else through FFmpeg."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from vidstyle.errors import ClipReadError, PluginError
from vidstyle.media.clip import probe
from vidstyle.media.evidence import Evidence
from vidstyle.media.exr import require_openimageio
from vidstyle.media.numbering import find_pictures
from vidstyle.media.pictures import CodedPictures
from vidstyle.media.plan import source_layout
from vidstyle.media.planar import planar_layout
from vidstyle.media.reader import DecodeConfig
from vidstyle.media.sequence_reader import SequenceReader

_BITS = {"uint8": 8, "uint16": 16, "half": 16, "float": 32, "uint10": 10, "uint12": 12}


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: width and height in pixels, bits a channel, and the channels' names as they lie in the file."""

    size: tuple[int, int]
    bits: int
    channels: tuple[str, ...]


def look_at_pictures(name: Path) -> tuple[str, dict[int, Picture]]:
    """The witness's name, and every picture of a sequence by its number.

    Raises ClipMissingError where there is none, ClipReadError where numbers are missing or a picture is damaged, and
    PluginError for EXR without OpenImageIO.
    """
    files = find_pictures(name)
    try:
        oiio = require_openimageio()
    except PluginError:
        if name.suffix.lower() == ".exr":
            raise
        return "pyav", {number: _coded(path) for number, path in files.items()}
    return "openimageio", {number: _seen(oiio, path) for number, path in files.items()}


def as_evidence(name: Path, config: DecodeConfig | None) -> Evidence:
    """A sequence as the source of a clip: its size, and its frames' times at the rate that `config` or it says.

    Raises ClipMissingError, ClipReadError.
    """
    with SequenceReader(name, config) as pictures:
        seconds, video = pictures.info.seconds, pictures.info.video
    return Evidence(
        witness="pyav",
        path=name,
        container="sequence",
        tick=video.time_base,
        times=tuple(number * video.time_base for number in range(video.frames or 0)),
        size=(video.width, video.height),
        tags={},
        aspect=video.sample_aspect_ratio or Fraction(1),
        rotation=0,
        timecode=video.timecode,
        seconds=seconds,
        tracks=(),
        streams={},
        chapters=(),
    )


def _seen(oiio: Any, path: Path) -> Picture:
    buffer = oiio.ImageBuf(str(path.absolute()))
    if not buffer.read(0, 0, True):
        raise ClipReadError(f"{path} can't be read ({buffer.geterror().strip()}); render it again", path=path)
    spec, full = buffer.spec(), buffer.roi_full
    native = str(buffer.nativespec().format)
    bits = buffer.nativespec().get_int_attribute("oiio:BitsPerSample", _BITS.get(native, 16))
    return Picture((full.width, full.height), bits, tuple(spec.channelnames))


def _coded(path: Path) -> Picture:
    facts = CodedPictures(path, max_pixels=DecodeConfig().max_pixels).facts
    layout = planar_layout(facts.pix_fmt)
    size = facts.width, facts.height
    if layout is None:
        return Picture(size, 8, ("R", "G", "B"))
    return Picture(size, layout.bits, (("Y",) if layout.kind == "gray" else ("R", "G", "B")) + ("A",) * layout.alpha)


def depth_of(clip: Path) -> int:
    """Bits of a clip's codes. Raises ClipMissingError, ClipReadError."""
    return source_layout(probe(clip)).bits
