"""Writes batches of RGB frames as numbered pictures, as ClipWriter writes them as a clip."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidstyle.errors import TargetError, VidstyleError
from vidstyle.frames import FrameBatch, Span
from vidstyle.media.choosing import thread_count
from vidstyle.media.clip import ClipInfo
from vidstyle.media.dpx import with_header
from vidstyle.media.encoders import EncodeConfig
from vidstyle.media.encoding import PlaneBatch, WriteTally
from vidstyle.media.exr import FLOAT, HALF, write_exr
from vidstyle.media.numbering import find_pictures
from vidstyle.media.opening import translate_write_errors
from vidstyle.media.packets import Passthrough
from vidstyle.media.pictures import FORMATS, encode_picture, set_tags
from vidstyle.media.pixels import PlaneConverter
from vidstyle.media.plan import source_layout
from vidstyle.media.planar import frame_of
from vidstyle.media.scene import LARGEST
from vidstyle.media.sequence_plan import DPX, EXR, plan_sequence
from vidstyle.media.target import PartialFolder
from vidstyle.media.work import Work
from vidstyle.media.writer import opacity

_KINDS = {HALF: np.float16, FLOAT: np.float32}


class SequenceWriter:
    """An image sequence, open for writing; a context manager that speaks as ClipWriter does.

    The pictures get their names when the context is left without an error after `write` has ended, and never else.
    Rotation is carried out, since pictures can't say it.

    Raises:
        TargetError: pictures of these names exist, can't be created, or can't hold these colours.
        ConfigError, PluginError: the settings do not fit, or an extra is absent.
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
        self._names: list[str] = []
        self._written = False

    def __enter__(self) -> "SequenceWriter":
        self._plan = plan_sequence(self.target, self.like, self.config)
        self.encoder = self._plan.suffix.lstrip(".")
        self.warnings += self._plan.losses()
        self._sources = self._of_the_source()
        self._inputs = {path.resolve() for path in self._sources.values()}
        self._folder = PartialFolder(self.target, overwrite=self._overwrite)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._written:
                self._folder.commit(self._names)
        finally:
            self._folder.discard()

    def write(
        self, batches: Iterable[FrameBatch], passthrough: Passthrough | None = None, work: Work | None = None
    ) -> WriteTally:
        """Write all frames of `batches`; those that `work` holds come first, and those of `batches` are kept in it.

        Convention: of a clip, frame f gets the number 1001 + f; of a sequence the number that it had; `start_number`
        or a range in the name says the first number else.

        Raises:
            TargetError: there are such pictures already, or another number of them than the name says.
            ClipWriteError: the disk is full or fails.
            VidstyleError: there is no frame, or one of another size than the clip's.
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
        """Give a function that writes one batch, for who hands them over one by one; else as `write`."""
        span = passthrough.span if passthrough is not None else Span()
        self._plan.check(span, overwrite=self._overwrite)
        with _Encoders(self._encode, thread_count(self.config), self.config.queue) as encoders:
            first, digest = self._plan.first_number(span), hashlib.sha256()
            times: list[int] = []

            def add(finished: PlaneBatch) -> None:
                for place, pts in enumerate(finished.pts):
                    planes = [plane[place] for plane in finished.planes]
                    for plane in planes:
                        digest.update(np.ascontiguousarray(plane).data)
                    frame = span.start + len(times)
                    label = self._plan.packed_timecode(len(times))
                    encoders.put(self._path(first, len(times)), planes, self._sources.get(frame), label)
                    times.append(pts)

            def put(batch: FrameBatch) -> None:
                self._check(batch)
                finished = PlaneBatch(self._planes(batch), batch.pts)
                add(finished)
                if work is not None:
                    work.put(finished)

            for kept in work.replay() if work is not None else ():
                add(kept)
            yield put
            encoders.finish()
        self._conclude(times, digest.hexdigest())

    def _conclude(self, times: list[int], frame_hash: str) -> None:
        if not times:
            raise VidstyleError("there is no frame to write")
        steps = {later - earlier for earlier, later in pairwise(times)}
        if len(steps) > 1:
            place = f"video #{self.like.video.index}"
            self.warnings.append(f"{place}: frames are shown for unequal times, of which pictures keep only the order")
        if self._plan.room not in (None, len(times)):
            self.warnings.append(f"{self.target} names {self._plan.room} pictures; {len(times)} were written")
        others = len(set(self._plan.present().values()) - {self.target.parent / name for name in self._names})
        if others and self._overwrite:
            self.warnings.append(f"{others} other pictures with names like {self.target.name} were there and stay")
        self.tally = WriteTally(frames=len(times), frame_hash=frame_hash)
        self._written = True

    def _path(self, first: int, count: int) -> Path:
        """Where the picture is written; its final name is kept for the end."""
        numbering = self._plan.numbering
        if numbering is None and count:
            raise TargetError(
                f"{self.target} is one picture, but more frames came; write {self.target.stem}.####{self._plan.suffix}",
                path=self.target,
            )
        final = self.target if numbering is None else numbering.path(first + count)
        if final.resolve() in self._inputs:
            raise TargetError(f"{final} is a picture of the source itself; choose another name", path=self.target)
        self._names.append(final.name)
        return self._folder.path / final.name

    def _of_the_source(self) -> dict[int, Path]:
        """The source's pictures by the number of the frame, counted from 0; none of a clip's."""
        if self.like.video.first_number is None:
            return {}
        return dict(enumerate(find_pictures(self.like.path).values()))

    def _planes(self, batch: FrameBatch) -> list[NDArray[Any]]:
        """The codes of each plane, (n, h, w): green, blue, red of integers; red, green, blue of the floats' bits.

        Opacity comes last, where it is written.
        """
        plan, images = self._plan, batch.images
        if plan.scene is not None:
            images = plan.scene.to_scene(images)
        if plan.layout is not None:
            planes = [plane.cpu().numpy() for plane in PlaneConverter(plan.layout, "bt709", True).to_planes(images)]
            bits = source_layout(self.like).bits
            return planes + ([opacity(batch, bits, plan.layout).numpy()] if plan.layout.alpha else [])
        if plan.pix_fmt == HALF:
            images = images.clamp(-LARGEST, LARGEST).half()
        floats = [plane.contiguous().cpu().numpy() for plane in images.unbind(1)]
        if plan.alpha is not None:
            top = (1 << source_layout(self.like).bits) - 1
            codes = np.full_like(floats[0], top, np.float64) if batch.alpha is None else batch.alpha.numpy()
            floats.append((codes / np.float64(top)).astype(_KINDS[plan.alpha]))
        return [plane.view(np.uint16) for plane in floats]

    def _encode(self, path: Path, planes: list[NDArray[Any]], source: Path | None, timecode: int | None) -> None:
        plan, video = self._plan, self.like.video
        rate = video.average_rate
        aspect = video.sample_aspect_ratio
        if aspect and video.orientation is not None and video.orientation.transposed:
            aspect = 1 / aspect
        if plan.layout is None:
            rgb = np.stack([plane.view(_KINDS[plan.pix_fmt]) for plane in planes[:3]], axis=2)
            alpha = planes[3].view(_KINDS[plan.alpha]) if plan.alpha is not None else None
            like = source if source is not None and source.suffix.lower() == EXR else None
            compression = self.config.options.get("compression", "zip")
            with translate_write_errors(self.target):
                write_exr(
                    path,
                    rgb,
                    alpha,
                    like=like,
                    rate=rate,
                    aspect=aspect,
                    timecode=timecode,
                    primaries=video.tags.primaries,
                    compression=compression,
                )
            return
        frame = frame_of(planes, plan.layout, plan.pix_fmt)
        set_tags(frame, video.tags)
        coded = encode_picture(frame, FORMATS[plan.suffix].encoder, self.config.options, aspect)
        if plan.suffix == DPX:
            coded = with_header(coded, rate, timecode)
        with translate_write_errors(self.target):
            path.write_bytes(coded)

    def _check(self, batch: FrameBatch) -> None:
        video, found = self.like.video, tuple(batch.images.shape[-2:])
        if found != video.upright:
            raise VidstyleError(f"frames are {found} high and wide, but the clip's upright ones {video.upright}")


class _Encoders:
    """A few threads that each encode a picture at a time, behind a bounded queue; errors reach the side that puts."""

    def __init__(
        self, encode: Callable[[Path, list[NDArray[Any]], Path | None, int | None], None], threads: int, queue: int
    ) -> None:
        self._encode = encode
        self._most = threads + queue
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="vidstyle-picture")
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> "_Encoders":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def put(self, path: Path, planes: list[NDArray[Any]], source: Path | None, timecode: int | None) -> None:
        """Hand over a picture; waits while too many wait already. Raises what the encoding of an earlier one raised."""
        while len(self._waiting) >= self._most:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(self._encode, path, planes, source, timecode))

    def finish(self) -> None:
        """Wait until all are written. Raises what one of them raised."""
        while self._waiting:
            self._waiting.popleft().result()
