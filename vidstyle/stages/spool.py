"""Keeps batches on disk that don't fit in memory: a whole shot, until its end is known."""

import tempfile
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import torch

from vidstyle.errors import ClipWriteError
from vidstyle.motion import Flow
from vidstyle.stages.batches import StyledBatch


class Spool:
    """A folder of batches, removed at the end with all that is in it.

    Convention: about 30 bytes a pixel and frame. The generator's pictures and visibility lose what a half float can't
    hold, less than a tenth of a code of 255; source and flow come back as they were, on the device they came from.

    Args:
        beside: folder to make it in; None is the system's own for temporary files.

    Raises:
        ClipWriteError: the disk is full, or the folder can't be written.
    """

    def __init__(self, beside: Path | None = None) -> None:
        self._beside = beside
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> "Spool":
        try:
            self._folder = tempfile.TemporaryDirectory(
                prefix=".vidstyle-", dir=self._beside, ignore_cleanup_errors=True
            )
        except OSError as error:
            raise self._failed(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def put(self, number: int, batch: StyledBatch) -> None:
        """Keep a batch under a number, in place of what was there."""
        flow = batch.moving.flow
        moving = replace(batch.moving, flow=Flow(flow.to_previous, flow.visibility.half()))
        try:
            torch.save(StyledBatch(moving, batch.images.half()), self._path(number))
        except (OSError, RuntimeError) as error:  # torch's own writer raises the latter on a full disk
            raise self._failed(error) from error

    def get(self, number: int) -> StyledBatch:
        """Read the batch of that number."""
        # The file is this run's own, in a folder that nobody else can enter: there is nothing to distrust.
        batch: StyledBatch = torch.load(self._path(number), weights_only=False)
        flow = batch.moving.flow
        moving = replace(batch.moving, flow=Flow(flow.to_previous, flow.visibility.float()))
        return StyledBatch(moving, batch.images.float())

    def take(self, number: int) -> StyledBatch:
        """Read the batch of that number and forget it."""
        batch = self.get(number)
        self._path(number).unlink()
        return batch

    def _path(self, number: int) -> Path:
        assert self._folder is not None  # only used within `with`
        return Path(self._folder.name) / str(number)

    def _failed(self, error: Exception) -> ClipWriteError:
        where = self._beside or Path(tempfile.gettempdir())
        hint = "two passes keep each shot on disk, about 30 bytes a pixel and frame; free some, or use blend.passes=1"
        return ClipWriteError(f"{where} can't hold the shot: {error}; {hint}", path=where)
