"""Which sound lies where in the edit: that of its audio tracks, else that of the shots themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from vidstyle.errors import VidstyleError
from vidstyle.jobs.finding import as_path
from vidstyle.jobs.job import Outcome
from vidstyle.jobs.planning import Plan
from vidstyle.media.sound import SAMPLE_RATE
from vidstyle.shots import Sound


@dataclass(frozen=True, slots=True)
class Placed:
    """A stretch of a file's sound: `begin` and `end` in samples of the reel, `start` in seconds of the file."""

    path: Path
    begin: int
    end: int
    start: Fraction


def placed_sounds(plan: Plan, outcomes: Sequence[Outcome], rate: Fraction, warnings: list[str]) -> list[Placed]:
    """Place the edit's sound; what can't be found is told in `warnings`."""
    if plan.edit.sounds:
        found = [_placed(sound, plan, outcomes, rate) for sound in plan.edit.sounds]
        lost = sum(1 for each in found if each is None)
        if lost:
            warnings.append(f"{lost} pieces of sound were not found; the reel is silent there")
        return [each for each in found if each is not None]
    return [_own(outcome, rate) for outcome in outcomes if outcome.job.event.speed == 1]


def _own(outcome: Outcome, rate: Fraction) -> Placed:
    event, placement = outcome.job.event, outcome.job.placement
    length = event.length or placement.shown
    start = (placement.span.start + placement.lead) / outcome.job.rate
    begin = round(Fraction(event.record) / rate * SAMPLE_RATE)
    return Placed(outcome.job.source, begin, begin + round(length / rate * SAMPLE_RATE), start)


def _placed(sound: Sound, plan: Plan, outcomes: Sequence[Outcome], rate: Fraction) -> Placed | None:
    """A sound's file is where the list says, or it is a source of a shot."""
    path = as_path(sound.hint.url)
    path = path if path is None or path.is_absolute() else plan.edit.path.parent / path
    same = [outcome.job for outcome in outcomes if outcome.job.event.hint.url == sound.hint.url and sound.hint.url]
    try:
        if path is None or not path.is_file():
            if not same:
                return None
            path = same[0].source
    except (OSError, VidstyleError):
        return None
    origin = sound.hint.start or 0
    if same and sound.hint.start is None:
        event = same[0].event
        origin = same[0].placement.first - same[0].placement.span.start if event.base == "timecode" else 0
    begin = round(Fraction(sound.record) / rate * SAMPLE_RATE)
    length = round(Fraction(sound.frames) / sound.rate * SAMPLE_RATE)
    return Placed(path, begin, begin + length, max(Fraction(0), Fraction(sound.first - origin) / sound.rate))
