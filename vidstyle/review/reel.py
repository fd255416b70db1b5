"""The whole edit as one clip to look through: cuts, handles left out, names and timecode on the picture, its sound."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from pathlib import Path

import numpy as np

from vidstyle.errors import VidstyleError
from vidstyle.frames import Bitmap, Span
from vidstyle.jobs.job import Outcome
from vidstyle.jobs.planning import Plan
from vidstyle.media import DecodeConfig
from vidstyle.media.reel import ReelWriter
from vidstyle.media.sound import SAMPLE_RATE, Samples, read_sound, silence
from vidstyle.review.pictures import frames_of, slate, width_of, write_on
from vidstyle.review.sounds import Placed, placed_sounds
from vidstyle.timecode import Timecode, counted_rate

_HEIGHT = 540
_BAND = 28  # pixels under the picture, for text
_FIRST_NUMBER = 1001


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of the timeline's frames that show one shot; None: nothing. Half-open, from the timeline's first frame."""

    outcome: Outcome | None
    begin: int
    end: int


def pieces(outcomes: Sequence[Outcome]) -> list[Piece]:
    """The edit as runs of frames: where tracks lie over each other, the upper one is seen; transitions are cuts."""
    shown: dict[int, Outcome] = {}
    placed = [each for each in outcomes if each.job.event.length]
    for outcome in sorted(placed, key=lambda each: _height(each.job.event.track)):
        event = outcome.job.event
        shown.update(dict.fromkeys(range(event.record, event.record + event.length), outcome))
    if not shown:
        return _one_after_another(outcomes)
    runs = []
    for seen, frames in groupby(range(max(shown) + 1), key=shown.get):
        numbers = list(frames)
        runs.append(Piece(seen, numbers[0], numbers[-1] + 1))
    return runs


def _one_after_another(outcomes: Sequence[Outcome]) -> list[Piece]:
    runs, place = [], 0
    for outcome in outcomes:
        runs.append(Piece(outcome, place, place + outcome.job.placement.shown))
        place = runs[-1].end
    return runs


def _height(track: str) -> int:
    digits = "".join(letter for letter in track if letter.isdigit())
    return int(digits or 0)


def write_reel(plan: Plan, outcomes: Sequence[Outcome], path: Path, *, side_by_side: bool = False) -> list[str]:
    """Write the reel; gives warnings. Raises TargetError, ClipWriteError, ClipReadError."""
    rate = _rate(plan, outcomes)
    width = _width(outcomes)
    warnings: list[str] = []
    sounds = placed_sounds(plan, outcomes, rate, warnings)
    with ReelWriter(path, width * (2 if side_by_side else 1), _HEIGHT + _BAND, rate) as reel:
        for piece in pieces(outcomes):
            for offset, picture in enumerate(_shown(piece, (width, _HEIGHT), side_by_side=side_by_side)):
                reel.put(_labelled(picture, piece, offset, plan, rate))
            reel.put_sound(_heard(sounds, piece, rate))
    return warnings


def _rate(plan: Plan, outcomes: Sequence[Outcome]) -> Fraction:
    if plan.edit.rate is not None:
        return plan.edit.rate
    known = [outcome.job.event.rate or outcome.job.rate for outcome in outcomes]
    return Counter(known).most_common(1)[0][0] if known else Fraction(24)


def _width(outcomes: Sequence[Outcome]) -> int:
    """Even, by the commonest shape."""
    shapes = Counter(outcome.job.size for outcome in outcomes)
    width, height = shapes.most_common(1)[0][0]
    return max(320, min(1280, round(_HEIGHT * width / height / 2) * 2))


def _shown(piece: Piece, size: tuple[int, int], *, side_by_side: bool) -> Iterator[Bitmap]:
    """A picture for every frame of a piece; where one can't be had, a slate or the last one."""
    count = piece.end - piece.begin
    if piece.outcome is None:
        black = np.zeros((size[1], size[0] * (2 if side_by_side else 1), 3), np.uint8)
        yield from [black] * count
        return
    job = piece.outcome.job
    sides = [_result(piece, size)]
    if side_by_side:
        sides.insert(0, _played(piece, job.source, job.placement.span.start, size, job.config.decode))
    for pictures in zip(*sides, strict=True):
        yield np.concatenate(pictures, axis=1)


def _result(piece: Piece, size: tuple[int, int]) -> Iterator[Bitmap]:
    assert piece.outcome is not None
    job = piece.outcome.job
    if piece.outcome.status != "failed":
        return _played(piece, job.target, 0, size, None)
    message = piece.outcome.message.splitlines()[0][:70]
    return iter([slate(size, job.name, "not rendered", message)] * (piece.end - piece.begin))


def _played(
    piece: Piece, path: Path, first: int, size: tuple[int, int], decode: DecodeConfig | None
) -> Iterator[Bitmap]:
    """The frames of a clip as the piece plays them: at its speed, backwards, or one held."""
    assert piece.outcome is not None
    wanted = [first + number for number in source_frames(piece)]
    low, high = min(wanted), max(wanted)
    pictures = frames_of(path, Span(low, high + 1), size, decode)
    held: dict[int, Bitmap] = {}
    last = slate(size, piece.outcome.job.name, "no picture")
    number = low - 1
    backwards = wanted[0] > wanted[-1]
    for frame in wanted:
        while number < (high if backwards else frame):
            try:
                last = next(pictures)
            except (StopIteration, VidstyleError):
                number = high
                break
            number += 1
            if backwards:
                held[number] = last
        yield held.get(frame, last) if backwards else last


def source_frames(piece: Piece) -> list[int]:
    """Numbers of the shot's rendered frames, from 0, that the piece shows one after another."""
    assert piece.outcome is not None
    job = piece.outcome.job
    event, placement = job.event, job.placement
    offset = piece.begin - event.record if event.length else 0
    numbers = [placement.lead + int(abs(event.speed) * (offset + n)) for n in range(piece.end - piece.begin)]
    if event.speed < 0:
        numbers = [2 * placement.lead + placement.shown - 1 - number for number in numbers]
    return [min(max(number, 0), placement.frames - 1) for number in numbers]


def _labelled(picture: Bitmap, piece: Piece, offset: int, plan: Plan, rate: Fraction) -> Bitmap:
    band = np.zeros((_BAND, picture.shape[1], 3), np.uint8)
    now = Timecode(
        plan.edit.start + piece.begin + offset, counted_rate(rate), plan.edit.drop and counted_rate(rate) % 30 == 0
    )
    right = str(now)
    write_on(band, right, picture.shape[1] - width_of(right) - 10, 19)
    if piece.outcome is not None:
        job = piece.outcome.job
        number = source_frames(Piece(piece.outcome, piece.begin + offset, piece.begin + offset + 1))[0]
        left = f"{job.name}  {job.style_name} v{job.version:03}  {_FIRST_NUMBER + number}"
        write_on(band, left[: max(8, picture.shape[1] // 10 - 14)], 10, 19)
    return np.concatenate([picture, band])


def _heard(sounds: Sequence[Placed], piece: Piece, rate: Fraction) -> Samples:
    """The sound of a piece: everything that lies there, together."""
    begin, end = (round(Fraction(frame) / rate * SAMPLE_RATE) for frame in (piece.begin, piece.end))
    mixed = silence(end - begin)
    for sound in sounds:
        first = max(begin, sound.begin)
        last = min(end, sound.end)
        if last > first:
            start = sound.start + Fraction(first - sound.begin, SAMPLE_RATE)
            mixed[:, first - begin : last - begin] += read_sound(sound.path, start, last - first)
    return mixed
