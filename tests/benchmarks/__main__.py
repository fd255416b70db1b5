"""How fast it is: `OMP_WAIT_POLICY=PASSIVE python -m tests.benchmarks [--only NAME] [--json FILE]`.

    stages    each stage alone
    backends  each back-end and precision: the network alone, and how far it is from eager float32
    river     the whole render, and the render without each of its stages
    steady    the whole render of four times as many frames: beginning and end, which meet an empty river, weigh less
    peers     two ways that others go, on the same network and clip: a dump of PNGs, a loop over the stream
    lengths   100 to 10,000 small frames (--longest)
    sizes     360p to 4K (--largest)

Figures are medians of a few repetitions with half their spread; on a machine that does other work too, processor time
says more than wall-clock time. Flicker and sharpness stand beside every speed that changes them.
"""

import argparse
import json
import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import av
import cv2
import torch

from tests.benchmarks.growth import lengths, sizes
from tests.benchmarks.main_job import processor
from tests.benchmarks.material import SHARED
from tests.benchmarks.speed import HEAD, Flags, Job, Row, alone, backend, peer, river, stages
from tests.clips import make_clip
from vidstyle.backends import Precision

CLIP = SHARED / "media" / "clips" / "adain_cutBunny.mp4"  # 640x360
NETWORKS: list[tuple[str, Precision, bool]] = [
    ("torch", "fp32", False),
    ("torch", "bf16", False),
    ("onnx", "fp32", False),
    ("openvino", "fp32", False),
    ("openvino", "bf16", False),
    ("openvino", "int8", False),
]
COMPILED: tuple[str, Precision, bool] = ("torch", "fp32", True)  # minutes, so only where it is asked for
RIVERS: dict[str, Flags] = {
    "default": {},
    "int8": {"stylize.precision": "int8"},
    "int8, fast motion": {"stylize.precision": "int8", "motion.preset": "fast"},
    "int8, fast motion and encoder": {
        "stylize.precision": "int8", "motion.preset": "fast", "encode.speed": "veryfast", "work.keep": False,
    },
    "torch": {"stylize.backend": "torch"},
}  # fmt: skip
WITHOUT: dict[str, Flags] = {
    "without the network (strength 0)": {"blend.strength": 0},
    "without motion and blend": {"blend.stability": 0.0},
    "without keeping the work": {"work.keep": False},
    "without effort in encoding": {"encode.speed": "ultrafast"},
}


def main() -> None:
    """Print the tables."""
    options = arguments()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # for the processes that measure
    job = Job(options.clip, options.style, options.frames, options.repeats)
    print(f"{job.clip.name}, {job.style}, {job.frames} frames, {job.repeats} times; a frame:\n{HEAD}")
    found: dict[str, list[Row]] = {}
    for name, rows in parts(job, options).items():
        if options.only and name not in options.only:
            continue
        print(f"\n{name}")
        found[name] = []
        for row in rows():
            print(row, flush=True)
            found[name].append(row)
    print(f"\n{machine()}")
    if options.json:
        told: dict[str, Any] = {"machine": machine(), "clip": job.clip.name, "style": job.style, "frames": job.frames}
        told["rows"] = {name: [row.told() for row in rows] for name, rows in found.items()}
        options.json.write_text(json.dumps(told, indent=1) + "\n")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="python -m tests.benchmarks"
    )
    parser.add_argument("--only", action="append", help="a part by its name; may be given again")
    parser.add_argument("--json", type=Path, help="file for all figures")
    parser.add_argument("--clip", type=Path, default=CLIP)
    parser.add_argument("--style", default="ink")
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--compiled", action="store_true", help="torch.compile among the back-ends; takes minutes")
    parser.add_argument("--longest", type=int, default=1_000, help="frames, of the part lengths")
    parser.add_argument("--largest", type=int, default=1080, help="lines, of the part sizes")
    options = parser.parse_args()
    unknown = set(options.only or ()) - set(parts(Job(CLIP), options))
    if unknown:
        parser.error(f"no part called {unknown.pop()}; known: {', '.join(parts(Job(CLIP), options))}")
    if not options.clip.is_file():
        folder = Path(os.environ.get("TMPDIR", "/tmp"))
        options.clip = make_clip(folder / "benchmark.mp4", frames=60, width=640, height=360, motion=(3, 1), audio=())
    return options


def parts(job: Job, options: argparse.Namespace) -> dict[str, Callable[[], Iterator[Row]]]:
    """Give what can be measured."""
    return {
        "stages": lambda: iter(stages(job)),
        "backends": lambda: (alone(backend, job, *each) for each in [*NETWORKS, *[COMPILED] * options.compiled]),
        "river": lambda: chain(
            (alone(river, job, name, flags) for name, flags in RIVERS.items()),
            (alone(partial(river, still=False), job, name, flags) for name, flags in WITHOUT.items()),
        ),
        "steady": lambda: (
            alone(partial(river, still=False), replace(job, frames=4 * job.frames), name, RIVERS[name])
            for name in ("default", "int8", "int8, fast motion and encoder")
        ),
        "peers": lambda: (alone(peer, job, name) for name in ("PNG dump", "streaming loop")),
        "lengths": lambda: iter(lengths(options.longest)),
        "sizes": lambda: iter(sizes(job, options.largest)),
    }


def machine() -> dict[str, str | int]:
    """Say what this ran on."""
    return {
        "cpu": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "av": av.__version__,
        "opencv": cv2.__version__,
    }


if __name__ == "__main__":
    main()
