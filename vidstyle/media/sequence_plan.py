"""Decides, before anything is rendered, how an image sequence will be: names, numbers, depth, and what that loses."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vidstyle.errors import ConfigError, TargetError
from vidstyle.frames import Span
from vidstyle.media.choosing import losses, nearest_layout
from vidstyle.media.clip import ClipInfo
from vidstyle.media.encoders import AUTO, EncodeConfig
from vidstyle.media.exr import FLOAT, HALF, WITH_ALPHA, check_compression, require_openimageio
from vidstyle.media.numbering import Numbering
from vidstyle.media.opening import translate_write_errors
from vidstyle.media.pictures import FORMATS
from vidstyle.media.pixels import PlaneLayout
from vidstyle.media.plan import source_layout
from vidstyle.media.scene import CURVES, SceneCoding
from vidstyle.media.spans import start_of
from vidstyle.media.target import refuse_existing

EXR, DPX = ".exr", ".dpx"
# Suffix → the pixel formats that its pictures are written in; the first ones are chosen from without being asked for.
PICTURE_FORMATS: Mapping[str, tuple[str, ...]] = {
    **{suffix: form.usual + form.further for suffix, form in FORMATS.items()},
    EXR: (HALF, FLOAT),
}
_DEEP = (FLOAT, WITH_ALPHA[FLOAT])
_HALF_BITS = 10  # opacity in codes of so many bits comes back from a half float
_FIRST = 1001  # where film counts from
_OF_CLIPS = ("preset", "quality", "speed", "profile")


@dataclass(frozen=True, slots=True)
class SequencePlan:
    """How the pictures will be.

    numbering   None where the target is one picture
    pix_fmt, layout   of the codes; no layout for EXR
    scene       what makes the pictures scene-linear; None where they stay as a screen shows them
    """

    target: Path
    like: ClipInfo
    numbering: Numbering | None
    pix_fmt: str
    layout: PlaneLayout | None
    scene: SceneCoding | None
    config: EncodeConfig

    @property
    def suffix(self) -> str:
        """The kind of picture."""
        return self.target.suffix.lower()

    @property
    def alpha(self) -> str | None:
        """The depth in which an EXR gets the source's opacity; None where it has none, or copies it from an EXR."""
        source = source_layout(self.like)
        if self.layout is not None or not source.alpha or self.from_exr:
            return None
        return HALF if source.bits <= _HALF_BITS else FLOAT

    def packed_timecode(self, count: int) -> int | None:
        """The label of the picture after so many, packed; None where there is none, or no place for it."""
        begin = start_of(self.like) if self.suffix in (EXR, DPX) else None
        return None if begin is None else (begin + count).packed()

    @property
    def from_exr(self) -> bool:
        """Whether the source is an EXR sequence."""
        return self.like.video.first_number is not None and self.like.path.suffix.lower() == EXR

    def first_number(self, span: Span) -> int:
        """The number of the first picture written: asked for, or as the source counts, whatever span is rendered."""
        asked = self.config.start_number
        if asked is None and self.numbering is not None:
            asked = self.numbering.first
        if asked is not None:
            return asked
        first = self.like.video.first_number
        return (_FIRST if first is None else first) + span.start

    def count(self, span: Span) -> int | None:
        """How many pictures `span` gives; None where the source can't say. A hint, where the source is a clip."""
        frames = self.like.video.frames
        stop = span.stop if frames is None else min(frames, span.stop or frames)
        return None if stop is None else stop - span.start

    def check(self, span: Span, *, overwrite: bool) -> None:
        """Raise TargetError where pictures are there already, or not as many will come as the name says."""
        first, count = self.first_number(span), self.count(span)
        if None not in (count, self.room) and count != self.room:
            raise TargetError(
                f"{self.target} names {self.room} pictures, but {count} frames are to be written; "
                f"write {self.target.stem}.####{self.suffix}",
                path=self.target,
            )
        if not overwrite:
            numbers = self.present()
            refuse_existing(
                self.target,
                [path for n, path in numbers.items() if n >= first and (count is None or n < first + count)],
            )

    def present(self) -> dict[int, Path]:
        """The pictures of that name that are there, by number."""
        if self.numbering is not None:
            with translate_write_errors(self.target):
                return self.numbering.present()
        return {self.first_number(Span()): self.target} if self.target.exists() else {}

    @property
    def room(self) -> int | None:
        """How many pictures the name has room for; None: any number."""
        if self.numbering is None:
            return 1
        if self.numbering.first is None or self.numbering.last is None:
            return None
        return self.numbering.last - self.numbering.first + 1

    def losses(self) -> list[str]:
        """What pictures can't keep, a sentence each."""
        like, video = self.like, self.like.video
        found = []
        found += [f"video #{video.index}: {loss}" for loss in self._alpha_losses()]
        if self.layout is not None:
            bits, chroma, kind = losses(source_layout(like), self.layout)
            if lost := [word for count, word in ((bits, "depth"), (chroma + kind, "colour")) if count]:
                found.append(
                    f"video #{video.index}: {video.pix_fmt} is written as {self.pix_fmt}; {', '.join(lost)} is lost"
                )
        elif video.pix_fmt in _DEEP and self.pix_fmt == HALF:
            found.append(f"video #{video.index}: floats of 32 bits are written as half floats; depth is lost")
        if self.scene is not None and video.scene is None and video.tags.transfer != "iec61966-2-1":
            curve = "BT.2100's formula, 1 is reference white" if video.tags.hdr else "sRGB's curve"
            found.append(f"video #{video.index}: its transfer {video.tags.transfer} is made linear by {curve}")
        if video.mastering is not None:
            found.append(f"video #{video.index}: HDR10's mastering metadata is not kept in pictures")
        if video.timecode and self.packed_timecode(0) is None:
            found.append(f"video #{video.index}: timecode {video.timecode} is not kept in {self.suffix} pictures")
        found += [f"audio #{track.index}: {track.codec} is not kept, pictures hold no sound" for track in like.audio]
        found += [
            f"{other.kind} #{other.index}: {other.codec or 'unnamed'} is not kept in pictures"
            for other in like.others
            if "timecode" not in other.metadata
        ]
        if like.chapters:
            found.append(f"{len(like.chapters)} chapters are not kept in pictures")
        return found

    def _alpha_losses(self) -> list[str]:
        if not source_layout(self.like).alpha:
            return []
        if self.layout is not None and not self.layout.alpha:
            return [f"opacity is not kept as {self.pix_fmt}; write it as rgba or rgba64"]
        if (self.suffix == EXR) == self.from_exr:
            return []
        return [
            "colours and opacity are kept as they are; EXR's colours count as multiplied by it, other files' as not"
        ]


def plan_sequence(target: Path, like: ClipInfo, config: EncodeConfig) -> SequencePlan:
    """Choose names, depth and coding.

    Raises:
        TargetError: the suffix is of pictures that are only read, or the colours can't be made linear.
        ConfigError: a setting is of clips, or does not fit.
        PluginError: an extra is absent.
    """
    suffix, numbering = target.suffix.lower(), Numbering.of(target)
    for name in _OF_CLIPS:
        if getattr(config, name) is not None:
            raise ConfigError(
                f"encode.{name} is for clips; leave it out for pictures like {target}", key=f"encode.{name}"
            )
    if config.encoder != AUTO:
        raise ConfigError(
            f"{target} needs no encoder {config.encoder!r}: its suffix says what pictures it holds; leave it out",
            key="encode.encoder",
        )
    if numbering is not None and None not in (numbering.first, config.start_number):
        raise ConfigError(f"{target} says its first number itself; leave --start-number out", key="encode.start_number")
    if suffix == EXR:
        require_openimageio()
        check_exr_options(config)
        return SequencePlan(target, like, numbering, _depth(like, config), None, _scene(like, target), config)
    if suffix not in FORMATS:
        raise TargetError(f"{target}: {suffix} is only read; write one of {', '.join((*FORMATS, EXR))}", path=target)
    pix_fmt, layout = _coded(suffix, like, config)
    return SequencePlan(target, like, numbering, pix_fmt, layout, _scene(like, target), config)


def check_exr_options(config: EncodeConfig) -> None:
    """Raise ConfigError on an option that EXR pictures do not have."""
    if unknown := sorted(set(config.options) - {"compression"}):
        raise ConfigError(f"EXR pictures have no option {unknown[0]}; they have compression", key="encode.options")
    check_compression(config.options.get("compression", "zip"))


def _coded(suffix: str, like: ClipInfo, config: EncodeConfig) -> tuple[str, PlaneLayout]:
    layouts = FORMATS[suffix].layouts(asked=config.pixel_format is not None)
    if config.pixel_format is None:
        return nearest_layout(layouts, source_layout(like))
    if config.pixel_format not in layouts:
        raise ConfigError(
            f"{suffix} pictures take no pixel format {config.pixel_format!r}; they take {', '.join(layouts)}",
            key="encode.pixel_format",
        )
    return config.pixel_format, layouts[config.pixel_format]


def _depth(like: ClipInfo, config: EncodeConfig) -> str:
    asked = config.pixel_format or (FLOAT if like.video.pix_fmt in _DEEP else HALF)
    if asked not in (HALF, FLOAT):
        raise ConfigError(f"EXR pictures are {HALF} or {FLOAT}, not {asked!r}", key="encode.pixel_format")
    return asked


def _scene(like: ClipInfo, target: Path) -> SceneCoding | None:
    """The way back to linear light: for EXR, and for pictures of the kind that came linear."""
    to_exr, sequence = target.suffix.lower() == EXR, like.video.first_number is not None
    from_exr = sequence and like.path.suffix.lower() == EXR
    if not to_exr:
        return None if from_exr else like.video.scene
    if like.video.scene is not None or from_exr:  # an EXR that was read as a screen shows it stays so
        return like.video.scene
    return SceneCoding(curve=CURVES.get(like.video.tags.transfer, "srgb"))
