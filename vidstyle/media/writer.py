"""Writes batches of RGB frames as a clip, with the packets of its source."""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from vidstyle.errors import ClipReadError, TargetError, VidstyleError
from vidstyle.frames import FrameBatch
from vidstyle.media.availability import hush_encoders
from vidstyle.media.choosing import Choice, choose_encoder, losses
from vidstyle.media.clip import ClipInfo
from vidstyle.media.colour import LUMA_WEIGHTS, UNKNOWN, ColourTags, assumed_matrix
from vidstyle.media.encoders import EncodeConfig
from vidstyle.media.encoding import EncoderThread, PlaneBatch, WriteTally
from vidstyle.media.mux import Muxer, MuxPlan
from vidstyle.media.packets import Passthrough
from vidstyle.media.pixels import PlaneConverter, PlaneLayout
from vidstyle.media.planar import planar_layout
from vidstyle.media.target import PartialFile, container_of


class ClipWriter:
    """A clip, open for writing; a context manager. `like` says what it shall look like beside the frames.

    The target appears when the context is left without an error after `write` has ended, and never else. Everything
    that can be refused is refused on entering: before any frame is decoded.

    Raises:
        TargetError: the target exists, can't be created, or its container can't hold a track.
        ConfigError, PluginError, EncoderUnavailableError: the encoder's settings do not fit.
    """

    def __init__(
        self, target: Path | str, *, like: ClipInfo, config: EncodeConfig | None = None, overwrite: bool = False
    ) -> None:
        self.target = Path(target)
        self.like = like
        self.config = config or EncodeConfig()
        self.encoder = ""
        self.warnings: list[str] = []
        self._overwrite = overwrite
        self._written = False

    def __enter__(self) -> Self:
        container = container_of(self.target)
        source = _source_layout(self.like)
        hush_encoders()
        self._file = PartialFile(self.target, source=self.like.path, overwrite=self._overwrite)
        choice = choose_encoder(self.config, container, source)
        if container not in choice.preset.formats:
            raise TargetError(
                f"{self.target}: {choice.preset.name} does not go into {container}; "
                f"write {choice.preset.formats[0]}, or choose another encoder",
                path=self.target,
            )
        self.encoder = choice.preset.name
        tags = output_tags(self.like, source, choice)
        self._converter = _converter(self.like, tags, choice.layout)
        self._note_losses(source, choice, tags, container)
        with ExitStack() as stack:
            stack.callback(self._file.discard)
            self._muxer = Muxer(self._file.path, MuxPlan(self.like, tags, container, choice, self.config, self.target))
            stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._written:
                self._muxer.finish()
                self._file.commit()
        finally:
            self._muxer.abandon()
            self._file.discard()

    def write(self, batches: Iterable[FrameBatch], passthrough: Passthrough | None = None) -> WriteTally:
        """Write all frames of `batches`, and the packets of `passthrough` that belong to them.

        Convention: a whole clip keeps every timestamp and every packet. Of a span, the first kept frame takes the
        time of the clip's first one, and all tracks move by the same time (copied packets to the nearest tick); audio
        packets that overlap the span are kept whole, so that the sound may begin and end up to a packet early or late.

        Raises:
            ClipWriteError: the disk is full or fails.
            VidstyleError: there is no frame, or one of another size or time base than the clip's.
            Whatever `batches` raises, with its type.
        """
        with ExitStack() as stack:
            if passthrough is not None:
                stack.enter_context(passthrough)
            thread = EncoderThread(self._muxer, passthrough, self._converter.layout, depth=self.config.queue)
            stack.enter_context(thread)
            for batch in batches:
                self._check(batch)
                planes = self._converter.to_planes(batch.images)
                thread.put(PlaneBatch([plane.cpu().numpy() for plane in planes], batch.pts))
            thread.finish()
        self._written = True
        return thread.tally

    def _check(self, batch: FrameBatch) -> None:
        video, (height, width) = self.like.video, batch.images.shape[-2:]
        if (width, height) != (video.width, video.height):
            raise VidstyleError(f"frames are {width}x{height}, but the clip {video.width}x{video.height}")
        if batch.time_base != video.time_base:
            raise VidstyleError(f"frames tick in {batch.time_base} s, but the clip in {video.time_base} s")

    def _note_losses(self, source: PlaneLayout, choice: Choice, tags: ColourTags, container: str) -> None:
        place, video = f"video #{self.like.video.index}", self.like.video
        bits, chroma, kind = losses(source, choice.layout)
        lost = [word for count, word in ((bits, "depth"), (chroma, "chroma resolution"), (kind, "RGB")) if count]
        if lost:
            self.warnings.append(
                f"{place}: {video.pix_fmt} is written as {choice.pix_fmt}, the nearest that {self.encoder} takes; "
                f"{' and '.join(lost)} is lost"
            )
        if tags.range != video.tags.range and video.tags.range == "full":
            self.warnings.append(f"{place}: {self.encoder} can't say full range; converted to limited")
        if container in ("matroska", "webm") and (video.time_base * 1000).denominator != 1:
            self.warnings.append(f"{place}: {container} keeps time in milliseconds; timestamps are rounded to them")


def output_tags(like: ClipInfo, source: PlaneLayout, choice: Choice) -> ColourTags:
    """The source's tags, changed only where the pictures really change: RGB ↔ YUV, or an encoder without full range."""
    tags = like.video.tags
    if choice.layout.kind == "rgb" and source.kind != "rgb":
        tags = tags.model_copy(update={"matrix": "gbr", "range": "full"})
    if choice.layout.kind != "rgb" and source.kind == "rgb":
        matrix = assumed_matrix(ColourTags(), like.video.height)
        tags = tags.model_copy(update={"matrix": matrix, "range": "limited"})
    if choice.preset.limited and tags.range == "full":
        tags = tags.model_copy(update={"range": "limited"})
    return tags


def _converter(like: ClipInfo, tags: ColourTags, layout: PlaneLayout) -> PlaneConverter:
    matrix = assumed_matrix(tags, like.video.height)
    full = tags.range == "full" or (tags.range == UNKNOWN and layout.kind == "rgb")
    return PlaneConverter(layout, matrix if matrix in LUMA_WEIGHTS else "bt709", full)


def _source_layout(like: ClipInfo) -> PlaneLayout:
    layout = planar_layout(like.video.pix_fmt)
    if layout is None:
        raise ClipReadError(f"{like.path}: pixel format {like.video.pix_fmt} can't be read yet", path=like.path)
    return layout
