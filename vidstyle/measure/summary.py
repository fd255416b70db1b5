"""The headline: each figure in one row, with what it means in words."""

from dataclasses import dataclass
from typing import Literal

from vidstyle.measure.figures import Measures, WarpFigures

Verdict = Literal["good", "fair", "poor", "none"]
MARKS: dict[Verdict, str] = {"good": "●", "fair": "◐", "poor": "○", "none": "·"}  # told apart without colour

# The bar of the design: four times stiller at .95 of the sharpness is good, 2.5 times at .90 just bearable.
_WARP, _LONG_WARP = (1 / 4, 1 / 2.5), (1 / 3, 1 / 1.5)
_OWN = (1.25, 1.6)  # as still as the source itself, or nearly: a calm style can't be brought four times lower
_SHARP = (0.95, 0.90)
_DRIFT = (1.0, 2.0)  # codes of 255
_UNITS = 1e5  # E_warp is told in hundred-thousandths
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Row:
    """A figure of each clip as text, and a word about it."""

    name: str
    result: str
    reference: str
    source: str
    verdict: Verdict
    words: str


def summary(measures: Measures) -> list[Row]:
    """Give the headline figures, most important first."""
    rows = [
        _warp("E_warp, neighbours", measures.short, _WARP),
        _warp(f"E_warp, {measures.long.distance} frames apart", measures.long, _LONG_WARP),
        _sharpness(measures),
        _drift(measures),
    ]
    if measures.similarity is not None:
        words = "1 is equal to the reference"
        rows.append(Row("MS-SSIM to the reference", f"{measures.similarity:.4f}", "1", NOTHING, "none", words))
    if measures.features is not None:
        words = "0 is equal to the reference, up to 2; not LPIPS"
        rows.append(Row("Feature distance", f"{measures.features:.4f}", "0", NOTHING, "none", words))
    if measures.truth is not None:
        truth = measures.truth
        texts = [_number(value, 1.0, 4) for value in (truth.result, truth.reference, truth.source)]
        words = f"along the true flow, {truth.pairs} pairs" + ("" if truth.masked else ", nothing masked")
        rows.append(Row("e_stab", texts[0], texts[1], texts[2], "none", words))
    return rows


def _warp(name: str, figures: WarpFigures, bounds: tuple[float, float]) -> Row:
    texts = [_number(value, _UNITS, 1) for value in (figures.result, figures.reference, figures.source)]
    verdict, words = _warp_words(figures, bounds)
    return Row(f"{name}, 1e-5", texts[0], texts[1], texts[2], verdict, words)


def _warp_words(figures: WarpFigures, bounds: tuple[float, float]) -> tuple[Verdict, str]:
    to_source, to_reference = figures.to_source, figures.to_reference
    if figures.result is None:
        return "none", "no pair of frames to compare"
    if figures.distance == 1 and to_source is not None and to_source < 1:
        return "poor", f"{to_source:.2f} of the source's own: blurred, not still"
    own = "" if to_source is None else f"{to_source:.2f} times the source's own"
    if to_reference is None:
        return "none", own
    lower = f"{1 / to_reference:.1f} times lower than the reference" if to_reference else "all gone"
    verdict = _judge(to_reference, bounds)
    if to_source is not None:
        verdict = min(verdict, _judge(to_source, _OWN), key=list(MARKS).index)
    return verdict, ", ".join(filter(None, (lower, own)))


def _sharpness(measures: Measures) -> Row:
    value, against = measures.sharpness, measures.drift.against
    text = _number(value, 1.0, 3)
    name = f"Sharpness over the {against}'s"
    if against == "source":
        return Row(name, text, NOTHING, "1", "none", "says little: the style's own lines are in it")
    if value is None:
        return Row(name, text, "1", NOTHING, "none", "the reference has no detail")
    words = "as sharp as the reference" if value >= _SHARP[0] else "softer than the reference"
    return Row(name, text, "1", NOTHING, _judge(-value, (-_SHARP[0], -_SHARP[1])), words)


def _drift(measures: Measures) -> Row:
    worst, against = measures.drift.worst, measures.drift.against
    name = f"Drift against the {against}, codes"
    if worst is None:
        return Row(name, NOTHING, NOTHING, NOTHING, "none", "no shot of 10 frames or more")
    size = worst.change.largest
    verdict: Verdict = _judge(size, _DRIFT) if against == "reference" else "none"
    words = f"frames {worst.start}-{worst.stop}; luma {worst.slope.luma:+.2f} codes per 100 frames"
    return Row(name, f"{size:.2f}", NOTHING, NOTHING, verdict, words)


def _judge(value: float, bounds: tuple[float, float]) -> Verdict:
    good, fair = bounds
    return "good" if value <= good else "fair" if value <= fair else "poor"


def _number(value: float | None, unit: float, digits: int) -> str:
    return NOTHING if value is None else f"{value * unit:.{digits}f}"
