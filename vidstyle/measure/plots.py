"""Plots as inline SVG, drawn by hand: no library, no request, readable in light and dark."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from statistics import fmean

_WIDTH, _HEIGHT = 960, 220  # of the drawing, in its own units
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 12, 26  # margins
_MOST = 480  # points that are drawn; a longer clip's are joined
_TICKS_X, _TICKS_Y = 12, 5

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Line:
    """One curve. `kind` is its class in the style sheet: colour and dashes."""

    name: str
    kind: str
    values: Values


@dataclass(frozen=True, slots=True)
class Plot:
    """Curves over the frames of a clip.

    Attributes:
        numbers: the frames' numbers, one for each value.
        unit: what the values are; said beside the axis and in the titles.
        cuts: frame numbers that begin a shot.
        low, high: what the axis shows at least.
        peaks: where many frames share a point, it is their highest value instead of their mean.
        guide: a level that is marked across the plot.
    """

    lines: Sequence[Line]
    numbers: Sequence[int]
    unit: str
    cuts: Sequence[int] = ()
    low: float | None = None
    high: float | None = None
    peaks: bool = False
    guide: float | None = None

    def svg(self) -> str:
        """Draw it."""
        groups = _groups(len(self.numbers))
        join: Callable[[list[float]], float] = max if self.peaks else fmean
        lines = [Line(line.name, line.kind, _joined(line.values, groups, join)) for line in self.lines]
        axis = _Axis.of(lines, self.low, self.high)
        middles = [_LEFT + (number + 0.5) / len(groups) * _inner_width() for number in range(len(groups))]
        parts = [
            f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(self.unit)}">',
            *axis.drawn(self.guide),
            *self._frames_drawn(groups, middles),
            *(_path(line, middles, axis) for line in lines),
            *(self._column(index, group, lines) for index, group in enumerate(groups)),
            "</svg>",
        ]
        return "\n".join(parts)

    def _frames_drawn(self, groups: list[range], middles: list[float]) -> list[str]:
        step = max(1, round(len(groups) / _TICKS_X))
        parts = [
            f'<text class="tick" x="{middles[index]:.1f}" y="{_HEIGHT - 8}" text-anchor="middle">'
            f"{self.numbers[groups[index][0]]}</text>"
            for index in range(0, len(groups), step)
        ]
        for cut in self.cuts:
            left = _LEFT + (cut - self.numbers[0]) / len(self.numbers) * _inner_width()
            parts.append(
                f'<g class="cut"><title>cut at frame {cut}</title>'
                f'<line x1="{left:.1f}" x2="{left:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>'
                f'<text x="{left + 3:.1f}" y="{_TOP + 9}">cut</text></g>'
            )
        return parts

    def _column(self, index: int, group: range, lines: Sequence[Line]) -> str:
        """Lay an invisible column over a point, whose title shows the figures to a hovering pointer."""
        first, last = self.numbers[group[0]], self.numbers[group[-1]]
        name = f"frame {first}" if first == last else f"frames {first} to {last}, {'highest' if self.peaks else 'mean'}"
        figures = [
            f"{line.name} {'–' if (value := line.values[index]) is None else format(value, '.4g')}" for line in lines
        ]
        wide = _inner_width() / len(_groups(len(self.numbers)))
        title = escape("\n".join([name, *figures, self.unit]))
        return (
            f'<rect class="hover" x="{_LEFT + index * wide:.2f}" y="{_TOP}" width="{wide:.2f}" '
            f'height="{_HEIGHT - _TOP - _BOTTOM}"><title>{title}</title></rect>'
        )


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float
    step: float

    @classmethod
    def of(cls, lines: Sequence[Line], low: float | None, high: float | None) -> "_Axis":
        values = [value for line in lines for value in line.values if value is not None]
        values += [bound for bound in (low, high) if bound is not None]
        bottom, top = (min(values), max(values)) if values else (0.0, 1.0)
        if top - bottom < 1e-9:  # noqa: PLR2004  # a flat line lies in the middle
            bottom, top = bottom - 0.5, top + 0.5
        step = _round_step((top - bottom) / _TICKS_Y)
        return cls(math.floor(bottom / step + 1e-9) * step, math.ceil(top / step - 1e-9) * step, step)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - (value - self.low) / (self.high - self.low) * (_HEIGHT - _TOP - _BOTTOM)

    def drawn(self, guide: float | None) -> list[str]:
        digits = max(0, -math.floor(math.log10(self.step) + 1e-9))
        count = round((self.high - self.low) / self.step)
        parts = []
        for value in (self.low + number * self.step for number in range(count + 1)):
            parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{self.y(value):.1f}" '
                         f'y2="{self.y(value):.1f}"/>')  # fmt: skip
            parts.append(f'<text class="tick" x="{_LEFT - 6}" y="{self.y(value) + 4:.1f}" text-anchor="end">'
                         f"{value + 0.0:.{digits}f}</text>")  # fmt: skip
        if guide is not None:
            y = self.y(guide)
            parts.append(f'<line class="guide" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        return parts


def _inner_width() -> int:
    return _WIDTH - _LEFT - _RIGHT


def _round_step(least: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def _groups(count: int) -> list[range]:
    size = max(1, math.ceil(count / _MOST))
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def _joined(values: Values, groups: Sequence[range], join: Callable[[list[float]], float]) -> Values:
    known = [[value for index in group if (value := values[index]) is not None] for group in groups]
    return [join(each) if each else None for each in known]


def _path(line: Line, middles: Sequence[float], axis: _Axis) -> str:
    """Draw a curve; it is broken where a value is not known, and a value alone between two gaps is a dot."""
    strokes, pen_down = [], False
    for middle, value in zip(middles, line.values, strict=True):
        if value is None:
            pen_down = False
            continue
        strokes.append(f"{'L' if pen_down else 'M'}{middle:.1f} {axis.y(value):.1f}" + ("" if pen_down else "h.01"))
        pen_down = True
    return f'<path class="line {line.kind}" d="{"".join(strokes)}"/>'
