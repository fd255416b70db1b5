"""Are tiles equal to the whole: `python -m tests.benchmarks.tiles [--size 3840x2160] [--side 1024] [WEIGHTS ...]`.

One frame is drawn by the built-in style, by CycleGAN's generator (width 32, nine blocks, random weights) and by the
networks in the files WEIGHTS, whole and in tiles, each in a process of its own. Printed are the largest and the mean
difference in codes of 255, how many 8-bit codes differ, the seconds, and by how much memory the process grew at most.
The last columns are tiles as they are usually made, each with the statistics of its own, over the same places.
"""

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tests.benchmarks.material import SHARED
from vidstyle.backends.tiles import Tiles
from vidstyle.media import open_reader
from vidstyle.networks import Padding, ResnetGenerator, Style, StyleCard, load_style, save_style
from vidstyle.networks.checkpoints.importing import import_style
from vidstyle.networks.style import GeneratorSpec

CLIP = SHARED / "media" / "clips" / "mdn_stream.mp4"
CYCLEGAN = {"width": 32, "blocks": 9}


def main(arguments: list[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("weights", nargs="*", type=Path)
    parser.add_argument("--size", default="3840x2160")
    parser.add_argument("--side", type=int, default=1024)
    options = parser.parse_args(arguments)
    width, height = map(int, options.size.split("x"))
    print(f"{width}x{height}, tiles of {options.side} px, {torch.get_num_threads()} threads")
    head = f"{'style':32}{'largest':>9}{'mean':>10}{'codes':>7}{'whole s':>9}{'tiles s':>9}{'whole MiB':>11}"
    print(f"{head}{'tiles MiB':>11}{'own statistics: largest':>25}{'mean':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for style in styles(options.weights, Path(folder)):
            ways = {way: drawn(style, (height, width), options.side, way) for way in ("whole", "tiles", "own")}
            print(f"{style.name:32}{line(ways)}", flush=True)


def styles(weights: list[Path], folder: Path) -> list[Path]:
    """Give the folders of the styles."""
    torch.manual_seed(0)
    spec = GeneratorSpec(name="resnet", options=CYCLEGAN)
    card = StyleCard(name="cyclegan", title="", description="", generator=spec, sha256="0" * 64, licence="CC0-1.0")
    save_style(folder / "cyclegan", card, ResnetGenerator(**CYCLEGAN))
    imported = [import_style(path, name=f"import-{n}", models=folder).folder for n, path in enumerate(weights)]
    named = [each.rename(folder / path.stem.lower()) for each, path in zip(imported, weights, strict=True)]
    return [load_style("ink").folder, folder / "cyclegan", *named]


def drawn(style: Path, size: tuple[int, int], side: int, way: str) -> tuple[Tensor, dict[str, float]]:
    """Draw the frame one way in a process of its own; gives the picture, 0 to 255, and seconds and MiB."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        process = context.Process(target=_draw, args=(style, size, side, way, Path(folder)))
        process.start()
        process.join()
        picture = torch.from_numpy(np.load(Path(folder) / "picture.npy"))
        return picture, json.loads((Path(folder) / "figures.json").read_text())


def _draw(style: Path, size: tuple[int, int], side: int, way: str, folder: Path) -> None:
    loaded = load_style(str(style))
    device = torch.device("cpu")
    with torch.inference_mode():
        small = frame()
        images = torch.nn.functional.interpolate(small, size=size, mode="bicubic").clamp(0, 1)
        images = Padding(multiple=int(loaded.generator.multiple)).pad(loaded.encode(images))  # type: ignore[arg-type]
        images = images.contiguous(memory_format=torch.channels_last)
        loaded.generator.to(memory_format=torch.channels_last)
        loaded.generator(images[..., :256, :256])  # what is loaded once is not counted
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
        before, started = _resident("VmRSS"), time.monotonic()
        made = _WAYS[way](loaded, images, device, side)
        seconds, grown = time.monotonic() - started, _resident("VmHWM") - before
    np.save(folder / "picture.npy", (loaded.decode(made) * 255).numpy())
    (folder / "figures.json").write_text(json.dumps({"seconds": seconds, "memory": grown}))


def _own(style: Style, images: Tensor, device: torch.device, side: int) -> Tensor:
    made = torch.empty_like(images)
    for tile in Tiles(style.generator, device).cut(*images.shape[-2:], side):
        made[..., *tile.core] = tile.within(style.generator(images[..., *tile.seen]))
    return made


_WAYS: dict[str, Any] = {
    "whole": lambda style, images, _device, _side: style.generator(images),
    "tiles": lambda style, images, device, side: Tiles(style.generator, device)(images, side),
    "own": _own,
}


def frame() -> Tensor:
    """Give the first frame of a clip, or noise where it is absent."""
    if not CLIP.is_file():
        return torch.rand(1, 3, 360, 480, generator=torch.Generator().manual_seed(0))
    with open_reader(CLIP) as reader:
        return next(iter(reader.frames())).images[:1]


def line(ways: dict[str, tuple[Tensor, dict[str, float]]]) -> str:
    """Give the figures of one style."""
    (whole, alone), (tiled, cut), (own, _) = (ways[way] for way in ("whole", "tiles", "own"))
    apart, usual = (tiled - whole).abs(), (own - whole).abs()
    codes = int((tiled.round() != whole.round()).sum())
    seconds = f"{alone['seconds']:9.1f}{cut['seconds']:9.1f}{alone['memory']:11.0f}{cut['memory']:11.0f}"
    return f"{apart.max():9.4f}{apart.mean():10.6f}{codes:7d}{seconds}{usual.max():25.1f}{usual.mean():7.2f}"


def _resident(key: str) -> float:
    """Give the memory of this process now (VmRSS) or at most (VmHWM), MiB. Linux only."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(each.split()[1]) / 1024 for each in lines if each.startswith(key))


if __name__ == "__main__":
    main(sys.argv[1:])
