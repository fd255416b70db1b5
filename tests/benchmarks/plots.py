"""Plain line plots as SVG."""

import math

_WIDTH, _HEIGHT, _MARGIN = 340, 220, 46
_INK, _FAINT = "#444", "#bbb"

Points = list[tuple[float, float]]


def figure(plots: list[str]) -> str:
    """Put plots side by side."""
    width = _WIDTH * len(plots)
    moved = "".join(f'<g transform="translate({n * _WIDTH} 0)">{each}</g>' for n, each in enumerate(plots))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" '
    head += 'font-family="sans-serif" font-size="11">'
    return f'{head}<rect width="{width}" height="{_HEIGHT}" fill="#fff"/>{moved}</svg>\n'


def plot(title: str, points: Points) -> str:
    """Draw points against axes from zero, and join them."""
    right, top = (_ceiling(max(point[axis] for point in points)) for axis in (0, 1))

    def at(x: float, y: float) -> tuple[float, float]:
        inner = _WIDTH - 2 * _MARGIN, _HEIGHT - 2 * _MARGIN
        return _MARGIN + x / right * inner[0], _HEIGHT - _MARGIN - y / top * inner[1]

    (left, bottom), (end, ceiling) = at(0, 0), at(right, top)
    parts = [f'<text x="{_WIDTH / 2}" y="20" text-anchor="middle" fill="{_INK}">{title}</text>']
    parts += [_line([(left, ceiling), (left, bottom), (end, bottom)], _FAINT)]
    for step in (0.5, 1.0):
        (x, _), (_, y) = at(right * step, 0), at(0, top * step)
        parts.append(
            f'<text x="{x:.0f}" y="{bottom + 16:.0f}" text-anchor="middle" fill="{_INK}">{right * step:g}</text>'
        )
        parts.append(f'<text x="{left - 5:.0f}" y="{y + 4:.0f}" text-anchor="end" fill="{_INK}">{top * step:g}</text>')
    places = [at(*point) for point in points]
    parts.append(_line(places, "#06c"))
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#06c"/>' for x, y in places]
    return "".join(parts)


def _line(points: Points, colour: str) -> str:
    told = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{told}" fill="none" stroke="{colour}"/>'


def _ceiling(value: float) -> float:
    """The next number of one or two digits that is easy to read."""
    scale = 10.0 ** math.floor(math.log10(value))
    return next(step * scale for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * scale >= value)
