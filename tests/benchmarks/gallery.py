"""The gallery: what each style looks like, how still it holds, how fast it draws: `python -m tests.benchmarks.gallery`.

Draws, from pictures and clips that may be shown, a contact sheet of ten kinds of frame into each style's folder and a
strip of three into docs/pictures/gallery. Measures E_warp and sharpness on clips that nothing was learned from, of each
frame alone and of the blend, and how many frames a second the network draws by itself; the medians go into the card,
the rest into results/gallery.json. `--peers FILE` draws the published networks beside the checkout and all styles on
the same frames, one column each.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import torch

from tests.benchmarks.material import SHARED, known_looks
from vidstyle.backends import Execution
from vidstyle.backends.choosing import choose
from vidstyle.frames import bitmap
from vidstyle.networks import Style, drawing_styles, load_style
from vidstyle.networks.style import CARD, SHEET
from vidstyle.training.film import ClipFigures, measure_film
from vidstyle.training.sheet import middle_frame, write_rows, write_style_sheet

FRAMES = {
    "face": "photos/kodak/kodim04.jpg",
    "child": "photos/kodak/kodim15.jpg",
    "landscape": "photos/kodak/kodim13.jpg",
    "city": "photos/kodak/kodim08.jpg",
    "interior": "photos/unsplash-wallpapers/Brown_Architecture.jpg",
    "night": "photos/unsplash-wallpapers/Cheng_Feng.jpg",
    "fast motion": "media/clips/adain_cutBunny.mp4",
    "flat sky": "photos/kodak/kodim20.jpg",
    "text": "photos/cc0-wallpapers/Mr__Lee.jpg",
    "old film": "media/clips/moviepy_chaplin.mp4",
}
STRIP = ("photos/kodak/kodim21.jpg", "photos/kodak/kodim23.jpg", "photos/kodak/kodim24.jpg")
"""Held out by every recipe."""
CLIPS = {"sam2_01_dog.mp4": 60, "sam2_05_default_juggle.mp4": 60, "mdn_rabbit.mp4": 60}
"""Nothing was learned from them; each with the frame that the measuring starts at."""
SIZES = {"360p": (360, 640), "720p": (720, 1280)}
HERE = Path(__file__).resolve()
PICTURES = HERE.parents[2] / "docs" / "pictures" / "gallery"
RESULTS = HERE.parent / "results" / "gallery.json"


def draw(style: Style, pictures: Path = PICTURES) -> None:
    """Draw the contact sheet into the style's folder, and the strip, under its name, into `pictures`."""
    write_style_sheet(style.folder / SHEET, style, [SHARED / path for path in FRAMES.values()])
    sources = [middle_frame(SHARED / path) for path in STRIP]
    rows = [tuple(bitmap(each[0]) for each in sources), tuple(bitmap(style.paint(each)[0]) for each in sources)]
    write_rows(pictures / f"{style.card.name}.jpg", rows, width=1200)


def measure(style: Style, frames: int) -> list[ClipFigures]:
    """Measure how still the style holds on each clip."""
    clips = SHARED / "media" / "clips"
    return [measure_film(style, clips / name, start=start, frames=frames) for name, start in CLIPS.items()]


def frames_a_second(style: Style, size: tuple[int, int], repeats: int = 7) -> float:
    """Time the network alone on the fastest back-end that is here."""
    run = choose("auto", style.generator, torch.device("cpu"), "never", Execution()).run
    images = style.encode(torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0)))
    taken = []
    for _ in range(repeats):
        begun = time.perf_counter()
        run(images)
        taken.append(time.perf_counter() - begun)
    return 1 / median(taken[1:])  # the first one makes the graph ready


def keep_in_card(style: Style, clips: Sequence[ClipFigures]) -> None:
    """Put the medians over the clips among the card's figures."""
    path = style.folder / CARD
    card = json.loads(path.read_text(encoding="utf-8"))
    kinds = {"e_warp_source": "source", "e_warp_alone": "alone", "e_warp_blended": "blended", "sharpness": "sharpness"}
    card["training"]["figures"] |= {
        name: round(median(getattr(clip, kind) for clip in clips), 3) for name, kind in kinds.items()
    }
    path.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def draw_peers(path: Path, names: Sequence[str]) -> None:
    """Draw all frames as they are, by each style of `names`, and by the published networks: one column each."""
    painters = [known_looks()[name].painter() for name in [*names, "mosaic", "wave"]]
    rows = []
    for file in FRAMES.values():
        image = middle_frame(SHARED / file)
        height, width = (round(side * 360 / min(image.shape[-2:]) / 4) * 4 for side in image.shape[-2:])
        small = cv2.resize(bitmap(image[0]), (width, height), interpolation=cv2.INTER_AREA)
        image = torch.from_numpy(small.astype(np.float32) / 255).permute(2, 0, 1)[None]
        rows.append((small, *(bitmap(painter(image)[0]) for painter in painters)))
    write_rows(path, rows, width=480 * (1 + len(painters)))


def main() -> None:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("styles", nargs="*", help="names; all that are here unless told")
    parser.add_argument("--frames", type=int, default=30, help="of each clip")
    parser.add_argument(
        "--only", choices=("sheets", "stillness", "speed"), help="do one part; speed wants a quiet machine"
    )
    parser.add_argument("--peers", type=Path, help="a picture of the styles beside the published networks, alone")
    told = parser.parse_args()
    names = told.styles or list(drawing_styles())
    if told.peers:
        draw_peers(told.peers, names)
        return
    for name in names:
        style = load_style(name)
        if told.only in (None, "sheets"):
            draw(style)
        found: dict[str, object] = {}
        if told.only in (None, "stillness"):
            clips = measure(style, told.frames)
            keep_in_card(style, clips)
            found["clips"] = [clip.model_dump() for clip in clips]
        if told.only in (None, "speed"):
            found["frames_a_second"] = {size: round(frames_a_second(style, shape), 2) for size, shape in SIZES.items()}
        keep(name, found)


def keep(name: str, found: dict[str, object]) -> None:
    """Put what was found of a style into the results, and say it."""
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    kept[name] = kept.get(name, {}) | found
    RESULTS.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    print(name, json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
