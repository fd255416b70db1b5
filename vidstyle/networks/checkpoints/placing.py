"""Where a new style goes: whole, under its name, or not at all."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vidstyle.errors import StyleError
from vidstyle.networks.checkpoints.writing import writable
from vidstyle.networks.gallery import user_models
from vidstyle.networks.style import CARD

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def free_place(name: str, models: Path | None = None, *, overwrite: bool = False) -> Path:
    """Give the folder for a style of this name, among the user's unless `models` says otherwise.

    Raises StyleError where that is no name, or the place is taken: by a style, unless `overwrite`, or by anything else.
    """
    if not _NAME.fullmatch(name):
        raise StyleError(f"{name!r} is no name for a style; use small letters, digits, - and _", style=name)
    folder = (models or user_models()) / name
    if folder.exists() and not (folder / CARD).is_file():
        message = f"{folder} is there already and is no style; it is not replaced, choose another name"
        raise StyleError(message, style=name)
    if folder.exists() and not overwrite:
        message = f"there is a style in {folder} already; choose another name or say --overwrite"
        raise StyleError(message, style=name)
    return folder


@contextmanager
def whole_style(folder: Path) -> Iterator[Path]:
    """Give a folder to fill; it takes the place of `folder` once that is done, and is gone where that failed.

    Raises TargetError where it can't be written.
    """
    with writable(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".style-", dir=folder.parent) as work:
            filling = Path(work) / folder.name
            yield filling
            if folder.exists():
                folder.rename(Path(work) / "old")
            filling.rename(folder)
