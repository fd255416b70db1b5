"""A feature film on N workers: a simulation with what was measured here, and with what has to be assumed.

    python -m tests.benchmarks.scale > tests/benchmarks/results/scale.txt

Each worker takes the next shot when it is free, as `vidstyle.farm.ray` does. All that are at work draw frames at one
rate: their own, or less where they share a storage whose bandwidth is used up. A worker that is lost (an assumed number
of times an hour) comes again after a while, and its shot goes on from the last kept frames. docs/scale.md tells what
the figures mean.
"""

import heapq
import itertools
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

RESULTS = Path(__file__).parent / "results"
FRAMES, SHOTS = 150_000, 1_200
PIXELS = 1920 * 1080
MEASURED = (256 * 144, 8, 24)  # pixels, shots and frames of tests/benchmarks/cluster.py


@dataclass(frozen=True)
class Farm:
    """What does the work.

    fps         frames per second that one worker draws by itself
    beside      seconds of a shot that are not drawing: given, opened, proved, written down
    start       seconds until a worker is ready, at the begin and after a loss
    bandwidth   bytes per second of the shared storage; traffic: bytes read and written for a frame
    losses      of a worker, per hour; redone: seconds of work that a loss costs
    """

    workers: int
    fps: float
    beside: float
    start: float
    bandwidth: float
    traffic: float
    losses: float = 0.0
    redone: float = 30.0

    def rate(self, drawing: int) -> float:
        """Frames per second of a worker when so many draw."""
        return min(self.fps, self.bandwidth / (self.traffic * drawing))


def film(seed: int = 1, frames: int = FRAMES, shots: int = SHOTS) -> list[int]:
    """Lengths of a film's shots: log-normal, most of two to six seconds, some of a minute."""
    dice = random.Random(seed)
    drawn = [dice.lognormvariate(0, 0.75) for _ in range(shots)]
    scale = frames / sum(drawn)
    return [max(8, round(length * scale)) for length in drawn]


def chunks(lengths: Sequence[int], most: int, preroll: int) -> Iterator[int]:
    """Long shots in parts of at most `most` frames, each but a shot's first with its pre-roll."""
    for length in lengths:
        parts = -(-length // most)
        for part in range(parts):
            yield length * (part + 1) // parts - length * part // parts + (preroll if part else 0)


def makespan(lengths: Sequence[int], farm: Farm, seed: int = 1) -> float:
    """Seconds until the last shot is done, in the order given.

    All that draw share the storage alike, so each has drawn as many frames since any moment: one count does for all.
    """
    dice, queue = random.Random(seed), iter(lengths)
    opening = [(farm.start + _beside(dice, farm, length), length) for length in itertools.islice(queue, farm.workers)]
    heapq.heapify(opening)
    drawing, drawn, now = list[float](), 0.0, 0.0
    while opening or drawing:
        rate = farm.rate(len(drawing)) if drawing else 0.0
        done = now + (drawing[0] - drawn) / rate if drawing else float("inf")
        when = min(done, opening[0][0]) if opening else done
        drawn, now = drawn + rate * (when - now), when
        if when == done:
            heapq.heappop(drawing)
            if (length := next(queue, None)) is not None:
                heapq.heappush(opening, (now + _beside(dice, farm, length), length))
        else:
            heapq.heappush(drawing, drawn + heapq.heappop(opening)[1])
    return now


def _beside(dice: random.Random, farm: Farm, length: int) -> float:
    """Seconds of a shot in which nothing is drawn that counts."""
    lost = _losses(dice, farm.losses * length / farm.fps / 3600)
    return farm.beside + lost * (farm.start + farm.redone)


def _losses(dice: random.Random, mean: float) -> int:
    """How often, by Poisson."""
    count, left = 0, dice.expovariate(1) if mean else float("inf")
    while left < mean:
        count, left = count + 1, left + dice.expovariate(1)
    return count


def calibrated() -> tuple[float, float, float]:
    """Frames per second and pixel of one core, seconds beside a shot, and seconds of a worker's start, as measured."""
    lines = (RESULTS / "cluster.txt").read_text().splitlines()
    rows = [line.split() for line in lines if line.split()[:1] in (["1"], ["2"])]
    one = median(float(row[2]) for row in rows)
    told = json.loads(lines[-1])
    return MEASURED[2] / one * MEASURED[0], told["beside"], told["start"]


def main() -> None:
    per_core, beside, start = calibrated()
    one, two = (
        makespan([MEASURED[2]] * MEASURED[1], Farm(workers, per_core / MEASURED[0], beside, 0, 1e12, 1))
        for workers in (1, 2)
    )
    print(f"measured: {per_core / 1e6:.3f} megapixels a second and core, {beside} s beside a shot, {start} s start")
    print(f"simulated for the measured run: two workers give {one / two:.2f} times the frames of one\n")
    lengths = film()
    print(f"film: {len(lengths)} shots, {sum(lengths)} frames; median {median(lengths):.0f}, longest {max(lengths)}\n")
    storage = 1.1e9  # bytes per second: a file server on 10 Gbit/s
    traffic = PIXELS * (2 * 4.2 + 9.0) / 8  # read and written as ProRes at 4.2 bits a pixel, kept without loss at 9
    cpu = Farm(1, per_core / PIXELS, beside, start, storage, traffic)
    print(f"{traffic / 1e6:.1f} MB a frame: {storage / traffic:.0f} frames a second use the storage up\n")
    table("one core each, as measured, 1920x1080", cpu, lengths, (64, 256, 1024, 2048, 4096, 8192))
    for fps in (2.0, 10.0):
        gpu = replace(cpu, fps=fps)
        table(f"a GPU each, assumed {fps:g} frames a second", gpu, lengths, (1, 4, 16, 64, 128, 256))


def table(title: str, farm: Farm, lengths: Sequence[int], counts: Sequence[int]) -> None:
    """Print how long a film takes on so many workers, and where it saturates."""
    print(title)
    print("workers   hours  longest first  parts of 120  5 % lost/h  efficiency  worker-hours")
    parts = sorted(chunks(lengths, 120, 32), reverse=True)
    first = sorted(lengths, reverse=True)
    alone = makespan(lengths, replace(farm, workers=1, bandwidth=1e18))
    for workers in counts:
        here = replace(farm, workers=workers)
        hours = [makespan(lengths, here), makespan(first, here), makespan(parts, here)]
        lossy = makespan(first, replace(here, losses=0.05))
        best = min(hours)
        told = (
            f"{workers:7} {hours[0] / 3600:7.2f} {hours[1] / 3600:14.2f} {hours[2] / 3600:13.2f} {lossy / 3600:11.2f}"
        )
        print(f"{told} {alone / best / workers:10.0%} {workers * best / 3600:12.0f}")
    print()


if __name__ == "__main__":
    main()
