"""Writes batches of RGB frames as a clip, with the packets of its source."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType

import torch
from jaxtyping import UInt
from torch import Tensor

from vidstyle.errors import VidstyleError
from vidstyle.frames import FrameBatch
from vidstyle.media.availability import hush_encoders
from vidstyle.media.bus import Bus
from vidstyle.media.clip import ClipInfo
from vidstyle.media.encoders import EncodeConfig
from vidstyle.media.encoding import EncoderThread, PlaneBatch, WriteTally
from vidstyle.media.mux import Muxer
from vidstyle.media.orientation import Orientation
from vidstyle.media.packets import Passthrough
from vidstyle.media.pixels import PlaneLayout
from vidstyle.media.plan import plan_output
from vidstyle.media.target import PartialFile
from vidstyle.media.work import Work


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
        self.tally = WriteTally()
        self._overwrite = overwrite
        self._written = False
        self._bus: Bus | None = None  # to where the frames come from

    def __enter__(self) -> "ClipWriter":
        self._file = PartialFile(self.target, source=self.like.path, overwrite=self._overwrite)
        hush_encoders()
        plan = plan_output(self.target, self.like, self.config)
        self.encoder = plan.choice.preset.name
        self.warnings += plan.losses()
        self._converter = plan.converter()
        self._source_bits = plan.source.bits
        with ExitStack() as stack:
            stack.callback(self._file.discard)
            self._muxer = Muxer(self._file.path, plan)
            self.warnings += self._muxer.warnings
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

    def write(
        self, batches: Iterable[FrameBatch], passthrough: Passthrough | None = None, work: Work | None = None
    ) -> WriteTally:
        """Write all frames of `batches`, and the packets of `passthrough` that belong to them.

        The frames that `work` holds come first; those of `batches` are kept in it.

        Convention: a whole clip keeps every timestamp and every packet. Of a span, the first kept frame takes the
        time of the clip's first one, and all tracks move by the same time (copied packets to the nearest tick);
        uncompressed and converted sound is cut to the sample; compressed audio packets that are copied and overlap the
        span are kept whole, so that such sound may begin and end up to a packet early or late.

        Raises:
            ClipWriteError: the disk is full or fails.
            VidstyleError: there is no frame, or one of another size or time base than the clip's.
            Whatever `batches` raises, with its type.
        """
        with self.feed(passthrough, work) as put:
            for batch in batches:
                put(batch)
        return self.tally

    @contextmanager
    def feed(
        self, passthrough: Passthrough | None = None, work: Work | None = None
    ) -> Iterator[Callable[[FrameBatch], None]]:
        """Give a function that writes one batch, for who hands them over one by one; else as `write`.

        All is written once the context is left without an error; `tally` then says how much.
        """
        with ExitStack() as stack:
            if passthrough is not None:
                passthrough.choose(self._muxer.tracks, self._muxer.decoded)
                stack.enter_context(passthrough)
            thread = EncoderThread(self._muxer, passthrough, self._converter.layout, depth=self.config.queue)
            stack.enter_context(thread)

            def put(batch: FrameBatch) -> None:
                self._check(batch)
                finished = self._finished(batch)
                thread.put(finished)
                if work is not None:
                    work.put(finished)

            for kept in work.replay() if work is not None else ():
                thread.put(kept)
            yield put
            thread.finish()
        self.tally = thread.tally
        self.warnings += self._muxer.left_out()
        self._written = True

    def _finished(self, batch: FrameBatch) -> PlaneBatch:
        turned, layout = self.like.video.orientation or Orientation(), self._converter.layout
        if self._bus is None:
            self._bus = Bus.to(batch.images.device)
        made = self._converter.to_planes(turned.coded(batch.images))
        planes = self._bus.down(made)
        if layout.alpha:
            planes = [*planes, turned.coded(opacity(batch, self._source_bits, layout)).numpy()]
        return PlaneBatch(planes, batch.pts, made if self._muxer.surfaces else None)

    def _check(self, batch: FrameBatch) -> None:
        video, found = self.like.video, tuple(batch.images.shape[-2:])
        if found != video.upright:
            raise VidstyleError(f"frames are {found} high and wide, but the clip's upright ones {video.upright}")
        if batch.time_base != video.time_base:
            raise VidstyleError(f"frames tick in {batch.time_base} s, but the clip in {video.time_base} s")


def opacity(batch: FrameBatch, bits: int, layout: PlaneLayout) -> UInt[Tensor, "n h w"]:
    """The frames' opacity in the codes of `layout`, of `bits` bits before; opaque where they have none."""
    top = (1 << layout.bits) - 1
    if batch.alpha is None:
        n, _, height, width = batch.images.shape
        return torch.full((n, height, width), top, dtype=layout.dtype)
    if bits == layout.bits:
        return batch.alpha
    scaled = batch.alpha.to(torch.float64).mul_(top / ((1 << bits) - 1)).add_(0.5).floor_()
    return scaled.to(layout.dtype)
