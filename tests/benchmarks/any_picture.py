"""Any picture as the style, beside a published network that does it too: `python -m tests.benchmarks.any_picture`.

Eight works that the style `reference` has not learned from, each with six contents, of which it has not learned from
the first four. How near the drawings
come to the work and how far they are from the content, in the eyes of a network that neither was taught by; E_warp of
each frame alone and blended on a clip; milliseconds a frame at 640x360. `--sheet FILE` draws all: works down, contents
across.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median

import numpy as np
import torch

from tests.benchmarks.gallery import keep_in_card, measure
from tests.benchmarks.material import SHARED
from tests.benchmarks.wct import wct_style
from vidstyle.frames import bitmap
from vidstyle.networks import Style, load_style
from vidstyle.networks.features import load_features
from vidstyle.networks.looks import IMAGE, REFERENCE
from vidstyle.training.evaluate import measure_seen
from vidstyle.training.film import measure_film
from vidstyle.training.pictures import scaled
from vidstyle.training.sheet import middle_frame, write_rows
from vidstyle.training.teachers import Picture

WORKS = (
    "etching_seaport", "gauguin_tahiti", "hokusai_great_wave_928", "kandinsky_composition_vii_1913",
    "matisse_woman_with_hat_1905", "munch_scream_1200", "picabia_udnie_1913_1259", "vangogh_starry_night_1280",
)  # fmt: skip
"""Held out by models/recipes/reference.toml."""
CONTENTS = (
    "photos/kodak/kodim20.jpg", "photos/kodak/kodim21.jpg", "photos/kodak/kodim23.jpg", "photos/kodak/kodim24.jpg",
    "media/clips/moviepy_chaplin.mp4", "photos/kodak/kodim04.jpg",
)  # fmt: skip
CLIP = SHARED / "media" / "clips" / "sam2_01_dog.mp4"
JUDGE = SHARED / "weights" / "deep-transfer" / "vgg_normalised_conv3_1.pth"
WCT = SHARED / "weights" / "collab-distill" / "16x"
SIDE = 360  # px

Make = Callable[[Path], Style]


def peers() -> dict[str, Make]:
    """Give what draws in the look of a picture."""
    card = load_style(REFERENCE).card
    return {
        "vidstyle": lambda look: load_style(f"{IMAGE}{look}"),
        "compressed WCT": lambda look: wct_style(WCT, look, card),
    }


def compare(make: Make, looks: list[Path], contents: list[torch.Tensor]) -> dict[str, float]:
    """Draw every content in every look, and say what it is worth."""
    eyes = load_features(JUDGE)
    sources, rows = [bitmap(each[0]) for each in contents], []
    for look in looks:
        style = make(look)
        drawn = [bitmap(style.paint(each)[0]) for each in contents]
        rows.append(measure_seen(eyes, sources, drawn, [_small(look)]))
    film = [measure_film(make(look), CLIP, start=60, frames=12) for look in looks[::3]]
    seen = {key: mean(row[key] for row in rows) for key in ("gram", "gram_source", "content")}
    alone = {
        "e_warp": mean(clip.alone or 0.0 for clip in film),
        "e_warp_blended": mean(clip.blended or 0.0 for clip in film),
        "e_warp_source": mean(clip.source or 0.0 for clip in film),
    }
    return seen | alone | {"ms": milliseconds(make(looks[0]))}


def milliseconds(style: Style, repeats: int = 5) -> float:
    """Time a picture of 640x360 in float32 by torch, both the same way."""
    image, taken = torch.rand(1, 3, 360, 640, generator=torch.Generator().manual_seed(0)), []
    for _ in range(repeats + 1):
        begun = time.perf_counter()
        style.paint(image)
        taken.append(1000 * (time.perf_counter() - begun))
    return median(taken[1:])


def sheet(path: Path, make: Make, looks: list[Path], contents: list[torch.Tensor]) -> None:
    """Draw works down the side and contents across."""
    pictures = [bitmap(each[0]) for each in contents]
    rows = [(np.full_like(pictures[0], 255), *pictures)]
    for look in looks:
        style = make(look)
        rows.append((_small(look), *(bitmap(style.paint(each)[0]) for each in contents)))
    write_rows(path, rows, width=2100)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheet", type=Path, help="where to draw them; FILE.jpg, and FILE-wct.jpg of the peer")
    parser.add_argument("--keep", action="store_true", help="put how still a look holds into the card of reference")
    told = parser.parse_args()
    looks = [SHARED / "style" / "single" / f"{name}.jpg" for name in WORKS]
    contents = [_content(SHARED / path) for path in CONTENTS]
    if told.keep:
        keep_in_card(load_style(REFERENCE), measure(load_style(f"{IMAGE}{looks[-1]}"), 30))
        return
    for name, make in peers().items():
        found = compare(make, looks, contents)
        print(f"{name:16}", "  ".join(f"{key} {value:.4g}" for key, value in found.items()), flush=True)
        if told.sheet:
            path = told.sheet if name == "vidstyle" else told.sheet.with_stem(f"{told.sheet.stem}-wct")
            sheet(path, make, looks, contents)


def _content(path: Path) -> torch.Tensor:
    image = middle_frame(path)
    height, width = (round(side * SIDE / min(image.shape[-2:]) / 16) * 16 for side in image.shape[-2:])
    return torch.nn.functional.interpolate(image, (height, width), mode="bilinear", antialias=True).clamp(0, 1)


def _small(path: Path) -> Picture:
    return scaled(bitmap(middle_frame(path)[0]), SIDE)


if __name__ == "__main__":
    main()
