"""What the flow cache saves and takes: `python -m tests.benchmarks.flow_cache [WIDTH HEIGHT]`.

The same frames of a real clip (or of a synthetic pan, where none is here) go through the motion's estimator without a
cache, with an empty one and with a full one. Printed are the processor time (of all threads) a pair and the bytes a
pair on disk.
"""

import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from tests.benchmarks.accuracy import RAFT, SHARED
from tests.motion.pictures import pan
from vidstyle.frames import Span
from vidstyle.media import ClipReader
from vidstyle.motion import MotionConfig, build_estimator, luma

CLIP = SHARED / "media" / "clips" / "sam2_01_dog.mp4"
FRAMES = 17


def main(size: tuple[int, int] = (1280, 720)) -> None:
    """Print the table."""
    width, height = size
    frames = clip(height, width)
    print(f"{width}x{height}, {FRAMES - 1} pairs; torch {torch.__version__}, CPU, {torch.get_num_threads()} threads")
    print(f"{'estimator':16}{'scale':>6}{'without':>10}{'cold':>8}{'warm':>8} ms   kB a pair")
    configs = [MotionConfig(preset="fast"), MotionConfig(), MotionConfig(scale=1.0)]
    if RAFT.is_file():
        configs.append(MotionConfig(estimator="raft-small", weights=str(RAFT)))
    for config in configs:
        few = frames[:4] if config.estimator == "raft-small" else frames
        with tempfile.TemporaryDirectory() as folder:
            cached = config.model_copy(update={"cache": Path(folder)})
            times = [1000 * seconds(few, each) for each in (config, cached, cached)]
            kept = [path.stat().st_size for path in Path(folder).rglob("*.flow")]
        title = f"{config.estimator} {config.preset}" if config.estimator == "dis" else config.estimator
        shown = f"{times[0]:10.1f}{times[1]:8.1f}{times[2]:8.1f}"
        print(f"{title:16}{config.scale:6.2g}{shown}{sum(kept) / len(kept) / 1000:15.0f}", flush=True)


def seconds(frames: Tensor, config: MotionConfig) -> float:
    """Give the processor time that a pair takes."""
    find = build_estimator(config)
    seen = luma(frames) if find.reads == "luma" else frames
    start = time.process_time()
    for i in range(1, len(seen)):
        find(seen[i : i + 1], seen[i - 1 : i])
    return (time.process_time() - start) / (len(seen) - 1)


def clip(height: int, width: int) -> Tensor:
    """Read the frames, brought to the size of the table."""
    if not CLIP.is_file():
        return pan(FRAMES, height, width)
    with ClipReader(CLIP) as reader:
        images = torch.cat([batch.images for batch in islice(reader.frames(Span(60, 60 + FRAMES)), FRAMES)])
    return interpolate(images, size=(height, width), mode="bilinear", antialias=True)


if __name__ == "__main__":
    main(*[(int(sys.argv[1]), int(sys.argv[2]))] if len(sys.argv) > 2 else [])
