"""Cuts found and missed, beside PySceneDetect's detectors: `python -m tests.benchmarks.cuts`.

First on real clips, whose cuts were set by looking at the frames around every place where our score or one of the
detectors stood out; then on sequences spliced from real clips that have no cut. Thresholds of ours were chosen on the
clips of TUNING (`tuning` as an argument prints their table); the spliced table is from other clips and other seeds. The
real clips with cuts were known when thresholds were chosen. PySceneDetect runs with its defaults.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import torch
from scenedetect import AdaptiveDetector, ContentDetector, FrameTimecode, HashDetector, ThresholdDetector

from tests.benchmarks.splices import Case, Frames, splices
from vidstyle.frames import FrameBatch, Span
from vidstyle.media import ClipReader
from vidstyle.stages.marks import mark_frames

MEDIA = Path(__file__).resolve().parents[3] / "shared" / "media"
WIDTH, HEIGHT = 288, 162  # PySceneDetect reduces to about 256 itself
RATE = 25.0

TUNING = ("mdn_crystal", "mdn_flower", "mdn_monster", "media3_internal_emulator_transformer_output", "sam2_02_cups")
REPORTED = (
    "mdn_elf",
    "mdn_frog",
    "mdn_rabbit",
    "moviepy_chaplin",
    "sam2_01_dog",
    "sam2_05_default_juggle",
    "sam2_bedroom",
)

REAL: dict[str, tuple[tuple[int, int], ...]] = {  # first and last frame of the interval in which one shot ends
    "clips/adain_cutBunny.mp4": ((235, 235),),
    "clips/fw_1080p60.mp4": ((21, 21),),
    "clips/skv_bikes.mp4": ((30, 30), (76, 76), (137, 137), (187, 187), (242, 242)),
    "clips/bbb_480p_30s.mp4": ((285, 285), (378, 378), (553, 553)),  # opens with a fade from black, no cut
    "clips/media3_sample_with_increasing_timestamps_360p.mp4": ((18, 18), (276, 276)),  # a change of lens
    "clips/propainter_running_car.mp4": ((270, 273),),  # a zoom into snow dust, out of other dust
    "torture/psd_fades.mp4": ((76, 92), (158, 176)),  # plain grey that goes down to black twice, and to white thrice
    "clips/decord_pancake.mkv": (),
    "clips/mdn_friday.mp4": (),
    "clips/mdn_stream.mp4": (),
}
ARGUABLE = {  # neither asked for nor counted as invented
    "clips/propainter_running_car.mp4": ((28, 33),),  # a speed ramp, or a morph from near to far
    "torture/psd_fades.mp4": ((34, 50), (117, 134), (201, 218)),  # through white and back to the same grey
}


Detect = Callable[[Frames], list[int]]


def ours(frames: Frames) -> list[int]:
    """Find cuts as a render does."""
    return [n for n, restart in enumerate(marks(frames)) if restart and n]


def marks(frames: Frames) -> list[bool]:
    """Give the restarts of the marks stage."""
    images = (torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 255 for frame in frames)
    batches = (FrameBatch(image, (n,), Fraction(1, 25)) for n, image in enumerate(images))
    return [restart for marked in mark_frames(batches) for restart in marked.restarts]


def theirs(make: Callable[[], ContentDetector]) -> Detect:
    """Find cuts with one of PySceneDetect's detectors."""

    def detect(frames: Frames) -> list[int]:
        detector, found = make(), []
        for n, frame in enumerate(frames):
            found += detector.process_frame(FrameTimecode(n, RATE), np.ascontiguousarray(frame[..., ::-1]))
        found += detector.post_process(FrameTimecode(len(frames) - 1, RATE))
        return sorted({each.frame_num for each in found})

    return detect


DETECTORS: dict[str, Detect] = {
    "ours": ours,
    "Content": theirs(ContentDetector),
    "Adaptive": theirs(AdaptiveDetector),
    "Threshold": theirs(ThresholdDetector),
    "Hash": theirs(HashDetector),
}


def read(path: str, stop: int | None = None) -> Frames:
    """Read a clip's frames, reduced."""
    frames = []
    with ClipReader(MEDIA / path) as reader:
        for batch in reader.frames(Span(0, stop)):
            for image in batch.images:
                codes = (image.clamp(0, 1) * 255 + 0.5).byte().permute(1, 2, 0).numpy()
                frames.append(cv2.resize(codes, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
                if len(frames) == stop:
                    return np.stack(frames)
    return np.stack(frames)


class Score:
    """Counts cuts found, missed and invented by one detector."""

    def __init__(self) -> None:
        self.found = self.missed = self.invented = 0

    def add(self, cuts: tuple[tuple[int, int], ...], detected: list[int], ignored: tuple[tuple[int, int], ...]) -> None:
        """Match detections to intervals, one frame of slack on either side; several within one count once."""
        hit = [any(first - 1 <= n <= last + 1 for n in detected) for first, last in cuts]
        free = [n for n in detected if not any(first - 1 <= n <= last + 1 for first, last in cuts + ignored)]
        self.found += sum(hit)
        self.missed += len(hit) - sum(hit)
        self.invented += len(free)

    def __str__(self) -> str:
        return f"{self.found}/{self.found + self.missed} +{self.invented}"

    def summary(self) -> str:
        """Give precision and recall."""
        precision = self.found / (self.found + self.invented) if self.found + self.invented else 0
        return f"{precision:.2f} {self.found / (self.found + self.missed):.2f}"


def table(title: str, cases: Iterable[Case], arguable: dict[str, tuple[tuple[int, int], ...]]) -> None:
    """Print found/there +invented for each kind and detector, precision and recall, and milliseconds a frame."""
    rows: dict[str, dict[str, Score]] = defaultdict(lambda: {name: Score() for name in DETECTORS})
    seconds, frames = dict.fromkeys(DETECTORS, 0.0), 0
    for case in cases:
        frames += len(case.frames)
        for name, detect in DETECTORS.items():
            start = time.process_time()
            detected = detect(case.frames)
            seconds[name] += time.process_time() - start
            for row in (case.kind, "all"):
                rows[row][name].add(case.cuts, detected, arguable.get(case.kind, ()))
    print(f"\n{title:50}" + "".join(f"{name:>13}" for name in DETECTORS))
    for kind in [*(row for row in rows if row != "all"), "all"]:
        print(f"{Path(kind).name[:48]:50}" + "".join(f"{score!s:>13}" for score in rows[kind].values()))
    print(f"{'precision, recall':50}" + "".join(f"{score.summary():>13}" for score in rows["all"].values()))
    print(f"{'processor ms a frame':50}" + "".join(f"{1000 * each / frames:13.1f}" for each in seconds.values()))


def main(rounds: int = 12) -> None:
    """Print both tables, or the spliced one of the clips that thresholds came from."""
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    tuning = "tuning" in sys.argv[1:]
    clips = [read(f"clips/{name}.mp4", 200) for name in (TUNING if tuning else REPORTED)]
    if not tuning:
        table(
            "real clips: found/there +invented", (Case(name, read(name), cuts) for name, cuts in REAL.items()), ARGUABLE
        )
    table("spliced: found/there +invented", splices(clips, seed=1 if tuning else 2, rounds=rounds), {})


if __name__ == "__main__":
    main()
