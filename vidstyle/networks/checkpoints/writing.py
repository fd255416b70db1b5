"""Files that are there whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vidstyle.errors import TargetError, VidstyleError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a place beside `path` to write to; it becomes `path` when the block succeeds, and is removed otherwise.

    Raises TargetError where the folder can't be made or written to.
    """
    partial = path.with_name(f".{path.name}.partial")
    with writable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def writable(path: Path) -> Iterator[None]:
    """Translate what the system says against writing `path`. Raises TargetError."""
    try:
        yield
    except VidstyleError:  # some are OSErrors too
        raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise TargetError(f"{path} can't be written: {reason}; choose another place", path=path) from error
