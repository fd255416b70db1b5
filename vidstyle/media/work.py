"""The work so far of one render, in a folder beside its target: finished frames, and what the next ones need."""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from vidstyle.errors import ClipError, ClipWriteError, DeviceError, TargetError, VidstyleError
from vidstyle.media.encoding import PlaneBatch
from vidstyle.media.lock import TargetLock
from vidstyle.media.manifest import Manifest, Segment, beside, sha256_of, sync
from vidstyle.media.opening import translate_write_errors
from vidstyle.media.segments import SegmentWriter, read_segment
from vidstyle.stopping import is_asked, patience, stop_if_asked


class WorkConfig(BaseModel):
    """How much of a render outlives its process."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keep: bool = Field(default=True, description="keep finished frames beside the target until it is whole")
    every: float = Field(default=30.0, ge=0, description="seconds of rendering between two points to go on from")
    grace: float = Field(
        default=20.0, ge=0, description="seconds after SIGTERM in which running frames may still be finished and kept"
    )


@dataclass(frozen=True, slots=True)
class Point:
    """What the frames after a point need to know of those before: tensors by name, and cuts as frame numbers."""

    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    cuts: tuple[int, ...] = ()


class Work:
    """The folder `.NAME.vidstyle` beside a target; a context manager, to be left after the writer.

    Convention: `identity` is all that the frames depend on, by name; `point` is told how many frames are finished and
    gives what is to be remembered of them, or None where one can't go on from there. The folder goes when the target is
    whole, and on errors that would only come again; after a signal, a full disk, a failing device or anything
    unforeseen it stays, if there is anything in it.

    Raises:
        TargetError: on entering; there is work already and neither `resume` nor `overwrite`, or it was begun otherwise.
        TargetBusyError: on entering; another worker is at the target.
    """

    def __init__(
        self, target: Path, identity: Mapping[str, str], config: WorkConfig, *, resume: bool, overwrite: bool
    ) -> None:
        self.folder = beside(target, ".vidstyle")
        self.point: Callable[[int], Point | None] = lambda _frames: Point()
        self.warnings: list[str] = []
        self.found = Point()
        self._target = target
        self._config = config
        self._resume = resume
        self._overwrite = overwrite
        self._manifest = Manifest(identity=dict(identity))
        self._segment: SegmentWriter | None = None
        self._pts: list[int] = []
        self._since = time.monotonic()
        self._keeps = config.keep
        self._stack = ExitStack()

    @property
    def frames(self) -> int:
        """How many frames are kept."""
        return self._manifest.frames

    def __enter__(self) -> "Work":
        with ExitStack() as stack:
            stack.enter_context(patience(self._config.grace))
            stack.enter_context(TargetLock(self._target))
            if self.folder.is_dir():
                self._take_up()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._segment is not None:
            self._segment.abandon()
        worth_it = isinstance(error, ClipWriteError | DeviceError) or not isinstance(error, VidstyleError)
        if kind is None or not worth_it or not self.frames:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._stack.close()

    def replay(self) -> Iterator[PlaneBatch]:
        """Yield the kept frames, one by one. Raises ClipReadError where one is damaged."""
        kept = self._manifest
        for segment in kept.segments:
            pictures = read_segment(self.folder / segment.name, kept.shapes, np.dtype(kept.dtype))
            for pts, planes in zip(segment.pts, pictures, strict=True):
                yield PlaneBatch([plane[None] for plane in planes], (pts,))

    def put(self, batch: PlaneBatch) -> None:
        """Keep finished frames; a disk that takes no more ends the keeping, not the render."""
        if self._keeps:
            try:
                self._put(batch)
            except (ClipError, OSError) as error:
                self._keeps = False
                self._clear()
                self.warnings.append(f"the work so far is no longer kept: {error}")
        stop_if_asked(f"{self.frames} finished frames are kept, --resume goes on from them" if self.frames else "")

    def _put(self, batch: PlaneBatch) -> None:
        for place, pts in enumerate(batch.pts):
            planes = [plane[place] for plane in batch.planes]
            if self._segment is None:
                self._segment = self._begin(planes)
            self._segment.put(planes)
            self._pts.append(pts)
        if time.monotonic() - self._since < self._config.every and not is_asked():
            return
        if (point := self.point(self.frames + len(self._pts))) is not None:
            self._save(point)
            self._since = time.monotonic()

    def _begin(self, planes: list[Any]) -> SegmentWriter:
        if not self.folder.is_dir():
            with translate_write_errors(self.folder):
                self.folder.mkdir()
        if not self._manifest.dtype:
            shapes = tuple((int(plane.shape[0]), int(plane.shape[1])) for plane in planes)
            self._manifest = self._manifest.model_copy(update={"shapes": shapes, "dtype": planes[0].dtype.name})
        return SegmentWriter(self.folder / f"{self.frames:07}.nut", planes)

    def _save(self, point: Point) -> None:
        """Make what was put a point to go on from: it counts once the manifest has been replaced."""
        assert self._segment is not None
        self._segment.close()
        before, path = self._manifest, self._segment.path
        segment = Segment(name=path.name, sha256=sha256_of(path), pts=tuple(self._pts))
        self._segment, self._pts = None, []
        state = self.folder / f"{before.frames + len(segment.pts):07}.safetensors"
        with translate_write_errors(state):
            save_file({name: tensor.clone().contiguous() for name, tensor in point.tensors.items()}, state)
            sync(state)
        told = {"segments": (*before.segments, segment), "cuts": point.cuts}
        manifest = before.model_copy(update=told | {"state": state.name, "state_sha256": sha256_of(state)})
        manifest.write(self.folder)
        self._manifest = manifest
        if before.state:
            (self.folder / before.state).unlink(missing_ok=True)

    def _take_up(self) -> None:
        """Look at what an earlier render left, and go on from it or remove it."""
        found = Manifest.read(self.folder)
        if found is None or not found.frames or (self._overwrite and not self._resume):
            self._clear()
            return
        if not self._resume:
            raise TargetError(
                f"{self.folder} holds {found.frames} finished frames of {self._target.name}; "
                "go on from them with --resume, or begin anew with --overwrite",
                path=self._target,
            )
        self._refuse_others(found)
        tensors = self._remembered(found)
        if tensors is None:
            self._clear()
            self.warnings.append(f"the work in {self.folder.name} is damaged; everything was rendered anew")
            return
        self.found = Point(tensors, found.cuts)
        self._manifest = found

    def _refuse_others(self, found: Manifest) -> None:
        for name, was, now in found.differences(self._manifest.identity):
            raise TargetError(
                f"{self.folder} was begun with {name} = {was}, now it is {now}; "
                "render as before, or begin anew with --overwrite instead of --resume",
                path=self._target,
            )

    def _remembered(self, found: Manifest) -> dict[str, Tensor] | None:
        if not found.is_whole(self.folder):
            return None
        try:
            return load_file(self.folder / found.state)
        except (OSError, SafetensorError):
            return None

    def _clear(self) -> None:
        """Remove all that is kept."""
        if self._segment is not None:
            self._segment.abandon()
        self._segment, self._pts = None, []
        self._manifest = Manifest(identity=self._manifest.identity)
        for path in self.folder.glob("*"):
            path.unlink(missing_ok=True)
