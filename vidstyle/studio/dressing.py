"""A style of a picture that was dropped: what `vidstyle styles add` does, for one browser alone."""

import re
from itertools import count

from starlette.exceptions import HTTPException

from vidstyle.devices import resolve_device
from vidstyle.networks import load_style, save_style
from vidstyle.networks.checkpoints.placing import whole_style
from vidstyle.networks.looks import IMAGE
from vidstyle.studio.sessions import Session, Upload

_LONGEST = 40  # characters of a style's name


def style_of_picture(session: Session, upload: Upload, device: str) -> str:
    """Look at a picture, and keep what it looks like as a style of the session; gives its name.

    Raises HTTPException where the upload is no picture, and what `load_style` raises.
    """
    if upload.facts["kind"] != "picture":
        raise HTTPException(422, f"{upload.path.name} is no picture; drop a JPEG, a PNG or a TIFF as the style")
    made = load_style(f"{IMAGE}{upload.path}", device=resolve_device(device))
    name = _free_name(session, upload)
    with whole_style(session.folder / "styles" / name) as folder:
        title = {"name": name, "title": f"After {upload.path.stem}"}
        save_style(folder, made.card.model_copy(update=title), made.generator)
    session.looks[name] = upload
    return name


def _free_name(session: Session, upload: Upload) -> str:
    stem = re.sub(r"[^a-z0-9]+", "-", upload.path.stem.lower()).strip("-")[:_LONGEST] or "picture"
    names = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
    known = session.styles()
    return next(name for name in names if name not in known)
