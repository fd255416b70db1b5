"""Stylizes film and video so that it holds still.

vidstyle.stylize_clip("shot.mp4", "ink.mp4", style="ink")
"""

import importlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vidstyle.config import RenderConfig as RenderConfig
    from vidstyle.config import load_config as load_config
    from vidstyle.errors import VidstyleError as VidstyleError
    from vidstyle.frames import Span as Span
    from vidstyle.networks import load_style as load_style
    from vidstyle.pipeline import render_shot as render_shot
    from vidstyle.pipeline import stylize_clip as stylize_clip
    from vidstyle.progress import Progress as Progress
    from vidstyle.report import RenderReport as RenderReport
    from vidstyle.shots import Shot as Shot

# Loaded when first asked for: `vidstyle --help` must not wait for torch.
_HOMES = {
    "Progress": "progress",
    "RenderConfig": "config",
    "RenderReport": "report",
    "Shot": "shots",
    "Span": "frames",
    "VidstyleError": "errors",
    "load_config": "config",
    "load_style": "networks",
    "render_shot": "pipeline",
    "stylize_clip": "pipeline",
}

__version__ = version("vidstyle")
__all__ = [*sorted(_HOMES)]  # noqa: PLE0604  names from the table above


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'vidstyle' has no attribute {name!r}")
    return getattr(importlib.import_module(f"vidstyle.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
