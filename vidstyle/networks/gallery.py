"""Where styles live: those shipped with vidstyle, and the user's own."""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path

import platformdirs
import torch

from vidstyle.errors import StyleError
from vidstyle.networks.looks import REFERENCE, dress, image_of, look_card
from vidstyle.networks.style import CARD, Style, StyleCard, read_card, read_style

MODELS_VARIABLE = "VIDSTYLE_MODELS"
_lent: dict[str, Path] = {}


def user_models() -> Path:
    """The folder of the user's styles: what `VIDSTYLE_MODELS` names, else `models` in the user's data folder."""
    named = os.environ.get(MODELS_VARIABLE)
    return Path(named).expanduser() if named else platformdirs.user_data_path("vidstyle") / "models"


def shipped_models() -> Path:
    """The folder of the shipped styles: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


def style_folders() -> dict[str, Path]:
    """All styles, sorted by name; a user's style hides a shipped one of the same name."""
    found: dict[str, Path] = {}
    for models in (shipped_models(), user_models()):
        if models.is_dir():
            found |= {folder.name: folder for folder in models.iterdir() if (folder / CARD).is_file()}
    return dict(sorted(found.items()))


def drawing_styles() -> dict[str, Path]:
    """Those of `style_folders` that draw as they are: all but the network that has to be shown a picture first."""
    return {name: folder for name, folder in style_folders().items() if name != REFERENCE}


def lend_styles(folders: Mapping[str, Path]) -> None:
    """Let names stand for these folders in this process: work from another machine comes with its styles."""
    _lent.update(folders)


def find_style(style: str | Path) -> Path:
    """The folder of the style with this name, or `style` itself where it is a folder.

    Raises StyleError with the nearest known name.
    """
    if str(style) in _lent:
        return _lent[str(style)]
    if isinstance(style, Path) or "/" in style or os.sep in style or (Path(style) / CARD).is_file():
        return Path(style)
    folders = style_folders()
    if style in folders:
        return folders[style]
    near = difflib.get_close_matches(style, folders, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(folders) or 'none'}"
    raise StyleError(f"no style called {style!r}; {hint} (vidstyle styles lists them)", style=style)


def find_card(style: str | Path) -> StyleCard:
    """Give the card of a style by its name or folder, or of the style that `image:PATH` makes of a picture.

    Raises StyleError when it is not there or not valid.
    """
    image = image_of(style)
    return read_card(find_style(style)) if image is None else look_card(read_card(find_style(REFERENCE)), image)


def load_style(style: str | Path, *, device: torch.device | None = None) -> Style:
    """Load a style by its name or folder, its checksum verified, or make one of a picture: `image:PATH`.

    Raises StyleError when it is not there, when card, checksum and weights do not fit together, or a picture can't be
    read.
    """
    image = image_of(style)
    if image is None:
        return read_style(find_style(style), device=device)
    return dress(read_style(find_style(REFERENCE), device=device), image)
