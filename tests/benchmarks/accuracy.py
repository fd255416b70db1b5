"""How exact each flow estimator is: `python -m tests.benchmarks.accuracy [NAME ...]`.

Ground truth leads from the first frame to the second, so the first plays the current one. Printed are the mean
end-point error over all pixels whose motion is known, the share that is off by more than 3 px, the wall-clock time of
a pair in both directions, and, where occlusion is known, how well it was found (precision, recall). RAFT comes last,
and only where its weights are.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from tests.motion.opencv import OpenCvDis
from tests.motion.pictures import texture
from vidstyle.motion import Flow, FlowEstimator, MotionConfig, build_estimator
from vidstyle.motion.vector_formats import read_flo, read_kitti

SHARED = Path(__file__).resolve().parents[3] / "shared"
RAFT = SHARED / "weights" / "raft" / "raft-small.pth"
OUTLIER = 3.0  # px


@dataclass(frozen=True)
class Pair:
    """Two frames, the true motion from the first to the second (NaN: not known), and what of the first is hidden."""

    name: str
    first: Tensor
    second: Tensor
    truth: Tensor
    hidden: Tensor | None = None


@dataclass(frozen=True)
class Accuracy:
    """How far an estimate lies from the truth. Errors in px, shares 0 to 1; None: occlusion is not known."""

    error: float
    outliers: float
    precision: float | None
    recall: float | None


def main(names: list[str]) -> None:
    """Print the table, for the named pairs or for all that are here."""
    known = [pair for pair in pairs() if not names or pair.name in names]
    print(f"torch {torch.__version__}, OpenCV {cv2.__version__}, CPU, {torch.get_num_threads()} threads")
    print(
        f"{'pair':12}{'size':>10}  {'estimator':20}{'scale':>6}{'EPE':>8}{'> 3 px':>8}{'ms':>8}{'prec':>7}{'recall':>7}"
    )
    for pair in known:
        height, width = pair.first.shape[-2:]
        for title, scale, find in estimators():
            flow, seconds = estimate(pair, find)
            found = accuracy(pair, flow)
            hidden = "" if found.precision is None else f"{found.precision:7.2f}{found.recall:7.2f}"
            figures = f"{found.error:8.3f}{100 * found.outliers:7.1f}%{1000 * seconds:8.0f}{hidden}"
            print(f"{pair.name:12}{f'{width}x{height}':>10}  {title:20}{scale:6.2g}{figures}", flush=True)


def estimators() -> Iterator[tuple[str, float, FlowEstimator]]:
    """Give every estimator at every preset and at two scales, with a title and its scale."""
    for scale in (1.0, 0.5):
        for preset in ("ultrafast", "fast", "balanced", "medium"):
            config = MotionConfig(preset=preset, scale=scale)
            yield f"dis {preset}", scale, build_estimator(config)
            yield f"OpenCV's {preset}", scale, OpenCvDis(config)
        yield "farneback", scale, build_estimator(MotionConfig(estimator="farneback", scale=scale))
    if RAFT.is_file():
        for scale in (1.0, 0.5):
            config = MotionConfig(estimator="raft-small", weights=str(RAFT), scale=scale)
            yield "raft-small", scale, build_estimator(config)


def estimate(pair: Pair, find: FlowEstimator) -> tuple[Flow, float]:
    """Estimate the motion of a pair; the time is the best of several runs, or of the one where a run is long."""
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        flow = find(pair.first[None], pair.second[None])
        best = min(best, time.perf_counter() - start)
        if best > 1:
            break
    return flow, best


def accuracy(pair: Pair, flow: Flow) -> Accuracy:
    """Compare an estimate with the truth."""
    known = pair.truth.isfinite().all(0)
    error = (flow.to_previous[0] - pair.truth).norm(dim=0)[known]
    precision = recall = None
    if pair.hidden is not None:
        lost = flow.visibility[0, 0] < 0.5
        right = float((lost & pair.hidden).sum())
        precision, recall = right / max(float(lost.sum()), 1), right / float(pair.hidden.sum())
    return Accuracy(float(error.mean()), float((error > OUTLIER).float().mean()), precision, recall)


def pairs() -> Iterator[Pair]:
    """Give all pairs that are here; the synthetic one always is."""
    yield layers()
    folder = SHARED / "flow"
    if (folder / "rubberwhale").is_dir():
        real = folder / "rubberwhale"
        yield _pair("RubberWhale", real / "frame1.png", real / "frame2.png", read_flo(real / "flow_gt.flo"))
    if (folder / "kitti").is_dir():
        real = folder / "kitti"
        yield _pair("KITTI", real / "frame1.png", real / "frame2.png", read_kitti(real / "flow_gt.png"))
    if (folder / "tiny").is_dir():
        real = folder / "tiny"
        yield _pair("Chairs", real / "00001_img1.ppm", real / "00001_img2.ppm", read_flo(real / "00001_flow.flo"))


def layers(height: int = 240, width: int = 320) -> Pair:
    """Make three discs that move over a background that moves, with their motion and occlusion exactly known."""
    generator = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width]
    motions = [(3, -1), *((int(dx), int(dy)) for dx, dy in generator.integers(-9, 10, (3, 2)))]
    discs = [(60, 70, 34), (150, 200, 48), (110, 150, 26)]  # y, x, radius; later ones lie in front
    pictures = [texture(height + 40, width + 40, seed=seed).numpy() for seed in range(4)]
    frames, owners = [], []
    for when in (0, 1):
        owner = np.zeros((height, width), int)
        for number, (cy, cx, radius) in enumerate(discs, start=1):
            dx, dy = motions[number]
            owner[(y - cy - when * dy) ** 2 + (x - cx - when * dx) ** 2 < radius**2] = number
        shown = np.zeros((3, height, width), np.float32)
        for number, (dx, dy) in enumerate(motions):
            place = owner == number
            shown[:, place] = pictures[number][:, (y - when * dy + 20)[place], (x - when * dx + 20)[place]]
        frames.append(torch.from_numpy(shown))
        owners.append(owner)
    motion = np.asarray(motions, np.float32)[owners[0]]
    to_y, to_x = y + motion[..., 1].astype(int), x + motion[..., 0].astype(int)
    inside = (to_y >= 0) & (to_y < height) & (to_x >= 0) & (to_x < width)
    there = owners[1][to_y.clip(0, height - 1), to_x.clip(0, width - 1)]
    hidden = torch.from_numpy(~inside | (there != owners[0]))
    return Pair("layers", frames[0], frames[1], torch.from_numpy(motion).permute(2, 0, 1).contiguous(), hidden)


def _pair(name: str, first: Path, second: Path, truth: np.ndarray) -> Pair:
    return Pair(name, _picture(first), _picture(second), torch.from_numpy(truth).permute(2, 0, 1).contiguous())


def _picture(path: Path) -> Tensor:
    rgb = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    return torch.from_numpy(rgb).permute(2, 0, 1).float() / 255


if __name__ == "__main__":
    main(sys.argv[1:])
