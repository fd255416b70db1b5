"""What the page's controls say, as the library's settings, as a command line and as TOML."""

import json
import shlex
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.exceptions import HTTPException

from vidstyle.config import RenderConfig, compose
from vidstyle.frames import Span
from vidstyle.media import PRESETS
from vidstyle.networks.looks import image_of
from vidstyle.studio.sessions import Session, Upload

Delivery = Literal["web", "review", "master-prores", "archive"]

# Dotted key → what the command line calls it.
_OPTIONS = {
    "style": "--style",
    "blend.strength": "--strength",
    "blend.stability": "--stability",
    "stylize.scale": "--style-scale",
    "encode.preset": "--preset",
    "device": "--device",
}


class Look(BaseModel):
    """The page's controls."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    style: str = Field(default="ink", pattern=r"^[a-z0-9][a-z0-9_-]*$", description="a name in the gallery")
    strength: float = Field(default=1.0, ge=0, le=1, description="0 the source, 1 the style")
    stability: float | None = Field(default=None, ge=0, le=1, description="none: the style's own")
    brush: float = Field(default=1.0, ge=0.25, le=4, description="size of the brushes: 1 / stylize.scale")
    preserve_color: bool = Field(default=False, description="the source's colours")
    delivery: Delivery = Field(default="web", description="an encoder preset; pictures are PNG whatever it is")
    first: int = Field(default=0, ge=0, description="number of the first frame")
    stop: int | None = Field(default=None, ge=1, description="number of the first frame after them; none: to the end")

    @model_validator(mode="after")
    def _holds_frames(self) -> "Look":
        if self.stop is not None and self.stop <= self.first:
            raise ValueError("the trim holds no frame; move its ends apart")
        return self

    @property
    def span(self) -> Span:
        """The frames that are rendered."""
        return Span(self.first, self.stop)

    def changes(self, style: str, upload: Upload | None = None) -> dict[str, Any]:
        """What differs from the defaults, by dotted name; `style` is how to name the style."""
        told: dict[str, Any] = {"style": style}
        if self.strength != 1:
            told["blend.strength"] = self.strength
        if self.stability is not None:
            told["blend.stability"] = self.stability
        if self.brush != 1:
            told["stylize.scale"] = self.scale
        if self.preserve_color:
            told["blend.preserve_color"] = 1.0
        if upload is None or upload.is_clip:
            told["encode.preset"] = self.delivery
            if upload is not None and upload.is_odd and self.plays:  # the preset web is 4:2:0 by its profile
                told |= {"encode.preset": "review", "encode.pixel_format": "yuv444p"}
        return told

    @property
    def plays(self) -> bool:
        """Whether browsers play what is delivered."""
        return self.delivery in ("web", "review")

    @property
    def scale(self) -> float:
        """How many times as large the network sees the frame."""
        return round(1 / self.brush, 3)

    def config(self, session: Session, device: str, upload: Upload | None = None) -> RenderConfig:
        """The library's settings; without an upload those of a list.

        Raises HTTPException for a style that this browser does not have.
        """
        changes = self.changes(str(style_folder(session, self.style)), upload)
        return compose(RenderConfig, {}, flags=changes | {"device": device})

    def target(self, upload: Upload) -> str:
        """The result's name."""
        suffix = PRESETS.get(self.delivery).suffix if upload.is_clip else ".png"
        return f"{upload.path.stem}_{self.style}{suffix}"

    def command(self, session: Session, upload: Upload) -> str:
        """The command that renders the same, where the files lie; a style that was trained here lies beside them."""
        lines = [["vidstyle", "stylize", upload.path.name], ["-o", self.target(upload)]]
        for key, value in self.changes(session.named(self.style), upload).items():
            if key == "style" and (image := image_of(value)):
                lines.append(["--style-image", str(image)])
            elif key == "blend.preserve_color":
                lines.append(["--preserve-color"])
            else:
                lines.append([_OPTIONS[key], f"{value}"] if key in _OPTIONS else ["--set", f"{key}={value}"])
        if not self.span.whole:
            lines.append(["--frames", str(self.span)])
        return " \\\n  ".join(shlex.join(words) for words in lines)

    def toml(self, session: Session, upload: Upload) -> str:
        """The same settings for `--config`; a trim is no setting."""
        changes = self.changes(session.named(self.style), upload)
        lines = [f"{key} = {json.dumps(value)}" for key, value in changes.items() if "." not in key]
        tables = dict.fromkeys(key.partition(".")[0] for key in changes if "." in key)
        for table in tables:
            lines.append(f"\n[{table}]")
            own = ((key.partition(".")[2], value) for key, value in changes.items() if key.startswith(f"{table}."))
            lines += [f"{key} = {json.dumps(value)}" for key, value in own]
        return "\n".join(lines) + "\n"


def style_folder(session: Session, name: str) -> Path:
    """The folder of a style of the gallery. Raises HTTPException where there is none of that name."""
    found = session.styles().get(name)
    if found is None:
        raise HTTPException(422, f"there is no style called {name!r}; choose one of the gallery")
    return found
