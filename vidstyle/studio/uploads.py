"""Takes files in, within limits, and looks at what they are before anything else may."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException

from vidstyle.errors import VidstyleError
from vidstyle.media import ClipInfo, probe_source
from vidstyle.media.numbering import names_pictures
from vidstyle.studio.config import StudioConfig
from vidstyle.studio.sessions import Session, Upload, safe_name

LISTS = (".csv", ".tsv", ".json", ".edl", ".otio", ".xml", ".fcpxml", ".ale")
_LIST_MEGABYTES = 20.0
_MEGA = 1e6


async def receive(session: Session, name: str, announced: int | None, body: AsyncIterator[bytes],
                  config: StudioConfig) -> Path:  # fmt: skip
    """Write a file that comes in into a folder of its own; nothing stays of one that is refused.

    Raises HTTPException where it is larger than allowed, or empty.
    """
    called = safe_name(name)
    limit = config.upload_megabytes if not is_list(Path(called)) else min(config.upload_megabytes, _LIST_MEGABYTES)
    left = config.session_megabytes - session.bytes() / _MEGA
    if left <= 0:
        raise HTTPException(413, f"your files here take {config.session_megabytes:g} MB already; remove some first")
    most = min(limit, left) * _MEGA
    sentence = f"{called} is larger than the {most / _MEGA:.4g} MB that fit here; cut or compress it first"
    if announced is not None and announced > most:
        raise HTTPException(413, sentence)
    path, taken = session.new_folder("uploads") / called, 0
    with _whole(path), path.open("wb") as file:
        async for part in body:
            taken += len(part)
            if taken > most:
                raise HTTPException(413, sentence)
            file.write(part)
        if not taken:
            raise HTTPException(422, f"{called} is empty; copy it again from its origin")
    return path


def admit(session: Session, path: Path, config: StudioConfig, role: str = "clip") -> Upload:
    """Make an upload of a file that was received; what is no clip, picture or list within the limits is deleted.

    Convention: `role` is what the page wants it for: clip, list, look or content; it comes back after a reload.

    Raises HTTPException, and what `probe_source` raises.
    """
    try:
        facts = {"kind": "list"} if is_list(path) else _facts(probe_source(path), path, config)
    except (VidstyleError, HTTPException):
        shutil.rmtree(path.parent, ignore_errors=True)
        raise
    upload = Upload(path.parent.name, path, {"id": path.parent.name, "name": path.name, "role": role[:16], **facts})
    session.uploads[upload.id] = upload
    return upload


def is_list(path: Path) -> bool:
    """Whether a name is that of a shot list."""
    return path.suffix.lower() in LISTS


def _facts(info: ClipInfo, path: Path, config: StudioConfig) -> dict[str, Any]:
    video = info.video
    height, width = video.upright
    if width * height > config.pixels:
        told = f"{path.name} has {width}x{height} pixels, more than the {config.pixels / _MEGA:.3g} million"
        raise HTTPException(413, f"{told} that are allowed here; scale it down first")
    picture = names_pictures(path)
    rate = float(video.average_rate or 25)
    seconds = info.seconds or (video.frames or 1) / rate
    if not picture and seconds > config.seconds:
        told = f"{path.name} lasts {seconds:.0f} s, longer than the {config.seconds:g} s that are allowed here"
        raise HTTPException(413, f"{told}; cut it first")
    frames = 1 if picture else video.frames or max(1, round(seconds * rate))
    return {
        "kind": "picture" if picture else "clip",
        "width": width,
        "height": height,
        "frames": frames,
        "fps": round(rate, 3),
        "seconds": round(seconds, 3),
        "sound": bool(info.audio),
    }


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Leave nothing of a file that does not arrive whole: the browser may go away half-way, too."""
    try:
        yield
    except BaseException as error:
        shutil.rmtree(path.parent, ignore_errors=True)
        if isinstance(error, OSError):
            raise HTTPException(507, f"{path.name} can't be kept ({error.strerror}); try again later") from error
        raise
