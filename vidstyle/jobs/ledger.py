"""What happened to each shot, as lines that are only ever added, and outlive a kill at any byte."""

import fcntl
import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vidstyle.errors import TargetError
from vidstyle.media.opening import translate_write_errors

NAME = "ledger.jsonl"


class Entry(BaseModel):
    """One line of the ledger."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event: Literal["begun", "done", "failed"]
    shot: str
    version: int
    target: str = Field(description="path of the clip, below the ledger's folder")
    at: str = Field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"), description="UTC")
    facts: dict[str, str] = Field(default_factory=dict, description="of begun: all that the frames depend on, by name")
    frames: int = 0
    pixels: int = Field(default=0, description="width times height")
    seconds: float = 0.0
    bytes: int = 0
    frame_hash: str = Field(default="", description="SHA-256 over the written planes, before the encoder")
    sha256: str = Field(default="", description="of the clip, or over the pictures of a sequence")
    warnings: tuple[str, ...] = ()
    error: str = Field(default="", description="of failed: the error's name")
    message: str = ""
    exit_code: int = 0


class Ledger:
    """The ledger of one folder; a context manager that holds it against other batches.

    Convention: what a kill left of a line is passed over, and told in `warnings`.

    Raises TargetError on entering where another batch holds it, or the folder can't be written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.warnings: list[str] = []
        self._entries: dict[str, list[Entry]] = {}
        self._stack = ExitStack()
        self._file: int | None = None

    def __enter__(self) -> "Ledger":
        with translate_write_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        self._stack.callback(os.close, file)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._stack.close()
            message = f"another batch is at work in {self.path.parent}; wait for it, or choose another folder"
            raise TargetError(message, path=self.path) from error
        self._file = file
        self._read(self.path.read_bytes())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file = None
        self._stack.close()

    @classmethod
    def look(cls, folder: Path) -> "Ledger":
        """Read a folder's ledger without holding it; an empty one where there is none."""
        ledger = cls(folder)
        if ledger.path.is_file():
            ledger._read(ledger.path.read_bytes())
        return ledger

    def of(self, shot: str) -> list[Entry]:
        """All that happened to a shot, in order."""
        return self._entries.get(shot, [])

    def all(self) -> Mapping[str, list[Entry]]:
        """All that happened, by shot."""
        return self._entries

    def add(self, entry: Entry) -> None:
        """Append a line, and return when it is on the disk. Raises ClipWriteError."""
        assert self._file is not None, "the ledger is not open"
        with translate_write_errors(self.path):
            line = (entry.model_dump_json(exclude_defaults=True) + "\n").encode()
            while line:
                line = line[os.write(self._file, line) :]
            os.fsync(self._file)
        self._entries.setdefault(entry.shot, []).append(entry)

    def _read(self, raw: bytes) -> None:
        *lines, rest = raw.split(b"\n")
        if rest and self._file is not None:
            with translate_write_errors(self.path):
                os.write(self._file, b"\n")  # so that the next line begins as one
        for number, line in enumerate([*lines, rest], start=1):
            try:
                entry = Entry.model_validate(json.loads(line))
            except (ValueError, ValidationError):
                if line.strip():
                    self.warnings.append(
                        f"{self.path.name}, line {number} is not whole, as a kill leaves it; passed over"
                    )
                continue
            self._entries.setdefault(entry.shot, []).append(entry)
