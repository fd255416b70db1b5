"""One browser's private folder: what it uploaded and what was made for it, until it is forgotten."""

import re
import secrets
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from starlette.exceptions import HTTPException

from vidstyle.networks import drawing_styles
from vidstyle.networks.looks import IMAGE
from vidstyle.networks.style import CARD

_KEPT = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 80  # characters of a file's name


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was uploaded: a clip, a picture or a list.

    Convention: `facts` are what the page shows of it: width, height, frames, fps, seconds, sound.
    """

    id: str
    path: Path
    facts: dict[str, Any]

    @property
    def is_clip(self) -> bool:
        """Whether it is a clip; else a picture or a list."""
        return self.facts.get("kind") == "clip"

    @property
    def is_odd(self) -> bool:
        """Whether its size is odd, so that chroma can't be halved."""
        return bool(self.facts.get("width", 0) % 2 or self.facts.get("height", 0) % 2)


@dataclass(slots=True)
class Session:
    """What one browser has here."""

    id: str
    folder: Path
    uploads: dict[str, Upload] = field(default_factory=dict)
    looks: dict[str, Upload] = field(default_factory=dict)  # styles made of a picture, by name
    used: float = field(default_factory=time.monotonic)
    wanted: int = 0  # number of the latest preview asked for: older ones need not be drawn any more

    def new_folder(self, kind: str) -> Path:
        """Make a folder of its own for an upload or a task; its name can't be guessed."""
        folder = self.folder / kind / secrets.token_urlsafe(9)
        folder.mkdir(parents=True)
        return folder

    def upload(self, key: object) -> Upload:
        """An upload by its id. Raises HTTPException where there is none."""
        found = self.uploads.get(str(key))
        if found is None:
            raise HTTPException(404, "this file is not here any more; drop it again")
        return found

    def bytes(self) -> int:
        """How much its files take."""
        return sum(path.lstat().st_size for path in self.folder.rglob("*") if path.is_file())

    def styles(self) -> dict[str, Path]:
        """The gallery, and what was trained here; one's own style hides another of its name."""
        own = self.folder / "styles"
        mine = {each.name: each for each in sorted(own.iterdir()) if (each / CARD).is_file()} if own.is_dir() else {}
        return drawing_styles() | mine

    def named(self, style: str) -> str:
        """How a command names a style: one made of a picture by the picture, where no file of this session is."""
        return f"{IMAGE}{self.looks[style].path.name}" if style in self.looks else style

    def hide(self, text: str) -> str:
        """Take this machine's folders out of what is told."""
        own = str(self.folder)
        return re.sub(rf"{re.escape(own)}(/[A-Za-z0-9._-]+)*/", "", text).replace(own, ".")


class Sessions:
    """All browsers' folders below one private folder; a context manager, whose end deletes them all.

    Args:
        keep_hours: how long an idle one is kept.
    """

    def __init__(self, keep_hours: float) -> None:
        self._seconds = 3600 * keep_hours
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()
        self.folder = Path()

    def __enter__(self) -> "Sessions":
        self.folder = Path(tempfile.mkdtemp(prefix="vidstyle-studio-")).resolve()  # for its owner alone
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def begin(self) -> Session:
        """Give a browser that comes for the first time its folder."""
        key = secrets.token_urlsafe(32)
        # The folder's name is another one than the key, which opens it.
        session = Session(key, Path(tempfile.mkdtemp(dir=self.folder)))
        with self._lock:
            self._sessions[key] = session
        return session

    def find(self, key: str | None) -> Session | None:
        """The session that a browser's cookie names, which is used by that."""
        with self._lock:
            session = self._sessions.get(key or "")
            if session is not None:
                session.used = time.monotonic()
            return session

    def sweep(self, busy: set[str]) -> list[Session]:
        """Delete what was idle for too long; sessions with a task at work are not idle. Gives those that went."""
        now = time.monotonic()
        with self._lock:
            for key in busy & self._sessions.keys():
                self._sessions[key].used = now
            gone = [session for session in self._sessions.values() if now - session.used > self._seconds]
            for session in gone:
                del self._sessions[session.id]
        for session in gone:
            shutil.rmtree(session.folder, ignore_errors=True)
        return gone


def safe_name(name: str) -> str:
    """A file's name without anything that means something to a path, a pattern or a shell; its suffix stays."""
    last = name.replace("\\", "/").rpartition("/")[2]
    path = Path(_KEPT.sub("-", last).strip(".-") or "file")
    suffix = path.suffix.lower()[:12]
    return (path.stem[: _LONGEST - len(suffix)].rstrip(".-") or "file") + suffix


def inside(folder: Path, name: str) -> Path:
    """A file below `folder`; links are followed first. Raises HTTPException where it is none, or lies elsewhere."""
    try:
        path = (folder / name).resolve()
        if path.is_relative_to(folder.resolve()) and path.is_file():
            return path
    except (OSError, ValueError, RuntimeError):  # no name of a file: too long, a null byte in it, links in a circle
        pass
    raise HTTPException(404, "there is no such file; it may have been deleted: make it again")
