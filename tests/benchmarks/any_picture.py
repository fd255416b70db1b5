"""Any picture as the style, beside a published network that does it too: `python -m tests.benchmarks.any_picture`.

Eight works that the style `reference` has not learned from, each with six contents, of which it has not learned from
the first four. How near the drawings come to the work and how far they are from the content, in the eyes of a network
that neither was taught by, as they are and from twice as far (all at half the size: finer than that `reference` does
not draw); E_warp of each frame alone and blended on a clip; milliseconds a frame at 640x360. `--sheet FILE` draws all:
works down, contents across. `--speed` measures a whole render of 640x360 in a work's look instead, beside one by a fast
style of one look; it wants a quiet machine.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median

import numpy as np
import torch

from tests.benchmarks.__main__ import CLIP as CLIP_OF_SPEED
from tests.benchmarks.gallery import frames_a_second, keep_in_card, measure
from tests.benchmarks.material import SHARED
from tests.benchmarks.speed import HEAD, Job, alone, river
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
FAST = "ink-fast"

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
        near = measure_seen(eyes, sources, drawn, [_small(look)])
        far = measure_seen(eyes, *([_half(each) for each in some] for some in (sources, drawn, [_small(look)])))
        rows.append(near | {f"{key}_far": value for key, value in far.items()})
    film = [measure_film(make(look), CLIP, start=60, frames=12) for look in looks[::3]]
    keys = [key for key in rows[0] if not key.startswith("kid")]
    seen = {key: mean(row[key] for row in rows) for key in keys}
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


def speed(look: Path) -> None:
    """Print a whole render and the network alone, for a look and for a style of one look."""
    print(HEAD)
    for name in (FAST, f"{IMAGE}{look}"):
        print(alone(river, Job(CLIP_OF_SPEED, name, frames=48, repeats=2), Path(name).stem, {}))
        print(f"  the network alone: {1000 / frames_a_second(load_style(name), (360, 640), 25):.1f} ms", flush=True)


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
    parser.add_argument("--speed", action="store_true", help="a whole render, beside a style of one look")
    told = parser.parse_args()
    looks = [SHARED / "style" / "single" / f"{name}.jpg" for name in WORKS]
    contents = [_content(SHARED / path) for path in CONTENTS]
    if told.keep:
        keep_in_card(load_style(REFERENCE), measure(load_style(f"{IMAGE}{looks[-1]}"), 30))
        return
    if told.speed:
        speed(looks[-1])
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


def _half(picture: Picture) -> Picture:
    return scaled(picture, SIDE // 2)


def _small(path: Path) -> Picture:
    return scaled(bitmap(middle_frame(path)[0]), SIDE)


if __name__ == "__main__":
    main()
