"""The file that is written: refused early, kept under a temporary name, renamed only when it is whole."""

import os
from pathlib import Path

from vidstyle.errors import TargetError
from vidstyle.media.opening import translate_write_errors

# Suffix → FFmpeg's muxer.
CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
_LONGEST_NAME = 255  # bytes, of common file systems


def container_of(target: Path) -> str:
    """The container format that the suffix asks for. Raises TargetError for an unknown suffix."""
    container = CONTAINERS.get(target.suffix.lower())
    if container is None:
        found = f"suffix {target.suffix!r}" if target.suffix else "no suffix"
        raise TargetError(f"{target} has {found}; write one of {', '.join(CONTAINERS)}", path=target)
    return container


class PartialFile:
    """A hidden file beside the target that becomes the target when `commit` is called, and else goes away.

    Raises TargetError where the target can't or must not be created: before any work is done.
    """

    def __init__(self, target: Path, *, source: Path | None, overwrite: bool) -> None:
        self.target = target
        self._overwrite = overwrite
        with translate_write_errors(target):
            self._check(source)
        suffix = f".{os.getpid()}.part"
        stem = os.fsencode(target.name)[: _LONGEST_NAME - len(suffix) - 1]
        self.path = target.parent / f".{stem.decode(errors='ignore')}{suffix}"
        self.path.unlink(missing_ok=True)

    def commit(self) -> None:
        """Flush the file to the disk and give it the target's name. Raises ClipWriteError, TargetError."""
        with translate_write_errors(self.target):
            with self.path.open("rb") as file:
                os.fsync(file.fileno())
            self._refuse_existing()
            self.path.replace(self.target)

    def discard(self) -> None:
        """Remove the file, whatever state it is in."""
        self.path.unlink(missing_ok=True)

    def _check(self, source: Path | None) -> None:
        folder = self.target.parent
        if not folder.is_dir():
            raise TargetError(f"no folder {folder} to write {self.target.name} into; create it first", path=self.target)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise TargetError(f"folder {folder} can't be written; choose another one", path=self.target)
        if self.target.is_dir():
            raise TargetError(f"{self.target} is a folder; name a file in it", path=self.target)
        if source is not None and self.target.exists() and source.exists() and self.target.samefile(source):
            raise TargetError(f"{self.target} is the source itself; choose another name", path=self.target)
        self._refuse_existing()

    def _refuse_existing(self) -> None:
        if not self._overwrite and (self.target.exists() or self.target.is_symlink()):
            raise TargetError(
                f"{self.target} exists already; choose another name or pass --overwrite", path=self.target
            )
