"""Draws how cost grows from a file of figures: `python -m tests.benchmarks.speed_plots FILE.json TARGET.svg`."""

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.plots import figure, plot

_PIXELS = {"360p": 640 * 360, "540p": 960 * 540, "720p": 1280 * 720, "1080p": 1920 * 1080, "2160p": 3840 * 2160}


def main(source: Path, target: Path) -> None:
    """Write the plots side by side."""
    rows: dict[str, list[dict[str, Any]]] = json.loads(source.read_text())["rows"]
    lengths = [(float(row["name"].split()[0]), row) for row in rows["lengths"]]
    sizes = [(_PIXELS[row["name"]] / 1e6, row) for row in rows["sizes"]]
    plots = [
        plot("processor time, s, over frames", [(x, x * median(row["processor"]) / 1000) for x, row in lengths]),
        plot("peak memory, MiB, over frames", [(x, row["memory"]) for x, row in lengths]),
        plot("processor time a frame, s, over megapixels", [(x, median(row["processor"]) / 1000) for x, row in sizes]),
    ]
    target.write_text(figure(plots))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
