"""Contact sheets: of every shot the first, the middle and the last frame, before and after."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidstyle.errors import VidstyleError
from vidstyle.frames import Bitmap
from vidstyle.jobs.job import Outcome
from vidstyle.report import write_whole
from vidstyle.review.pictures import frames_at, png, slate, write_on

_STILL = (288, 162)  # pixels
_ROWS = 6  # shots on a sheet
_MARGIN, _HEAD = 14, 30
_PAPER, _TEXT = 250, (40, 40, 46)
Pair = tuple[Bitmap, Bitmap]


@dataclass(frozen=True, slots=True)
class Stills:
    """A shot's first, middle and last frame, each before and after."""

    outcome: Outcome
    pairs: tuple[Pair, Pair, Pair]


def stills_of(outcome: Outcome, size: tuple[int, int] = _STILL) -> Stills:
    """Take the stills of what the edit shows; a slate where a picture can't be had."""
    job = outcome.job
    placement = job.placement
    inside = [placement.lead, placement.lead + placement.shown // 2, placement.lead + placement.shown - 1]
    before = _frames(job.source, [placement.span.start + n for n in inside], size, outcome, decode=True)
    after: list[Bitmap] = [slate(size, "not rendered")] * 3
    if outcome.status != "failed":
        after = _frames(job.target, inside, size, outcome, decode=False)
    first, middle, last = zip(before, after, strict=True)
    return Stills(outcome, (first, middle, last))


def _frames(
    path: Path, numbers: Sequence[int], size: tuple[int, int], outcome: Outcome, *, decode: bool
) -> list[Bitmap]:
    try:
        found = frames_at(path, numbers, size, outcome.job.config.decode if decode else None)
    except VidstyleError:
        found = {}
    return [found.get(number, slate(size, "no picture")) for number in numbers]


def write_sheets(stills: Sequence[Stills], folder: Path) -> list[Path]:
    """Write the sheets as PNG, some shots on each. Raises TargetError, ClipWriteError."""
    written = []
    for number, first in enumerate(range(0, len(stills), _ROWS), start=1):
        path = folder / f"sheet_{number:02}.png"
        write_whole(path, png(_sheet(stills[first : first + _ROWS])))
        written.append(path)
    return written


def _sheet(stills: Sequence[Stills]) -> Bitmap:
    width, height = _STILL
    across = _MARGIN + 6 * width + 5 * 3 + 2 * (_MARGIN - 3) + _MARGIN
    sheet = np.full((_MARGIN + len(stills) * (_HEAD + height + _MARGIN), across, 3), _PAPER, np.uint8)
    for row, each in enumerate(stills):
        top = _MARGIN + row * (_HEAD + height + _MARGIN)
        job = each.outcome.job
        title = f"{job.name}   {job.style_name} v{job.version:03}   {job.placement.shown} frames   {job.source.name}"
        write_on(sheet, title, _MARGIN, top + 20, colour=_TEXT)
        for left, picture in _laid(each.pairs):
            sheet[top + _HEAD : top + _HEAD + height, left : left + width] = picture
    return sheet


def _laid(pairs: Sequence[Pair]) -> Iterator[tuple[int, Bitmap]]:
    """Before and after close together, moments apart."""
    left = _MARGIN
    for before, after in pairs:
        yield left, before
        yield left + _STILL[0] + 3, after
        left += 2 * _STILL[0] + 3 + _MARGIN
