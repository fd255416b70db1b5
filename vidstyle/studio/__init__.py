"""The page in the browser: a skin over the library, for people who never open a terminal."""

from vidstyle.studio.config import StudioConfig
from vidstyle.studio.serving import serve

__all__ = ["StudioConfig", "serve"]
