"""Frame ranges as farms write them: `1001-1100`, `1-100x10`, `71,72`."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vidstyle.errors import ConfigError
from vidstyle.frames import Span

_PART = re.compile(r"(?P<first>-?\d+)(?:-(?P<last>-?\d+)(?:(?P<mark>[x:])(?P<step>-?\d+))?)?", re.ASCII)
_FORM = "write numbers and ranges with commas between, both ends included: 1001-1100, 1-100x10, 71,72"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a range means of the frames that there are.

    Convention: `numbers` rise, each once; `outside` is how many others were named that there are not.
    """

    numbers: tuple[int, ...]
    outside: int = 0

    @property
    def runs(self) -> list[tuple[int, int]]:
        """First and last number of each run of consecutive ones."""
        return runs_of(self.numbers)


def choose_frames(text: str, first: int, count: int, *, colon_is_step: bool = False) -> Chosen:
    """Read a range, and clamp it to the frames `first` … `first + count - 1`.

    Convention: both ends of a range are included, `x` takes every so many; one that runs backwards means the same
    frames. A `:` is a step to Open Job Description and an order to others: it is only read where the former is meant.

    Raises ConfigError for what is no range, and where none of its frames is there.
    """
    there, numbers, outside = range(first, first + count), set[int](), 0
    for part in _parts(text, colon_is_step=colon_is_step):
        inside = _common(part, there)
        numbers.update(inside)
        outside += len(part) - len(inside)
    if not numbers:
        raise ConfigError(f"--frame-range {text} is outside the frames {first}-{first + count - 1}", key="frame-range")
    return Chosen(tuple(sorted(numbers)), outside)


def runs_of(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Join numbers that rise to runs of consecutive ones: first and last of each."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return runs


def parse_chunk(text: str) -> tuple[int, int]:
    """Read `i/n`, the i-th of n chunks, from 1. Raises ConfigError."""
    match = re.fullmatch(r"(\d+)/(\d+)", text.strip(), re.ASCII)
    place, count = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= place <= count:
        raise ConfigError(f"--chunk {text!r} is no part; write i/n with 1 <= i <= n: 2/8", key="chunk")
    return place, count


def borders(span: Span, count: int, cuts: Sequence[int] = (), reach: int = 0) -> list[int]:
    """Divide a span into `count` chunks; each border inside goes to the nearest of `cuts` within `reach` frames.

    Convention: `count` + 1 frame numbers, of which each chunk goes from one to before the next. Raises ConfigError
    where there are fewer frames than chunks.
    """
    assert span.stop is not None
    length = span.stop - span.start
    if length < count:
        raise ConfigError(f"--chunk: {length} frames can't be {count} chunks; ask for fewer", key="chunk")
    even = [span.start + length * place // count for place in range(count + 1)]
    reach = min(reach, (length // count - 1) // 2)  # so that no two borders meet
    return [even[0], *(_nearest(border, cuts, reach) for border in even[1:-1]), even[-1]]


def _nearest(border: int, cuts: Sequence[int], reach: int) -> int:
    near = [cut for cut in cuts if abs(cut - border) <= reach]
    return min(near, key=lambda cut: (abs(cut - border), cut), default=border)


def _parts(text: str, *, colon_is_step: bool) -> Iterable[range]:
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        if match is None:
            raise ConfigError(f"--frame-range {text!r} is no range of frames; {_FORM}", key="frame-range")
        if match["mark"] == ":" and not colon_is_step:
            told = "programs differ in what : means; write x for a step"
            raise ConfigError(f"--frame-range {text!r}: {told}", key="frame-range")
        first, last = int(match["first"]), int(match["last"] or match["first"])
        step = abs(int(match["step"] or 1))
        if step == 0:
            raise ConfigError(f"--frame-range {text!r} has a step of 0; {_FORM}", key="frame-range")
        yield range(first, last + 1, step) if first <= last else range(first, last - 1, -step)


def _common(part: range, there: range) -> range:
    """The numbers of `part` that are `there`, without counting through a range of any length."""
    rising = part if part.step > 0 else part[::-1]
    begin = max(0, -(-(there.start - rising.start) // rising.step)) if rising else 0
    end = max(begin, (there.stop - 1 - rising.start) // rising.step + 1) if rising else 0
    return rising[begin:end]
