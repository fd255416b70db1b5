"""The table of contents of a render's work so far: what it was begun with, which frames there are, what they leave."""

import hashlib
import os
import re
import shutil
import socket
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vidstyle.media.opening import translate_write_errors

_NAME = "manifest.json"
_LONGEST_NAME = 255  # bytes, of common file systems


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Segment(_Part):
    """A file of consecutive frames."""

    name: str
    sha256: str
    pts: tuple[int, ...] = Field(description="of each frame, ticks of the source")


class Manifest(_Part):
    """What a work folder holds; only what is named here counts."""

    format: int = 1
    identity: dict[str, str] = Field(description="all that the frames depend on, by name")
    shapes: tuple[tuple[int, int], ...] = Field(default=(), description="height and width of each plane")
    dtype: str = Field(default="", description="NumPy's name of a code's type")
    segments: tuple[Segment, ...] = ()
    state: str = Field(default="", description="file of what the next frames need to know; empty: no point yet")
    state_sha256: str = ""
    cuts: tuple[int, ...] = ()

    @property
    def frames(self) -> int:
        """How many frames are kept."""
        return sum(len(segment.pts) for segment in self.segments)

    @classmethod
    def read(cls, folder: Path) -> "Manifest | None":
        """Read the one in `folder`; None where there is none that can be read."""
        try:
            return cls.model_validate_json((folder / _NAME).read_bytes())
        except (OSError, ValidationError):
            return None

    def write(self, folder: Path) -> None:
        """Put this in the place of the one in `folder`, all of it or nothing."""
        new = folder / f"{_NAME}.new"
        with translate_write_errors(new):
            new.write_text(self.model_dump_json(), encoding="utf-8")
            sync(new)
            new.replace(folder / _NAME)
            sync(folder)

    def is_whole(self, folder: Path) -> bool:
        """True where every file is there as it was written."""
        wanted = {segment.name: segment.sha256 for segment in self.segments} | {self.state: self.state_sha256}
        try:
            return all(sha256_of(folder / name) == digest for name, digest in wanted.items())
        except OSError:
            return False

    def differences(self, identity: dict[str, str]) -> list[tuple[str, str, str]]:
        """Name what `identity` has otherwise: name, what it was, what it is now."""
        names = sorted({*identity, *self.identity})
        pairs = [(name, self.identity.get(name, "not set"), identity.get(name, "not set")) for name in names]
        return [(name, was, now) for name, was, now in pairs if was != now]


def beside(target: Path, suffix: str) -> Path:
    """Give a hidden name beside `target` that ends in `suffix`, cut where it would be too long."""
    stem = os.fsencode(target.name)[: _LONGEST_NAME - len(suffix) - 1]
    return target.parent / f".{stem.decode(errors='ignore')}{suffix}"


def own_suffix() -> str:
    """What ends the name of a file that this process alone writes, on a disk that several machines share."""
    return _suffix(socket.gethostname(), os.getpid())


def remove_partial(target: Path, host: str, pid: int) -> None:
    """Remove what a process that is gone left half written beside `target`, file or folder."""
    suffix = _suffix(host, pid)
    if suffix == own_suffix():
        return
    partial = beside(target, suffix)
    with suppress(OSError):
        if partial.is_dir():
            shutil.rmtree(partial)
        else:
            partial.unlink(missing_ok=True)


def _suffix(host: str, pid: int) -> str:
    short = re.sub(r"[^A-Za-z0-9_]", "_", host.partition(".")[0])[:32] or "host"
    return f".{short}-{pid}.part"


def sync(path: Path) -> None:
    """Flush a file or folder to the disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
