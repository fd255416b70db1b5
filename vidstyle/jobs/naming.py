"""What a shot's files are called: a template's places filled in, within one folder, never over another version."""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from string import Formatter

from vidstyle.errors import ConfigError

TEMPLATE = "{sequence}/{shot}/{shot}_{style}_v{version:03}.mov"
FIELDS = ("sequence", "scene", "shot", "style", "version", "event", "track", "reel", "source")
_UNWANTED = re.compile(r"[^\w.()+=,@-]+")
_LONGEST = 120  # characters of one part; file systems take 255 bytes
_LATEST = 9999


def check_template(template: str) -> None:
    """Raise ConfigError where a template has unknown places, leads outside, or gives every shot the same name."""
    try:
        parts = list(Formatter().parse(template))
        used = [field for _, field, _, _ in parts if field is not None]
        for field in used:
            if field not in FIELDS:
                raise ConfigError(
                    f"the template {template!r} has a place {{{field}}}; there are {', '.join(FIELDS)}", key="name"
                )
        filled = template.format(**{field: 1 if field == "version" else "x" for field in FIELDS})
    except (ValueError, IndexError) as error:
        raise ConfigError(f"the template {template!r} can't be filled in: {error}", key="name") from error
    path = PurePosixPath(filled)
    if path.is_absolute() or ".." in path.parts or not path.suffix:
        raise ConfigError(
            f"the template {template!r} must name a file with a suffix, below the folder of -o, such as {TEMPLATE}",
            key="name",
        )


def fill(template: str, values: Mapping[str, str], version: int) -> Path:
    """Fill in a template; gives a relative path of words that any file system takes."""
    words = {field: safe(values.get(field, "")) for field in FIELDS if field != "version"}
    return Path(*PurePosixPath(template.format(**words, version=version)).parts)


def safe(text: str) -> str:
    """A word for a file name: letters and digits of any script, no spaces, no slashes, no leading dot or dash."""
    return _UNWANTED.sub("_", text).strip("_").lstrip(".-")[:_LONGEST] or "unnamed"


def has_version(template: str) -> bool:
    """Whether the template has a place for the version."""
    return any(field == "version" for _, field, _, _ in Formatter().parse(template))
