"""By how much a shot rendered in chunks differs from one rendered whole: `python -m tests.benchmarks.seams`.

Every style paints each frame by itself, and the blend runs over the whole moment once; then anew from some frames
before a seam, as a chunk with that pre-roll does (in two passes with as many frames after its end). Printed is by how
much the first frames of the chunk differ from those of the whole, in codes of 255: the worst frame's mean, the code
that one value in a thousand exceeds, and the largest; for each style over all clips.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from tests.benchmarks.material import CLIPS, known_looks, read_moment
from vidstyle.frames import FrameBatch
from vidstyle.motion import MotionConfig, build_estimator
from vidstyle.stages.batches import StyledBatch
from vidstyle.stages.blend import BlendConfig, blend
from vidstyle.stages.motion import estimate_motion
from vidstyle.stages.settle import settle
from vidstyle.stages.spool import Spool

ROLLS = (0, 8, 16, 24, 32, 48)
SEEN = 8  # frames after the seam that are looked at
FRAMES, SEAM = 62, 50
WIDTH = 256  # px


@dataclass(frozen=True)
class Difference:
    """Between two pictures, in codes of 255."""

    mean: float
    thousandth: float
    most: float

    @classmethod
    def between(cls, one: Tensor, other: Tensor) -> "Difference":
        """Measure it as an encoder of 8 bits would see it."""
        codes = ((one.clamp(0, 1) - other.clamp(0, 1)).abs() * 255).flatten()
        ranked = codes.kthvalue(max(1, round(len(codes) * 0.999))).values
        return cls(float(codes.mean()), float(ranked), float(codes.max()))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--styles", default="ink,mosaic,wave")
    parser.add_argument("--clips", default="dog,juggle,car,elf,cups,bedroom")
    parser.add_argument("--passes", type=int, default=1)
    options = parser.parse_args()
    torch.set_grad_enabled(False)
    looks = known_looks()
    print(f"{options.passes} pass(es), {WIDTH} px wide, {SEEN} frames after the seam; mean / 1 in 1000 / largest")
    found: dict[tuple[str, int], list[Difference]] = defaultdict(list)
    for clip in options.clips.split(","):
        moving = list(estimate_motion(reduced(read_moment(CLIPS[clip], FRAMES)), MotionConfig()))
        for name in options.styles.split(","):
            painter = looks[name].painter()
            styled = [StyledBatch(batch, painter(batch.frames.images)) for batch in moving]
            measured = measure(styled, BlendConfig(passes=options.passes))
            for roll, difference in measured.items():
                found[name, roll].append(difference)
            told = "  ".join(f"{roll}: {d.mean:.2f}/{d.thousandth:.0f}/{d.most:.0f}" for roll, d in measured.items())
            print(f"{clip:8} {name:8} {told}", flush=True)
    for (name, roll), each in found.items():
        means, far = sorted(d.mean for d in each), max(d.thousandth for d in each)
        middle, most = means[len(means) // 2], max(d.most for d in each)
        print(f"{name:8} {roll:3} median {middle:.2f}  worst {means[-1]:.2f} / {far:.0f} / {most:.0f}")


def reduced(frames: list[FrameBatch]) -> list[FrameBatch]:
    """Bring frames to the table's width."""
    height, width = frames[0].images.shape[-2:]
    size = (round(WIDTH * height / width / 4) * 4, WIDTH)
    return [replace(f, images=interpolate(f.images, size=size, mode="bilinear", antialias=True)) for f in frames]


def measure(styled: list[StyledBatch], config: BlendConfig) -> dict[int, Difference]:
    """Give for each roll the worst of the frames after the seam."""
    whole = list(blended(styled, config))[SEAM : SEAM + SEEN]
    found = {}
    for roll in ROLLS:
        stop = SEAM + SEEN + roll if config.passes > 1 else SEAM + SEEN
        part = list(blended(styled[SEAM - roll : stop], config))[roll : roll + SEEN]
        differences = [Difference.between(one, other) for one, other in zip(part, whole, strict=True)]
        found[roll] = max(differences, key=lambda difference: difference.mean)
    return found


def blended(styled: list[StyledBatch], config: BlendConfig) -> Iterable[Tensor]:
    """Give the blended pictures of a stream that begins with no past."""
    if config.passes == 1:
        return (batch.images for batch in blend(styled, config))
    with Spool() as spool:
        return [batch.images for batch in blend(settle(styled, config, build_estimator(MotionConfig()), spool), config)]


if __name__ == "__main__":
    main()
