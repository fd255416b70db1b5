"""OpenTimelineIO's door: the extra `edit`, its adapters, and their errors in our tree."""

import importlib
from fractions import Fraction
from pathlib import Path
from typing import Any

from vidstyle.errors import PluginError, ShotListError

ADAPTERS = {
    ".edl": "otio_cmx3600_adapter",
    ".xml": "otio_fcp_adapter",
    ".fcpxml": "otio_fcpx_xml_adapter",
    ".ale": "otio_ale_adapter",
    ".aaf": "otio_aaf_adapter",
}
_NTSC = Fraction(1000, 1001)
_NEAR = 1e-3
Range = tuple[int, int, Fraction]  # first, frames, rate


def library() -> Any:
    """The module opentimelineio. Raises PluginError, with the extra to install, where it is absent."""
    return _import("opentimelineio", "shot lists of editing programs need OpenTimelineIO")


def read(path: Path, text: str | None = None, **options: Any) -> Any:
    """Read a list, or its `text` in the format of `path`'s suffix.

    Raises:
        PluginError: OpenTimelineIO or the format's adapter is not installed.
        ShotListError: the list can't be read.
    """
    otio = library()
    suffix = path.suffix.lower()
    if suffix in ADAPTERS:
        _import(ADAPTERS[suffix], f"{suffix} lists need OpenTimelineIO's adapter")
    try:
        if text is None:
            return otio.adapters.read_from_file(str(path), **options)
        name = otio.adapters.from_filepath(str(path)).name
        return otio.adapters.read_from_string(text, name, **options)
    except Exception as error:  # adapters let any error of theirs through: ValueError, KeyError, AttributeError, …
        told = " ".join(str(error).split()) or type(error).__name__
        if "unsupported schema version" in told:
            told += f"; a newer OpenTimelineIO than {otio.__version__} wrote it: update it, or export for an older one"
        raise ShotListError(f"{path} can't be read as {suffix or 'a list'}: {told}", path=path) from error


def write(item: Any, path: Path) -> None:
    """Write a timeline in the format of `path`'s suffix. Raises ShotListError where the adapter can't."""
    try:
        library().adapters.write_to_file(item, str(path))
    except Exception as error:
        raise ShotListError(f"{path.name} can't be written: {error}", path=path) from error


def rate_of(rate: float) -> Fraction:
    """The exact rate that OpenTimelineIO's float means: 23.976 and its like are n · 1000/1001."""
    whole = round(rate)
    if abs(rate - whole) < _NEAR:
        return Fraction(whole)
    ntsc = round(rate / _NTSC) * _NTSC
    return ntsc if abs(rate - ntsc) < _NEAR else Fraction(rate).limit_denominator(1001)


def range_of(time_range: Any, rate: Fraction | None = None) -> Range:
    """First frame, number of frames and rate of a range, counted at `rate` where that counts otherwise.

    Convention: rates that count alike (24 and 23.976) number frames alike; a part of a frame widens the range.
    """
    own = rate_of(time_range.start_time.rate)
    first, length = Fraction(time_range.start_time.value), Fraction(time_range.duration.value)
    length *= own / rate_of(time_range.duration.rate) if not _alike(own, rate_of(time_range.duration.rate)) else 1
    if rate is not None and not _alike(own, rate):
        first, length, own = first * rate / own, length * rate / own, rate
    begin = _down(first)
    return begin, max(0, _up(first + length) - begin), own


def _alike(one: Fraction, other: Fraction) -> bool:
    return round(one) == round(other)


def _down(value: Fraction) -> int:
    return int(value // 1) if abs(value - round(value)) > _NEAR else round(value)


def _up(value: Fraction) -> int:
    return -int(-value // 1) if abs(value - round(value)) > _NEAR else round(value)


def _import(module: str, what: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        message = f"{what}; install it with: pip install 'vidstyle[edit]'"
        raise PluginError(message, group="extras", name="edit") from error
