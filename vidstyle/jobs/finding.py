"""Finds the sources that a list means, by path, name, reel and timecode."""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote, urlsplit

from vidstyle.errors import VidstyleError
from vidstyle.jobs.placing import Misfit, place_in
from vidstyle.media import ClipInfo, probe_source
from vidstyle.media.numbering import PICTURES, Numbering
from vidstyle.shots import Event
from vidstyle.shots.timeline import without_suffix

CLIPS = (
    ".mp4",
    ".mov",
    ".mkv",
    ".webm",
    ".mxf",
    ".avi",
    ".m4v",
    ".mts",
    ".m2ts",
    ".ts",
    ".mpg",
    ".mpeg",
    ".wmv",
    ".y4m",
)
_NUMBERED = re.compile(r"^(?P<before>.*?)(?P<digits>\d+)(?P<after>\.\w+)$")
_REEL = 8  # characters that a classic EDL keeps
_SHOWN = 4  # candidates that a message names


class NotFoundError(Exception):
    """No source, or more than one, fits an event; the message says which."""


class Sources:
    """The clips and image sequences below some folders.

    `skip` is a folder that is not looked into: where results go. What is found is opened at most once.
    """

    def __init__(self, roots: Sequence[Path], skip: Path | None = None) -> None:
        self.roots = tuple(roots)
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        self._infos: dict[Path, ClipInfo] = {}
        for path in _media(self.roots, skip):
            self._by_name[path.name.lower()].append(path)

    def info(self, path: Path) -> ClipInfo:
        """What a clip holds. Raises what `probe_source` raises."""
        if path not in self._infos:
            self._infos[path] = probe_source(path)
        return self._infos[path]

    def find(self, event: Event, beside: Path) -> Path:
        """Find the source of an event; paths are relative to the folder `beside`, the list's own.

        Raises NotFoundError.
        """
        there = _as_written(event, beside)
        if there is not None:
            return there
        doubt: tuple[str, list[Path], bool] | None = None
        for how, candidates, sure in self._candidates(event):
            among = [path for path in candidates if doubt is None or path in doubt[1]]
            fitting = among
            if len(among) > 1 or (among and not sure):
                fitting = [path for path in among if self._fits(event, path)]
            if len(fitting) == 1:
                return fitting[0]
            if doubt is None and len(among) > 1 and (sure or fitting):
                doubt = how, fitting or among, bool(fitting)
        if doubt is not None:
            raise NotFoundError(_ambiguous(*doubt))
        looked = ", ".join(map(str, self.roots)) or "no folder"
        raise NotFoundError(
            f"no source found for {event.hint} (looked in {looked}); name its folder with --source-root"
        )

    def _candidates(self, event: Event) -> Iterator[tuple[str, list[Path], bool]]:
        """Ways to find an event's source, the surest first: by what, what was found, whether it is sure."""
        hint = event.hint
        for how, name in (("path", file_name(hint.url)), ("source file", file_name(hint.file))):
            if name:
                yield f"{how} {name}", self._named(name), True
        if hint.reel:
            reel = hint.reel.rstrip(".").lower()
            whole = self._stems(lambda stem: stem == reel)
            yield f"reel {hint.reel}", whole, False
            if not whole:
                yield f"reel {hint.reel}", self._stems(lambda stem: stem.startswith(reel[:_REEL])), False
        for name in dict.fromkeys(each for each in (hint.clip, event.shot) if each):
            short = _stem(name).lower()
            yield f"clip name {name}", self._stems(lambda stem, short=short: stem == short), True

    def _named(self, name: str) -> list[Path]:
        exact = self._by_name.get(name.lower(), [])
        pattern = _pattern(name)
        stems = {name.lower(), without_suffix(name).lower()}  # a transcode has the camera file's name
        return exact or (self._by_name.get(pattern.lower(), []) if pattern else []) or self._stems(stems.__contains__)

    def _stems(self, wanted: Callable[..., bool]) -> list[Path]:
        return [path for paths in self._by_name.values() for path in paths if wanted(_stem(path.name).lower())]

    def _fits(self, event: Event, path: Path) -> bool:
        try:
            place_in(event, self.info(path), 0)
        except (Misfit, VidstyleError):
            return False
        return True


def file_name(url: str) -> str:
    """The last part of a path or URL of any system."""
    text = unquote(urlsplit(url).path) if "://" in url else url
    return PureWindowsPath(text).name


def as_path(url: str) -> Path | None:
    """The path that a file URL or path means here; None for other URLs and for none."""
    if not url or ("://" in url and not url.lower().startswith("file://")):
        return None
    return Path(unquote(urlsplit(url).path)) if "://" in url else Path(url)


def _as_written(event: Event, beside: Path) -> Path | None:
    path = as_path(event.hint.url)
    if path is None:
        return None
    path = path if path.is_absolute() else beside / path
    try:
        if path.is_file() and not (_pattern(path.name) and event.frames != 1 and path.suffix.lower() in PICTURES):
            return path
        pattern = path.with_name(_pattern(path.name) or path.name)
        numbering = Numbering.of(pattern) if pattern.suffix.lower() in PICTURES else None
        return pattern if numbering is not None and numbering.present() else None
    except OSError:  # a name that this system can't have
        return None


def _media(roots: Iterable[Path], skip: Path | None) -> Iterator[Path]:
    seen: set[Path] = set()
    for root in roots:
        for folder, folders, files in os.walk(root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            here = Path(folder).resolve()
            if here in seen or (skip is not None and here == skip.resolve()):
                folders.clear()
                continue
            seen.add(here)
            yield from _clips_in(Path(folder), [name for name in files if not name.startswith(".")])


def _clips_in(folder: Path, names: Iterable[str]) -> Iterator[Path]:
    pictures: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        suffix = Path(name).suffix.lower()
        if suffix in CLIPS:
            yield folder / name
        elif suffix in PICTURES:
            pictures[_pattern(name) or name].append(name)
    for pattern, files in pictures.items():
        yield folder / (pattern if len(files) > 1 else files[0])


def _pattern(name: str) -> str:
    """The name of the sequence that a picture belongs to: shot.0001.exr → shot.####.exr; empty without a number."""
    match = _NUMBERED.match(name)
    if match is None or match["after"].lower() not in PICTURES:
        return name if "#" in name else ""
    return f"{match['before']}{'#' * len(match['digits'])}{match['after']}"


def _stem(name: str) -> str:
    """A file's or clip's name without its suffix and its frame number."""
    suffix = Path(name).suffix.lower()
    stem = name[: -len(suffix)] if suffix in CLIPS or suffix in PICTURES else name
    return stem.rstrip("#").rstrip("._") if "#" in stem else stem


def _ambiguous(how: str, paths: Sequence[Path], fits: bool) -> str:
    shown = ", ".join(map(str, paths[:_SHOWN])) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")
    which = "which all hold the event's frames" if fits else "none of which holds the event's frames"
    return f"{how} means {len(paths)} files, {which}: {shown}; narrow --source-root, or name the file in the list"
