"""Whether a colour of the source stays one colour across a cut: python -m tests.benchmarks.scenes.

Real cuts of real clips, and moments of one place seen whole and from near (a part of the picture, enlarged). Of each
shot four frames are painted; two of them give the grades, as a batch with `--scene-by` finds them, the other two are
measured: source colours are divided into 512 bins, and of each bin that both shots have, the distance of the mean
stylized colours in CIE Lab (1976 ΔE) is taken, weighted by the smaller share. The floor is the distance within a shot.
Prints a table and writes it to results/scenes.txt.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from tests.benchmarks.material import SHARED, known_looks
from vidstyle.frames import Span
from vidstyle.jobs.colours import colours_of, common_grades
from vidstyle.media import ClipReader
from vidstyle.stages.grade import GradeConfig

RESULTS = Path(__file__).parent / "results" / "scenes.txt"
WIDTH, STEP = 480, 4
BINS, FEWEST = 8, 30  # along each channel; pixels of a bin that counts
FRAMES = 4
CUTS = {
    "bbb_480p_30s.mp4": (0, 285, 378, 553, 720),
    "skv_bikes.mp4": (0, 30, 76, 137, 187, 242),
    "media3_sample_with_increasing_timestamps_360p.mp4": (0, 18, 276, 512),
}
PLACES = {
    "sam2_01_dog.mp4": (60, 120),
    "sam2_02_cups.mp4": (60, 120),
    "mdn_elf.mp4": (20, 80),
    "mdn_friday.mp4": (20, 80),
    "sam2_bedroom.mp4": (60, 120),
}
WHOLE = (0.0, 0.0, 1.0)
NEAR = ((0.25, 0.25, 0.5), (0.0, 0.0, 0.6))  # top, left and size, in shares of the picture

Moment = tuple[str, int, int, tuple[float, float, float]]
Painted = list[tuple[Tensor, Tensor]]  # source and picture


def main() -> None:
    """Print and write the table."""
    torch.set_grad_enabled(False)
    lines = [f"{'style':8} {'scene':50} {'cuts':>4} {'before':>7} {'after':>7} {'worse':>5} {'floor':>6}"]
    for style, look in known_looks().items():
        painter, rows = look.painter(), []
        for name, shots in scenes().items():
            rows.append(measured([painted(shot, painter) for shot in shots]))
            lines.append(line(style, name, *rows[-1]))
            print(lines[-1], flush=True)
        before, after, floors = (np.concatenate([row[n] for row in rows]) for n in range(3))
        lines.append(line(style, "all cuts", before, after, floors))
        print(lines[-1], flush=True)
    RESULTS.write_text("\n".join(lines) + "\n")


def scenes() -> dict[str, list[Moment]]:
    """Shots of each scene, in the order of the cut."""
    found: dict[str, list[Moment]] = {
        name: [(name, begin, end, WHOLE) for begin, end in pairwise(bounds)] for name, bounds in CUTS.items()
    }
    for name, (begin, end) in PLACES.items():
        middle = (begin + end) // 2
        found[f"{name}, whole and near"] = [
            (name, begin, middle, WHOLE), *((name, middle, end, near) for near in NEAR),
        ]  # fmt: skip
    return found


def painted(moment: Moment, painter: Callable[[Tensor], Tensor]) -> Painted:
    """Some frames of a shot, with the style's pictures of them."""
    name, begin, end, (top, left, size) = moment
    wanted = {begin + (2 * n + 1) * (end - begin) // (2 * FRAMES) for n in range(FRAMES)}
    found, number = [], min(wanted)
    with ClipReader(SHARED / "media" / "clips" / name) as reader:
        for batch in reader.frames(Span(min(wanted), max(wanted) + 1)):
            for image in batch.images:
                if number in wanted:
                    height, width = image.shape[-2:]
                    rows, columns = (
                        slice(int(top * height), int((top + size) * height)),
                        slice(int(left * width), int((left + size) * width)),
                    )
                    found.append(reduced(image[None, :, rows, columns].float()))
                number += 1
    return [(image, painter(image).float().clamp(0, 1)) for image in found]


def reduced(image: Tensor) -> Tensor:
    """A picture at the table's width, in steps that every generator divides by."""
    height, width = image.shape[-2:]
    size = (round(WIDTH * height / width / STEP) * STEP, WIDTH)
    return interpolate(image, size=size, mode="bilinear", antialias=True).clamp(0, 1)


def measured(shots: Sequence[Painted]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Distances at every cut before and after, and within each shot."""
    known, held_out = [shot[::2] for shot in shots], [shot[1::2] for shot in shots]
    grades = common_grades([colours_of(*zip(*shot, strict=True)) for shot in known])
    plain = [pixels(shot, GradeConfig()) for shot in held_out]
    graded = [pixels(shot, grade) for shot, grade in zip(held_out, grades, strict=True)]
    floors = [distance(pixels(one, GradeConfig()), other) for one, other in zip(known, plain, strict=True)]
    before, after = (np.array([distance(one, other) for one, other in pairwise(each)]) for each in (plain, graded))
    return before, after, np.array(floors)


def pixels(shot: Painted, grade: GradeConfig) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Colours of the source and of the graded pictures in CIE Lab, both reduced by four."""
    sources, made = (
        torch.cat([interpolate(pair[n], scale_factor=1 / STEP, mode="area")[0].flatten(1).T for pair in shot]).numpy()
        for n in range(2)
    )
    return sources, lab(np.clip(made * np.array(grade.gain) + np.array(grade.offset), 0, 1))


def lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE Lab of sRGB, D65 (IEC 61966-2-1; CIE 15:2004)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    primaries = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratio = linear @ primaries.T / np.array([0.9505, 1, 1.089])
    root = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.stack([116 * root[:, 1] - 16, 500 * (root[:, 0] - root[:, 1]), 200 * (root[:, 1] - root[:, 2])], -1)


def distance(one: tuple[NDArray[np.float64], ...], other: tuple[NDArray[np.float64], ...]) -> float:
    """How far apart two shots' answers to the same colours of the source are; NaN where they share none."""
    bins = [np.clip((seen * BINS).astype(int), 0, BINS - 1) @ [BINS * BINS, BINS, 1] for seen, _ in (one, other)]
    total = weights = 0.0
    for colour in np.intersect1d(*bins):
        inside = [each == colour for each in bins]
        if min(mask.sum() for mask in inside) < FEWEST:
            continue
        weight = min(mask.mean() for mask in inside)
        total += weight * float(np.linalg.norm(one[1][inside[0]].mean(0) - other[1][inside[1]].mean(0)))
        weights += weight
    return total / weights if weights else float("nan")


def line(
    style: str, name: str, before: NDArray[np.float64], after: NDArray[np.float64], floors: NDArray[np.float64]
) -> str:
    """A row of the table."""
    worse = int(np.nansum(after > before + 0.1))
    means = f"{np.nanmean(before):7.2f} {np.nanmean(after):7.2f} {worse:5} {np.nanmean(floors):6.2f}"
    return f"{style:8} {name:50} {len(before):4} {means}"


if __name__ == "__main__":
    main()
