"""Keeps batches on disk that don't fit in memory: a whole shot, until its end is known."""

import os
import tempfile
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import IO

import torch

from vidstyle.errors import ClipWriteError
from vidstyle.motion import Flow
from vidstyle.stages.batches import StyledBatch


@dataclass(frozen=True, slots=True)
class _Slot:
    start: int
    room: int
    size: int


def spool_folder(target: Path) -> Path:
    """Where a render's spool lies: where TMPDIR says, else beside the target, since /tmp may be memory."""
    return Path(os.environ["TMPDIR"]) if os.environ.get("TMPDIR") else target.parent


class Spool:
    """A file without a name that holds batches by number; gone with the process, however that ends.

    Convention: about 30 bytes a pixel and frame. The generator's pictures and visibility lose what a half float can't
    hold, less than a tenth of a code of 255; source and flow come back as they were, on the device they came from.
    Room that was taken back is used again, so that the file grows to the longest shot.

    Args:
        beside: folder on whose disk it lies; None is the system's own for temporary files.

    Raises:
        ClipWriteError: the disk is full, or the folder can't be written.
    """

    def __init__(self, beside: Path | None = None) -> None:
        self._beside = beside
        self._slots: dict[int, _Slot] = {}
        self._free: list[_Slot] = []
        self._end = 0
        self._file: IO[bytes] | None = None

    def __enter__(self) -> "Spool":
        try:
            self._file = tempfile.TemporaryFile(dir=self._beside)
        except OSError as error:
            raise self._failed(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def put(self, number: int, batch: StyledBatch) -> None:
        """Keep a batch under a number, in place of what was there."""
        flow = batch.moving.flow
        moving = replace(batch.moving, flow=Flow(flow.to_previous, flow.visibility.half()))
        written = BytesIO()
        torch.save(StyledBatch(moving, batch.images.half()), written)
        if number in self._slots:
            self._free.append(self._slots.pop(number))
        slot = self._room(len(written.getbuffer()))
        try:
            self._open.seek(slot.start)
            self._open.write(written.getbuffer())
            self._open.flush()  # else a full disk would show where a batch is read
        except OSError as error:
            raise self._failed(error) from error
        self._slots[number] = slot

    def get(self, number: int) -> StyledBatch:
        """Read the batch of that number; KeyError where there is none."""
        slot = self._slots[number]
        self._open.seek(slot.start)
        # The file is this process's own, and has no name by which another could change it: nothing to distrust.
        batch: StyledBatch = torch.load(BytesIO(self._open.read(slot.size)), weights_only=False)
        flow = batch.moving.flow
        moving = replace(batch.moving, flow=Flow(flow.to_previous, flow.visibility.float()))
        return StyledBatch(moving, batch.images.float())

    def take(self, number: int) -> StyledBatch:
        """Read the batch of that number and forget it."""
        batch = self.get(number)
        self._free.append(self._slots.pop(number))
        return batch

    @property
    def _open(self) -> IO[bytes]:
        assert self._file is not None  # only used within `with`
        return self._file

    def _room(self, size: int) -> _Slot:
        for slot in self._free:
            if slot.room >= size:
                self._free.remove(slot)
                return replace(slot, size=size)
        start, self._end = self._end, self._end + size
        return _Slot(start, size, size)

    def _failed(self, error: Exception) -> ClipWriteError:
        where = self._beside or Path(tempfile.gettempdir())
        hint = "two passes keep each shot on disk, about 30 bytes a pixel and frame; free some, or use blend.passes=1"
        return ClipWriteError(f"{where} can't hold the shot: {error}; {hint}", path=where)
