"""Lists that are text, whatever their encoding."""

from pathlib import Path

from vidstyle.errors import ShotListError


def read_text(path: Path) -> str:
    """Read a text of UTF-8 (with or without a mark), UTF-16, or else Latin-1. Raises ShotListError."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ShotListError(f"{path} can't be read: {error.strerror}", path=path) from error
    for encoding in ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            break
    return raw.decode("latin-1")
