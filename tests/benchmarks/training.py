"""How fast it trains: `OMP_WAIT_POLICY=PASSIVE python -m tests.benchmarks.training [--device cuda] [--json FILE]`.

Steps of two modes on pictures that are painted here, after a few that are not counted: `cyclegan` (a generator and its
inverse of nine blocks, two PatchGANs, all terms) and `pix2pix` (a generator, targets drawn before). An image is one
crop of the material, though a generator sees more than one picture for each. Medians over the steps. `made` is the
share of a step in which crops are cut and degraded on the CPU, before the networks get anything. `used` is the share of
the time in which the device was busy: of a GPU what nvidia-smi tells after the last step (take enough steps for a few
seconds: --steps 100 --count 16), of the CPU this process's processor time over wall-clock time and cores. On a machine
that does other work too, images per second are too low, and `cpu s`, the processor time of a step, says more.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import torch

from tests.training.conftest import paint
from vidstyle.devices import cores
from vidstyle.training.pairs import sample_pairs
from vidstyle.training.recipe import read_recipe
from vidstyle.training.trainer import Trainer

PICTURES, SIDE = 6, 320


def main(arguments: list[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--modes", default="cyclegan,pix2pix")
    parser.add_argument("--sizes", default="128,256", help="sides of crops, pixels")
    parser.add_argument("--widths", default="24,32")
    parser.add_argument("--precisions", default="fp32,bf16")
    parser.add_argument("--count", type=int, default=1, help="crops a step; 8 or more for a GPU")
    parser.add_argument("--steps", type=int, default=4, help="that are counted")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    device = torch.device(options.device)
    told = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{platform.machine()}, {cores()} cores"
    print(
        f"{told}, torch {torch.__version__}, {options.count} crop(s) a step, load {os.getloadavg()[0]:.0f} at the start"
    )
    head = ("images/s", 10), ("s/step", 9), ("cpu s", 8), ("made", 7), ("used", 7), ("GB", 7)
    print(f"{'mode':<10}{'crop':>6}{'width':>7}{'':>6}" + "".join(f"{name:>{wide}}" for name, wide in head))
    rows = []
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        _paint(folder)
        for mode in options.modes.split(","):
            for size in map(int, options.sizes.split(",")):
                for width in map(int, options.widths.split(",")):
                    for precision in options.precisions.split(","):
                        row = measure(folder, mode, size, width, precision, options.count, options.steps, device)
                        rows.append(row)
                        print(_line(row), flush=True)
    if options.json:
        facts = {"device": told, "torch": torch.__version__, "load": os.getloadavg()[0], "rows": rows}
        options.json.write_text(json.dumps(facts, indent=1) + "\n")


def measure(
    folder: Path, mode: str, size: int, width: int, precision: str, count: int, steps: int, device: torch.device
) -> dict[str, Any]:
    """Take some steps of a mode and time them."""
    trainer = Trainer(read_recipe(recipe(mode, size, width, precision, count), folder / "r.toml"), folder, device)
    for _ in range(1 if device.type == "cpu" else 5):
        trainer.advance()
    _wait(device)
    walls, processors = [], []
    for _ in range(steps):
        wall, processor = time.perf_counter(), time.process_time()
        trainer.advance()
        _wait(device)
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    used = _used(device, sum(processors) / sum(walls))
    began = time.perf_counter()
    sample_pairs(trainer.mode.learned, trainer.recipe.pairs, seed=0, step=0)  # type: ignore[attr-defined]
    made = time.perf_counter() - began
    seconds = statistics.median(walls)
    memory = torch.cuda.max_memory_allocated(device) / 1e9 if device.type == "cuda" else None
    return {
        "mode": mode, "size": size, "width": width, "precision": precision, "images/s": count / seconds,
        "s/step": seconds, "cpu s": statistics.median(processors), "made": made / seconds,
        "used": used, "GB": memory,
    }  # fmt: skip


def recipe(mode: str, size: int, width: int, precision: str, count: int) -> dict[str, Any]:
    """Give the recipe that is timed."""
    source = {"licence": "CC0-1.0", "source": "painted here", "sides": [SIDE]}
    sources = [source | {"name": "a", "path": "a"}, source | {"name": "b", "path": "b", "train": False}]
    norm = "instance" if mode == "cyclegan" else "none"
    options = {"width": width, "blocks": 9, "norm": norm, "upsample": "resize"}
    tables: dict[str, Any] = {"losses": {"temporal": 0.5, "adversarial": 1.0}}
    if mode == "cyclegan":
        sources.append(source | {"name": "looks", "path": "b", "role": "style"})
    tables["discriminator"] = {"width": 64, "layers": 3, "start": 0.0}
    return tables | {
        "name": "timed", "title": "Timed", "description": "-", "licence": "CC0-1.0", "mode": mode,
        "generator": {"name": "resnet", "options": options},
        "pairs": {"size": size, "count": count},
        "schedule": {"steps": 1000, "precision": precision, "rate": 1e-5, "warmup": 1},
        "material": {"root": ".", "sources": sources},
    }  # fmt: skip


def _paint(folder: Path) -> None:
    for name, seeds in (("a", range(PICTURES)), ("b", range(50, 52))):
        (folder / name).mkdir()
        for seed in seeds:
            cv2.imwrite(str(folder / name / f"{seed}.png"), paint(seed, SIDE, SIDE * 4 // 3))


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _used(device: torch.device, processors: float) -> float:
    if device.type != "cuda":
        return processors / cores()
    asked = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", f"--id={device.index or 0}"]
    return float(subprocess.run(asked, capture_output=True, text=True, check=True).stdout) / 100


def _line(row: dict[str, Any]) -> str:
    memory = "–" if row["GB"] is None else f"{row['GB']:.1f}"
    return (
        f"{row['mode']:<10}{row['size']:>6}{row['width']:>7}{row['precision']:>6}{row['images/s']:>10.2f}"
        f"{row['s/step']:>9.2f}{row['cpu s']:>8.2f}{row['made']:>7.0%}{row['used']:>7.0%}{memory:>7}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
