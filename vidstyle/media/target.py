"""What is written, file or folder of files: refused early, kept under a temporary name, renamed only when whole."""

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from vidstyle.errors import TargetError
from vidstyle.media.manifest import beside, own_suffix
from vidstyle.media.opening import translate_write_errors

# Suffix → FFmpeg's muxer.
CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
MILLISECONDS = ("matroska", "webm")  # muxers that count time in them


def container_of(target: Path) -> str:
    """The container format that the suffix asks for. Raises TargetError for an unknown suffix."""
    container = CONTAINERS.get(target.suffix.lower())
    if container is None:
        found = f"suffix {target.suffix!r}" if target.suffix else "no suffix"
        raise TargetError(
            f"{target} has {found}; write one of {', '.join(CONTAINERS)}, or a sequence of pictures such as "
            f"{target.stem or 'shot'}.####.png",
            path=target,
        )
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
        self.path = _hidden(target)
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
        _check_folder(self.target)
        if self.target.is_dir():
            raise TargetError(f"{self.target} is a folder; name a file in it", path=self.target)
        if source is not None and self.target.exists() and source.exists() and self.target.samefile(source):
            raise TargetError(f"{self.target} is the source itself; choose another name", path=self.target)
        self._refuse_existing()

    def _refuse_existing(self) -> None:
        if not self._overwrite:
            refuse_existing(self.target, [self.target])


class PartialFolder:
    """A hidden folder beside a sequence's frames, which get their names all together when `commit` is called.

    Raises TargetError where the folder of the target can't be written: before any work is done.
    """

    def __init__(self, target: Path, *, overwrite: bool) -> None:
        self.target = target
        self._overwrite = overwrite
        self.path = _hidden(target)
        with translate_write_errors(target):
            _check_folder(target)
            self.discard()
            self.path.mkdir()

    def commit(self, names: Iterable[str]) -> None:
        """Flush these files to the disk and move them beside the folder. Raises ClipWriteError, TargetError.

        Where one can't be moved, those moved before go back: no part of a sequence stays under the final names, unless
        frames were replaced.
        """
        moves = [(self.path / name, self.target.parent / name) for name in names]
        with translate_write_errors(self.target):
            if not self._overwrite:
                refuse_existing(self.target, [final for _, final in moves])
            for partial, _ in moves:
                with partial.open("rb") as file:
                    os.fsync(file.fileno())
            moved: list[tuple[Path, Path]] = []
            try:
                for partial, final in moves:
                    partial.replace(final)
                    moved.append((partial, final))
            except BaseException:
                for partial, final in moved:
                    with suppress(OSError):
                        final.replace(partial)
                raise

    def discard(self) -> None:
        """Remove the folder with whatever is in it."""
        shutil.rmtree(self.path, ignore_errors=True)


def refuse_existing(target: Path, files: Iterable[Path]) -> None:
    """Raise TargetError where one of the files is there already."""
    there = [file for file in files if file.exists() or file.is_symlink()]
    if not there:
        return
    found = f"{there[0]}" if len(there) == 1 else f"{there[0]} and {len(there) - 1} more frames"
    verb = "exists" if len(there) == 1 else "exist"
    raise TargetError(f"{found} {verb} already; choose another name or pass --overwrite", path=target)


def _check_folder(target: Path) -> None:
    folder = target.parent
    if not folder.is_dir():
        raise TargetError(f"no folder {folder} to write {target.name} into; create it first", path=target)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise TargetError(f"folder {folder} can't be written; choose another one", path=target)


def _hidden(target: Path) -> Path:
    """A name beside the target that no directory listing shows, and that no other program takes."""
    return beside(target, own_suffix())
