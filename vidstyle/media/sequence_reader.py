"""Reads an image sequence as if it were a clip: the same frames, facts and tally."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import torch

from vidstyle.errors import ClipReadError, ConfigError
from vidstyle.frames import FrameBatch, Span
from vidstyle.media.clip import ClipInfo, VideoInfo
from vidstyle.media.decoding import ReadTally
from vidstyle.media.exr import ExrPictures
from vidstyle.media.numbering import find_pictures
from vidstyle.media.packets import Passthrough
from vidstyle.media.pictures import CodedPictures, PictureFacts
from vidstyle.media.planar import loses_alpha
from vidstyle.media.reader import DecodeConfig
from vidstyle.media.scene import SceneCoding
from vidstyle.media.sequences import SequenceConfig
from vidstyle.timecode import Timecode

_USUAL_RATE = Fraction(24)
SEQUENCE = "sequence"  # the container of ClipInfo


class SequenceReader:
    """An image sequence, open for reading; a context manager that speaks as ClipReader does.

    Convention: frame 0 is the picture with the lowest number, shown at time 0; each lasts one tick of 1/fps.
    Scene-linear pictures come as what `SequenceConfig` says the style shall see; `info.video.scene` knows the way back.

    Raises:
        ClipMissingError, ClipReadError: on entering, where no picture is there, numbers are missing, or the first
            picture can't be read.
        ConfigError, PluginError: the settings do not fit, or an extra is absent.
    """

    def __init__(
        self, path: Path | str, config: DecodeConfig | None = None, *, device: torch.device | None = None
    ) -> None:
        self.path = Path(path)
        self.config = config or DecodeConfig()
        self.device = device or torch.device("cpu")
        self.tally = ReadTally()
        self.warnings: list[str] = []

    def __enter__(self) -> "SequenceReader":
        self._files = find_pictures(self.path)
        first = next(iter(self._files.values()))
        kind = ExrPictures if self.path.suffix.lower() == ".exr" else CodedPictures
        self._pictures: ExrPictures | CodedPictures = kind(first, max_pixels=self.config.max_pixels)
        self.info = self._described(self._pictures.facts)
        if self.info.video.scene is not None:
            self.info.video.scene.to_display(torch.zeros(1, 3, 1, 1))  # a wrong configuration is told now
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def frames(self, span: Span | None = None) -> Iterator[FrameBatch]:
        """Yield the pictures of `span` in batches, as RGB on the reader's device.

        Raises ClipReadError for a picture that is damaged or unlike the first, and for a span beyond the end.
        """
        span = span or Span()
        paths = list(self._files.values())
        chosen = list(enumerate(paths))[span.start : span.stop]
        if not chosen:
            raise ClipReadError(
                f"{self.path} has {len(paths)} frames, frames {span} begin after its end; check the range",
                path=self.path,
            )
        time_base: Fraction = self.info.video.time_base
        for start in range(0, len(chosen), self.config.batch):
            group = chosen[start : start + self.config.batch]
            pictures = [self._pictures.read(path) for _, path in group]
            images = torch.stack([picture.rgb for picture in pictures]).to(self.device)
            opacity = [picture.alpha for picture in pictures if picture.alpha is not None]
            alpha = torch.stack(opacity) if opacity else None
            self.tally.decoded += len(group)
            scene = self.info.video.scene
            shown = scene.to_display(images) if scene else images
            yield FrameBatch(shown, tuple(n for n, _ in group), time_base, alpha)
        self._note_losses()

    def packets(self, span: Span | None = None) -> Passthrough:
        """Nothing: pictures have no sound."""
        return Passthrough(self.info, span or Span())

    def _described(self, facts: PictureFacts) -> ClipInfo:
        rate, scene = self._rate(facts), scene_coding(self.config.sequence, self.path)
        tags = facts.tags
        if scene is not None and scene.config is None:
            tags = tags.model_copy(update={"transfer": "iec61966-2-1"})
        place = "video #0"
        self.warnings += [f"{place}: {note}" for note in facts.notes]
        if loses_alpha(facts.pix_fmt):
            self.warnings.append(f"{place}: opacity of {facts.pix_fmt} is not kept; write it as RGBA")
        video = VideoInfo(
            index=0,
            kind="video",
            codec=self.path.suffix.lower().lstrip("."),
            time_base=1 / rate,
            start=0,
            duration=len(self._files),
            width=facts.width,
            height=facts.height,
            pix_fmt=facts.pix_fmt,
            average_rate=rate,
            frames=len(self._files),
            tags=tags,
            sample_aspect_ratio=facts.aspect,
            timecode=_label(facts, rate),
            first_number=min(self._files),
            scene=scene,
        )
        return ClipInfo(path=self.path, container=SEQUENCE, seconds=float(len(self._files) / rate), video=video)

    def _rate(self, facts: PictureFacts) -> Fraction:
        rate = self.config.sequence.fps or facts.rate
        if rate is None:
            self.warnings.append("video #0: the pictures say no frame rate; 24 fps assumed, set --fps")
        return rate or _USUAL_RATE

    def _note_losses(self) -> None:
        if isinstance(self._pictures, ExrPictures) and self._pictures.not_finite:
            self.warnings.append(
                f"video #0: {self._pictures.not_finite} samples were no finite numbers; not-a-number is written as 0, "
                "infinity as 65504"
            )


def _label(facts: PictureFacts, rate: Fraction) -> str:
    label = None if facts.timecode is None else Timecode.unpacked(facts.timecode, rate)
    return "" if label is None else str(label)


def scene_coding(config: SequenceConfig, path: Path) -> SceneCoding | None:
    """How the pictures become display-referred; None where they are already.

    Raises ConfigError for a transfer that is none of ours and no OpenColorIO configuration is there to know it.
    """
    transfer, exr = config.input_transfer, path.suffix.lower() == ".exr"
    if transfer == "display" or (transfer == "auto" and not exr):
        return None
    if config.ocio_config is not None:
        space = "scene_linear" if transfer in ("auto", "linear") else transfer
        return SceneCoding(config=config.ocio_config, space=space, display=config.ocio_display)
    if transfer not in ("auto", "linear"):
        raise ConfigError(
            f"input transfer {transfer!r} is none of auto, linear, display; a colour space needs --ocio-config",
            key="decode.sequence.input_transfer",
        )
    return SceneCoding(peak=config.peak)
