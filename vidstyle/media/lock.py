"""One worker at one target: a lock beside it that workers on other machines see as well."""

import errno
import os
import socket
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vidstyle.errors import TargetBusyError
from vidstyle.media.manifest import beside, remove_partial
from vidstyle.media.opening import translate_write_errors

_BEAT = 20.0  # seconds between two signs of life
_STALE = 180.0  # seconds without one after which a worker elsewhere is taken for dead
_TAKING = 30.0  # seconds after which one who was taking over a lock is
_TRIES = 5
_NO_TARGET = (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG)
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EINVAL)


class _Holder(BaseModel):
    """Who holds a lock, as written into it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    host: str = Field(description="name of the machine")
    pid: int
    started: str = Field(description="when the process began, in the kernel's ticks: numbers of processes come again")
    space: str = Field(description="of the numbers of processes: the boot and the container's name space")
    token: str

    @classmethod
    def here(cls) -> "_Holder":
        pid = os.getpid()
        return cls(host=socket.gethostname(), pid=pid, started=_begin_of(pid), space=_space(), token=uuid.uuid4().hex)

    @property
    def is_gone(self) -> bool | None:
        """Whether the process is known to be gone; None where it can't be known from here."""
        if not self.space or (self.host, self.space) != (socket.gethostname(), _space()):
            return None
        return _begin_of(self.pid) != self.started


class TargetLock:
    """Holds a target against every other worker, on this machine or another; a context manager.

    Convention: the lock is a file `.NAME.lock` beside the target, made in one step that NFS and cluster file systems
    keep too. A holder on this machine is alive as long as its process is; one elsewhere as long as it gives a sign of
    life, by the file's time, every 20 seconds: after 180 without, it is taken over. Ages are measured on the clock of
    the file system, not of machines. A machine that sleeps for longer and wakes again does not notice. What a dead
    holder left half written goes with its lock: the lock is there before the first byte.

    Raises:
        TargetBusyError: on entering; another worker is at the target.
        ClipWriteError: the disk is full or fails.
    """

    def __init__(self, target: Path) -> None:
        self.path = beside(target, ".lock")
        self._target = target
        self._me = _Holder.here()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "TargetLock":
        draft = beside(self._target, f".{self._me.token[:8]}.lock")
        with translate_write_errors(self._target):
            try:
                draft.write_text(self._me.model_dump_json(), encoding="utf-8")
            except OSError as error:
                if error.errno in _NO_TARGET:
                    return self  # where nothing can be written nobody is at work; the writer says it best
                raise
            try:
                self._take(draft)
            finally:
                draft.unlink(missing_ok=True)
        self._thread = threading.Thread(target=self._beat, name="vidstyle-lock", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is None:
            return
        self._over.set()
        self._thread.join()
        if self._is_mine():
            self.path.unlink(missing_ok=True)

    def _take(self, draft: Path) -> None:
        for _ in range(_TRIES):
            if _link(draft, self.path):
                return
            holder, age = _holder_of(self.path), _age(self.path, draft)
            if age is None:
                continue  # it has just been let go of
            gone = holder.is_gone if holder is not None else None
            if gone is None:
                gone = age > _STALE
            if not gone:
                raise self._busy(holder, age)
            self._take_over(draft, holder)
        raise self._busy(None, 0.0)

    def _take_over(self, draft: Path, gone: _Holder | None) -> None:
        """Remove a dead worker's lock, one contender at a time, so that none removes what another has just made."""
        taking = self.path.with_name(f"{self.path.name}.taking")
        if not _link(draft, taking):
            age = _age(taking, draft)
            if age is not None and age > _TAKING:
                taking.unlink(missing_ok=True)
            time.sleep(0.2)
            return
        try:
            if _holder_of(self.path) == gone:
                if gone is not None:
                    remove_partial(self._target, gone.host, gone.pid)
                self.path.unlink(missing_ok=True)
        finally:
            taking.unlink(missing_ok=True)

    def _busy(self, holder: _Holder | None, age: float) -> TargetBusyError:
        who = f"process {holder.pid} on {holder.host}, last seen {age:.0f} s ago" if holder else "it has just begun"
        return TargetBusyError(
            f"another process is rendering {self._target} ({who}); wait for it, or choose another name",
            path=self._target,
        )

    def _beat(self) -> None:
        while not self._over.wait(_BEAT):
            with suppress(OSError):
                if self._is_mine():
                    os.utime(self.path)

    def _is_mine(self) -> bool:
        holder = _holder_of(self.path)
        return holder is not None and holder.token == self._me.token


def _link(draft: Path, path: Path) -> bool:
    """Give the draft a second name; False where that is taken."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _create(path, draft.read_bytes())  # FAT and some network shares know no links
    return True


def _create(path: Path, content: bytes) -> bool:
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return False
    with os.fdopen(number, "wb") as file:
        file.write(content)
    return True


def _holder_of(path: Path) -> _Holder | None:
    try:
        return _Holder.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _age(path: Path, draft: Path) -> float | None:
    """Seconds since the last sign of life, on the file system's own clock; None where the file is gone."""
    try:
        os.utime(draft)
        return draft.stat().st_mtime - path.stat().st_mtime
    except FileNotFoundError:
        return None


def _begin_of(pid: int) -> str:
    """When a process of this machine began, in ticks since the boot; empty where there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return "" if pid != os.getpid() else "unknown"
    return "" if fields[0] in "ZX" else fields[19]


def _space() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""  # not Linux: only signs of life count
