"""Reads a clip as batches of RGB frames, and its other packets untouched."""

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import torch
from av import VideoFrame
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from vidstyle.errors import ClipReadError
from vidstyle.frames import FrameBatch, Span
from vidstyle.media.asking import is_untimed
from vidstyle.media.assumptions import check_pixels, check_tags, converter_for, warnings_about
from vidstyle.media.bus import Bus
from vidstyle.media.clip import ClipInfo, describe_container, picture_stream
from vidstyle.media.decoding import Decoder, ReadTally
from vidstyle.media.deinterlacing import Deinterlace, deinterlace
from vidstyle.media.hardware import Coded, Hardware, HardwareError, open_hardware
from vidstyle.media.opening import open_source
from vidstyle.media.orientation import Orientation
from vidstyle.media.packets import Passthrough
from vidstyle.media.planar import planes_of
from vidstyle.media.sequences import SequenceConfig

_LONGEST_STEP_BACK = 1  # seconds; a longer one is a new timeline, which no single clip can hold


class DecodeConfig(BaseModel):
    """How clips are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    batch: int = Field(
        default=1, ge=1, le=256, description="frames decoded into one batch: more for a GPU, 1 spares memory on a CPU"
    )
    deinterlace: Deinterlace = Field(
        default="refuse",
        description="interlaced frames: refuse; bwdif makes whole pictures of them; off takes both fields as one",
    )
    strict_color: bool = Field(default=False, description="refuse a clip whose colours are not all tagged")
    hardware: Hardware = Field(
        default="off", description="auto: a GPU that renders also decodes what it can, not tried on one yet; off"
    )
    threads: int = Field(default=0, ge=0, description="decoder threads; 0: as many as the decoder likes")
    max_pixels: int = Field(default=16384 * 16384, ge=1, description="largest width x height that is decoded, pixels")
    sequence: SequenceConfig = Field(default_factory=SequenceConfig, description="of image sequences")


class ClipReader:
    """A clip, open for reading; a context manager.

    Convention: frame numbers count the decoder's frames in presentation order from 0; a frame that could not be
    decoded at all has no number. Pictures are upright: turned and mirrored as the clip's display matrix says. `tally`
    and `warnings` are complete once `frames()` is exhausted.

    Raises:
        ClipMissingError, ClipReadError: on entering, where the file is absent or no clip with a picture.
    """

    def __init__(
        self, path: Path | str, config: DecodeConfig | None = None, *, device: torch.device | None = None
    ) -> None:
        self.path = Path(path)
        self.config = config or DecodeConfig()
        self.device = device or torch.device("cpu")
        self.tally = ReadTally()
        self.warnings: list[str] = []
        self._bus = Bus.to(self.device)
        self._interlaced = 0
        self._repaired = 0
        self._stack = ExitStack()

    def __enter__(self) -> "ClipReader":
        with ExitStack() as stack:
            self._container = stack.enter_context(open_source(self.path))
            self.info: ClipInfo = describe_container(self._container, self.path)
            self._stream = picture_stream(self._container, self.path)
            self._untimed = is_untimed(self._container, self._stream)
            check_pixels(self.info, self.config.max_pixels)
            if self.config.strict_color:
                check_tags(self.info)
            self.converter = converter_for(self.info)
            self.warnings += warnings_about(self.info)
            self._decoder = Decoder(
                self._container,
                self.info,
                untimed=self._untimed,
                threads=self.config.threads,
                max_pixels=self.config.max_pixels,
            )
            self.tally = self._decoder.tally
            self._on_device = self._opened_on_device(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def frames(self, span: Span | None = None) -> Iterator[FrameBatch]:
        """Yield the frames of `span` in batches, as RGB on the reader's device.

        Decoding starts at the clip's beginning, because only so are frame numbers exact. May be called once.

        Raises:
            ClipReadError: no frame of the span could be decoded, the frame size changes, or time jumps back.
        """
        span = span or Span()
        batch: list[tuple[list[Tensor], int]] = []
        yielded = 0
        for number, (frame, pts) in enumerate(self._timed(self._whole(self._decoder.frames(self._on_device), span))):
            if number < span.start:
                self.tally.skipped += 1
                continue
            batch.append((planes_of(frame, self.converter.layout), pts))
            if len(batch) == self.config.batch:
                yield self._converted(batch)
                yielded += len(batch)
                batch = []
            if number + 1 == span.stop:
                self.tally.decoded = number + 1  # bwdif looks one frame further
                break
        if batch:
            yield self._converted(batch)
        elif not yielded:
            self._refuse_empty(span)
        self._note_losses()

    def packets(self, span: Span | None = None) -> Passthrough:
        """The clip's audio packets, to be copied by the writer; they are read from a second opening of the file."""
        return Passthrough(self.info, span or Span())

    def _opened_on_device(self, stack: ExitStack) -> Coded | None:
        """Open the clip once more, for the device to decode; None where the CPU shall, with a note on a GPU."""
        if self.config.hardware == "off" or self.device.type == "cpu":
            return None
        if self.config.deinterlace == "bwdif" or self._untimed:
            self._decoder.notes.append("decoded on the CPU, which makes fields whole and tells the time of B-frames")
            return None
        try:
            return stack.enter_context(open_hardware(self.info, self.device))
        except HardwareError as error:
            self._decoder.notes.append(f"decoded on the CPU and not on {self.device}, as {error}")
            return None

    def _whole(self, frames: Iterator[VideoFrame], span: Span) -> Iterator[VideoFrame]:
        """Pass on frames that are whole pictures: interlaced ones are refused within `span`, or made whole."""
        counted = self._count_interlaced(frames, span)
        return counted if self.config.deinterlace != "bwdif" else deinterlace(counted, self.converter.layout.name)

    def _count_interlaced(self, frames: Iterator[VideoFrame], span: Span) -> Iterator[VideoFrame]:
        for number, frame in enumerate(frames):
            if frame.interlaced_frame and number >= span.start and (span.stop is None or number < span.stop):
                self._interlaced += 1
                if self.config.deinterlace == "refuse":
                    fields = f" ({self.info.video.field_order})" if self.info.video.field_order else ""
                    raise ClipReadError(
                        f"{self.path}: frame {number} is interlaced{fields}; pass --deinterlace bwdif "
                        "(decode.deinterlace=bwdif) to make it whole, or off where both fields show the same moment",
                        path=self.path,
                        pts=frame.pts,
                    )
            yield frame

    def _timed(self, frames: Iterator[VideoFrame]) -> Iterator[tuple[VideoFrame, int]]:
        """Pair each frame with its pts; one that is absent or not later than the last is moved on by one tick."""
        last: int | None = None
        for frame in frames:
            pts = frame.pts
            if last is not None and (pts is None or pts <= last):
                if pts is not None and (last - pts) * self.info.video.time_base > _LONGEST_STEP_BACK:
                    raise ClipReadError(
                        f"{self.path}: time jumps back from {last} to {pts} at frame {self.tally.decoded - 1}; "
                        "the clip holds several timelines, split it there",
                        path=self.path,
                        pts=pts,
                    )
                self._repaired += not (self._untimed and pts is None)
                pts = last + self._usual_step(pts)
            last = pts if pts is not None else self.info.video.start or 0
            yield frame, last

    def _usual_step(self, pts: int | None) -> int:
        """One tick after a timestamp that went back; one frame's time after one that is missing."""
        video = self.info.video
        if pts is not None or not video.average_rate:
            return 1
        return max(1, round(1 / (video.average_rate * video.time_base)))

    def _converted(self, batch: list[tuple[list[Tensor], int]]) -> FrameBatch:
        layout = self.converter.layout
        planes = self._bus.up([planes[: layout.count] for planes, _ in batch])
        time_base: Fraction = self.info.video.time_base
        turned = self.info.video.orientation or Orientation()
        alpha = torch.stack([planes[-1] for planes, _ in batch]) if layout.alpha else None
        images = turned.upright(self.converter.to_rgb(planes)).contiguous()
        alpha = None if alpha is None else turned.upright(alpha).contiguous()
        return FrameBatch(images, tuple(pts for _, pts in batch), time_base, alpha)

    def _refuse_empty(self, span: Span) -> None:
        decoded = self.tally.decoded
        if decoded:
            message = f"{self.path} has {decoded} frames, frames {span} begin after its end"
        else:
            message = f"{self.path}: no frame could be decoded ({self.tally.dropped} broken packets)"
        raise ClipReadError(f"{message}; check the clip or the range", path=self.path)

    def _note_losses(self) -> None:
        place = f"video #{self._stream.index}"
        self.warnings += [f"{place}: {note}" for note in self._decoder.notes]
        if self._untimed:
            self.warnings.append(
                f"{place}: the file does not say when B-frames are shown; they are timed by their order"
            )
        if self._repaired:
            self.warnings.append(f"{place}: {self._repaired} timestamps were missing or went back; repaired")
        if self.tally.dropped:
            self.warnings.append(f"{place}: {self.tally.dropped} packets could not be decoded and were dropped")
        if self._interlaced:
            done = "were deinterlaced with bwdif" if self.config.deinterlace == "bwdif" else "are taken as progressive"
            order = f" ({self.info.video.field_order})" if self.info.video.field_order else ""
            self.warnings.append(f"{place}: {self._interlaced} interlaced frames{order} {done}")
        if self.tally.concealed:
            self.warnings.append(f"{place}: {self.tally.concealed} damaged frames were concealed by the decoder")
