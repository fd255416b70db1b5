"""Styles on their way to other machines: packed once by who sends the work, unpacked once on each machine."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import platformdirs

from vidstyle.errors import ClipWriteError
from vidstyle.networks.gallery import find_style
from vidstyle.networks.looks import REFERENCE, image_of
from vidstyle.networks.mixing import parse_styles
from vidstyle.networks.style import CARD, WEIGHTS

CACHE_VARIABLE = "VIDSTYLE_CACHE"

Packed = Mapping[str, bytes]  # a style's files by name


def styles_of(texts: Iterable[str]) -> list[str]:
    """All styles that settings name, mixtures taken apart, each once; of a picture the network that looks at it.

    Convention: pictures that are styles are read by each machine from where they are, as sources are.

    Raises ConfigError.
    """
    names = (name for text in texts for name, _ in parse_styles(text))
    return list(dict.fromkeys(name if image_of(name) is None else REFERENCE for name in names))


def pack(style: str) -> tuple[str, Packed]:
    """Read a style's files; gives a checksum over all of them, and the files. Raises StyleError, OSError."""
    folder = find_style(style)
    files = {name: (folder / name).read_bytes() for name in (CARD, WEIGHTS) if (folder / name).is_file()}
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest(), files


def unpack(digest: str, fetch: Callable[[], Packed]) -> Path:
    """Give the folder of a style in this machine's cache; `fetch` is asked only where it is not there yet.

    Raises ClipWriteError where the cache can't be written.
    """
    folder = cache_folder() / "styles" / digest
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".coming-", dir=folder.parent) as coming:
            (ready := Path(coming) / "ready").mkdir()
            for name, content in fetch().items():
                (ready / name).write_bytes(content)
            _give_name(ready, folder)
    except OSError as error:
        raise ClipWriteError(f"{folder} can't be written: {error.strerror or error}", path=folder) from error
    return folder


def cache_folder() -> Path:
    """Where this machine keeps what came from others: `VIDSTYLE_CACHE`, the user's cache, else a temporary folder."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named).expanduser()
    usual = platformdirs.user_cache_path("vidstyle")
    there = next((path for path in (usual, *usual.parents) if path.exists()), usual)
    if os.access(there, os.W_OK | os.X_OK):
        return usual
    return Path(tempfile.gettempdir()) / f"vidstyle-{os.getuid()}"  # a container's home is often read-only


def _give_name(ready: Path, folder: Path) -> None:
    try:
        ready.rename(folder)
    except OSError:
        if not folder.is_dir():  # else another worker of this machine was faster, with the same bytes
            raise
