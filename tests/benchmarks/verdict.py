"""Figures of the flicker benchmark: one row a style, clip and setting, their medians, and whether the bars are met."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median

NEAR, NEAR_WORST, FAR, SHARP, SHARP_WORST = 4.0, 2.5, 3.0, 0.95, 0.90
HEAD = (
    f"{'style':8}{'clip':9}{'blend':18}{'E near':>8}{'lower':>7}{'/source':>9}{'E far':>9}{'lower':>7}{'/source':>9}"
    f"{'sharp':>7}{'alike':>7}"
)


@dataclass(frozen=True)
class Row:
    """What was measured of one setting on one style and clip. E_warp is mean squared per channel, RGB 0 to 1."""

    style: str
    clip: str
    setting: str
    near: float
    near_alone: float
    near_source: float
    far: float
    far_alone: float
    far_source: float
    sharpness: float
    similarity: float

    @property
    def near_lower(self) -> float:
        """By how many times E_warp between neighbours is lower than per frame."""
        return self.near_alone / self.near

    @property
    def far_lower(self) -> float:
        """The same for frames that are far apart."""
        return self.far_alone / self.far

    @property
    def near_most(self) -> float:
        """By how many times it can be lower at most without falling below the source's own."""
        return self.near_alone / self.near_source

    @property
    def far_most(self) -> float:
        """The same for frames that are far apart."""
        return self.far_alone / self.far_source

    @property
    def near_left(self) -> float:
        """E_warp relative to the source's own; below 1 it means blur."""
        return self.near / self.near_source

    @property
    def far_left(self) -> float:
        """The same for frames that are far apart."""
        return self.far / self.far_source

    def __str__(self) -> str:
        most = [
            f"{name} at most {bound:.1f}"
            for name, bound, bar in (("near", self.near_most, NEAR), ("far", self.far_most, FAR))
            if bound < bar
        ]
        return (
            f"{self.style:8}{self.clip:9}{self.setting:18}"
            f"{1e5 * self.near:8.1f}{self.near_lower:7.2f}{_marked(self.near_left):>9}"
            f"{1e5 * self.far:9.1f}{self.far_lower:7.2f}{_marked(self.far_left):>9}"
            f"{self.sharpness:7.3f}{self.similarity:7.3f}  {', '.join(most)}"
        ).rstrip()


def _marked(left: float) -> str:
    return f"{left:.2f}{'!' if left < 1 else ' '}"


def summaries(rows: list[Row]) -> Iterator[str]:
    """Give the medians over clips and the worst of them, a line a style and setting."""
    yield (
        f"{'style':8}{'blend':18}{'near':>7}{'worst':>7}{'far':>7}{'worst':>7}{'sharp':>8}{'worst':>7}"
        f"{'alike':>8}{'worst':>7}{'near/source':>13}{'lowest':>8}{'far/source':>12}{'lowest':>8}"
    )
    for style, setting in dict.fromkeys((row.style, row.setting) for row in rows):
        of = [row for row in rows if (row.style, row.setting) == (style, setting)]
        line = f"{style:8}{setting:18}"
        columns = ((7, "near_lower"), (7, "far_lower"), (8, "sharpness"), (8, "similarity"))
        for width, name in columns:
            middle, lowest = _both(getattr(row, name) for row in of)
            line += f"{middle:{width}.2f}{lowest:7.2f}"
        for width, name in ((13, "near_left"), (12, "far_left")):
            middle, lowest = _both(getattr(row, name) for row in of)
            line += f"{middle:{width}.2f}{_marked(lowest):>8}"
        yield line.rstrip()


def verdicts(rows: list[Row]) -> Iterator[str]:
    """Say of every bar whether one style at one setting meets it: `rows` are those of its clips."""
    near, near_worst = _both(row.near_lower for row in rows)
    far, far_worst = _both(row.far_lower for row in rows)
    sharp, sharp_worst = _both(row.sharpness for row in rows)
    near_most, far_most = median(row.near_most for row in rows), median(row.far_most for row in rows)
    near_bound = f"at most {near_most:.2f} above the source's own" if near_most < NEAR else ""
    worst_most = min(row.near_most for row in rows)
    worst_bound = f"at most {worst_most:.2f} above the source's own" if worst_most < NEAR_WORST else ""
    far_bound = f"at most {far_most:.2f} above the source's own" if far_most < FAR else ""
    at = min(rows, key=lambda row: row.near_lower).clip
    yield _verdict(f"near, lower by >= {NEAR:g}, median", near >= NEAR, near, near_bound)
    yield _verdict(f"near, lower by >= {NEAR_WORST:g}, worst", near_worst >= NEAR_WORST, near_worst, at, worst_bound)
    yield _verdict(f"far, lower by >= {FAR:g}, median", far >= FAR, far, f"worst {far_worst:.2f}", far_bound)
    yield _verdict(f"sharpness >= {SHARP:g}, median", sharp >= SHARP, sharp)
    at = min(rows, key=lambda row: row.sharpness).clip
    yield _verdict(f"sharpness >= {SHARP_WORST:.2f}, worst", sharp_worst >= SHARP_WORST, sharp_worst, at)
    for name in ("near", "far"):
        left = {row.clip: getattr(row, f"{name}_left") for row in rows}
        below = [clip for clip, figure in left.items() if figure < 1]
        yield _verdict(f"{name}, not below the source's", not below, min(left.values()), " ".join(below))


def _verdict(bar: str, met: bool, figure: float, *remarks: str) -> str:
    line = f"  {bar:34}{'met' if met else 'not met':9}{figure:6.2f}"
    kept = ", ".join(remark for remark in remarks if remark)
    return f"{line}  ({kept})" if kept else line


def _both(figures: Iterable[float]) -> tuple[float, float]:
    known = list(figures)
    return median(known), min(known)
