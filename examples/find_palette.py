"""Find the colours that a folder of pictures has most of, for `[teacher.palette]` of a recipe.

    python examples/find_palette.py PICTURES --colours 14

Pictures are smoothed, so that strokes count and grain does not; colourful places are drawn more often than grey ones.
Means are those of k-means in CIE Lab, the most frequent first.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

GREY = 6  # Lab units: how often a place without colour is drawn, beside one of that chroma


def main() -> None:
    """Print the colours, one a line, with the share of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="+", type=Path, help="a folder, or files")
    parser.add_argument("--colours", type=int, default=14)
    parser.add_argument("--each", type=int, default=400, help="places drawn of each picture")
    parser.add_argument("--shrink", type=float, default=1.0, help="factor on the pictures' size")
    told = parser.parse_args()
    files = sorted(file for path in told.pictures for file in (path.iterdir() if path.is_dir() else [path]))
    rng = np.random.default_rng(0)
    pictures = (cv2.imread(str(file)) for file in files)
    found = [places(picture, told.each, told.shrink, rng) for picture in pictures if picture is not None]
    if not found:
        raise SystemExit(f"no picture found in {', '.join(map(str, told.pictures))}")
    drawn = np.concatenate(found)
    how = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 100, 0.1)
    cv2.setRNGSeed(0)
    _, labels, means = cv2.kmeans(drawn, told.colours, np.empty(0), how, 5, cv2.KMEANS_PP_CENTERS)
    counts = np.bincount(labels.ravel(), minlength=told.colours)
    codes = np.rint(cv2.cvtColor(means[None], cv2.COLOR_LAB2RGB)[0].clip(0, 1) * 255).astype(int)
    for place in np.argsort(-counts):
        red, green, blue = codes[place]
        print(f"#{red:02x}{green:02x}{blue:02x}  {counts[place] / len(drawn):.3f}")


def places(picture: NDArray[np.uint8], count: int, shrink: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw colours out of a picture, BGR in 0..255; gives CIE Lab."""
    small = cv2.resize(picture.astype(np.float32) / 255, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(cv2.bilateralFilter(small, 9, 0.1, 4), cv2.COLOR_BGR2LAB).reshape(-1, 3)
    weights = np.hypot(lab[:, 1], lab[:, 2]) + GREY
    return lab[rng.choice(len(lab), count, p=weights / weights.sum())].astype(np.float32)


if __name__ == "__main__":
    main()
