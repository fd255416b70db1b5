"""How much flicker the blend takes away, and what it costs in sharpness: `python -m tests.benchmarks.flicker`.

Every style paints each frame by itself; the blend then runs over the same pictures at every setting. Printed are E_warp
(mean squared, RGB 0 to 1, in units of 1e-5) between neighbours and 10 frames apart, by how many times it is lower than
per frame, how it compares with the source's own (below 1, marked !, it is blur), sharpness and similarity to per frame;
then the medians over clips, and whether the bars are met, by one pass and by two. Motion and the measuring flow are
found once a clip for all.

`--cache` keeps painted frames and flow for the next run. `--flow` measures with another estimator than the blend's own,
which might otherwise be rewarded for its mistakes. Much faster with OMP_WAIT_POLICY=PASSIVE where cores are shared.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from tests.benchmarks.material import CLIPS, SHARED, WIDTH, Look, known_looks, painted, read_moment
from tests.benchmarks.verdict import HEAD, Row, summaries, verdicts
from vidstyle.frames import FrameBatch
from vidstyle.measure.sharpness import SharpnessRatio
from vidstyle.measure.similarity import multi_scale_ssim
from vidstyle.measure.warping import WarpErrors
from vidstyle.motion import FlowEstimator, MotionConfig, build_estimator
from vidstyle.stages.batches import MovingBatch, StyledBatch
from vidstyle.stages.blend import BlendConfig, blend
from vidstyle.stages.motion import estimate_motion
from vidstyle.stages.settle import settle
from vidstyle.stages.spool import Spool

Blend = Callable[[Iterable[StyledBatch]], Iterable[FrameBatch]]
Settings = dict[str, BlendConfig | Blend]

DEFAULT = "default"
TWO_PASSES = "two passes"
SETTINGS: Settings = {
    DEFAULT: BlendConfig(),
    TWO_PASSES: BlendConfig(passes=2),
    "stability .9": BlendConfig(stability=0.9),
    "stability .6": BlendConfig(stability=0.6),
}
ABLATION: Settings = {
    "no floor": BlendConfig(floor=0),
    "never worn": BlendConfig(wear=0),
    "no detail": BlendConfig(detail=1),
    "no clamp": BlendConfig(tolerance=1),
    "bicubic": BlendConfig(warp="bicubic"),
    "bilinear": BlendConfig(warp="bilinear"),
    "no photometric": BlendConfig(photometric=0),
    "mix alone": BlendConfig(floor=0, wear=0, detail=1, tolerance=1, warp="bilinear"),
}

FAR = 10  # frames apart
ALIKE_EVERY = 4  # frames: similarity costs as much as everything else together
MOMENTS = 4  # rows of a contact sheet


def main() -> None:
    """Print the tables."""
    options = arguments()
    torch.set_grad_enabled(False)
    looks = {name: look for name, look in known_looks().items() if name in options.styles}
    for name in set(options.styles) - set(looks):
        print(f"{name}: not here, left out")
    settings = SETTINGS | (ABLATION if options.ablation else {})
    measuring = MotionConfig(estimator=options.flow, weights=options.weights, scale=1.0, cache=flows(options))
    print(f"{options.frames} frames, {WIDTH} px wide; torch {torch.__version__}, OpenCV {cv2.__version__}, CPU;")
    print(
        f"measured with {options.flow} at full size; {FAR} frames apart is far; ! is below the source's own\n\n{HEAD}"
    )
    rows: list[Row] = []
    for clip in options.clips:
        started = time.monotonic()
        found = list(measure(clip, looks, settings, measuring, options))
        print("\n".join(map(str, found)))
        print(f"        {clip}: {CLIPS[clip].shows}; {time.monotonic() - started:.0f} s\n", flush=True)
        rows += found
    print("\n".join(summaries(sorted(rows, key=lambda row: options.styles.index(row.style)))))
    for style in looks:
        for setting in (DEFAULT, TWO_PASSES):
            judged = [row for row in rows if (row.style, row.setting) == (style, setting)]
            print(f"\n{style}, {setting}, {len(options.clips)} clips:")
            print("\n".join(verdicts(judged)))
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--styles", type=_names, default=["ink", "mosaic", "wave"], help="names with commas between")
    parser.add_argument("--clips", type=_names, default=list(CLIPS), help=f"of {','.join(CLIPS)}")
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--ablation", action="store_true", help="each idea of the blend left out")
    parser.add_argument("--cache", type=Path, help="folder that keeps painted frames and flow")
    parser.add_argument("--json", type=Path, help="file for the raw figures")
    parser.add_argument("--flow", default="dis", help="estimator that measures")
    parser.add_argument("--weights", help="its weights, for raft")
    parser.add_argument("--sheet", type=Path, help="folder for a contact sheet of each style and clip")
    options = parser.parse_args()
    absent = [name for name in options.clips if name not in CLIPS]
    if absent:
        parser.error(f"no clip called {absent[0]}; known: {','.join(CLIPS)}")
    if options.frames <= FAR + 1:
        parser.error(f"{options.frames} frames; at least {FAR + 2} are needed to compare frames {FAR} apart")
    if not (SHARED / "media" / "clips").is_dir():
        parser.error("real clips are absent: no folder shared/media/clips beside the checkout")
    return options


def _names(text: str) -> list[str]:
    return text.split(",")


def flows(options: argparse.Namespace) -> Path | None:
    """Give the folder that keeps flow, if any."""
    return options.cache / "flow" if options.cache else None


def measure(
    clip: str, looks: dict[str, Look], settings: Settings, measuring: MotionConfig, options: argparse.Namespace
) -> Iterator[Row]:
    """Give the rows of one clip, for every style and setting."""
    frames = read_moment(CLIPS[clip], options.frames)
    motion = MotionConfig(cache=flows(options))
    moving = list(estimate_motion(frames, motion))
    painting = {name: painted(name, look, clip, frames, options.cache) for name, look in looks.items()}
    ruler = Ruler(build_estimator(measuring), list(painting), settings, len(frames))
    streams = {
        (style, setting): blended(settings[setting], moving, painting[style], motion)
        for style in painting
        for setting in settings
    }
    for n, batch in enumerate(moving):
        alone = {style: pictures[n : n + 1].float() for style, pictures in painting.items()}
        ruler.add(batch, alone, {key: next(stream) for key, stream in streams.items()})
    if options.sheet:
        ruler.save(options.sheet, clip)
    yield from ruler.rows(clip)


def blended(
    setting: BlendConfig | Blend, moving: list[MovingBatch], pictures: Tensor, motion: MotionConfig
) -> Iterator[Tensor]:
    """Give the blended pictures one by one, as an encoder would clamp them."""
    styled = (StyledBatch(batch, pictures[n : n + 1].float()) for n, batch in enumerate(moving))
    if isinstance(setting, BlendConfig):
        setting = partial(blend_as, setting, motion)
    for batch in setting(styled):
        for n in range(len(batch)):
            yield batch.images[n : n + 1].clamp(0, 1)


def blend_as(config: BlendConfig, motion: MotionConfig, styled: Iterable[StyledBatch]) -> Iterator[FrameBatch]:
    """Blend in as many passes as `config` says."""
    if config.passes == 1:
        yield from blend(styled, config)
        return
    with Spool() as spool:
        yield from blend(settle(styled, config, build_estimator(motion), spool), config)


class Ruler:
    """Measures all styles and settings of one clip together, so that flow is estimated once."""

    def __init__(self, estimator: FlowEstimator, styles: list[str], settings: Settings, count: int) -> None:
        self._styles = styles
        self._keys = [(style, setting) for style in styles for setting in settings]
        self._near, self._far = WarpErrors(1, estimator), WarpErrors(FAR, estimator)
        self._sharpness = {key: SharpnessRatio() for key in self._keys}
        self._alike: dict[tuple[str, str], list[float]] = {key: [] for key in self._keys}
        self._moments = {round((n + 0.5) * count / MOMENTS) for n in range(MOMENTS)}
        self._sheets: dict[str, list[Tensor]] = {style: [] for style in styles}
        self._seen = 0

    def add(self, batch: MovingBatch, alone: dict[str, Tensor], blended: dict[tuple[str, str], Tensor]) -> None:
        """Take the next frame: the source with its marks, what each style made of it, and what each blend did."""
        source, clips = batch.frames.images, [*alone.values(), *blended.values()]
        cut, flash = batch.restarts[0], batch.flashes[0]
        pair = self._near.add(source, source, *clips, cut=cut, flash=flash)
        self._far.add(source, source, *clips, cut=cut, flash=flash, step=pair.flow if pair else None)
        for (style, setting), image in blended.items():
            self._sharpness[style, setting].add(image, alone[style])
            if self._seen % ALIKE_EVERY == 0:
                self._alike[style, setting].append(float(multi_scale_ssim(image, alone[style])))
        if self._seen in self._moments:
            for style, pictures in self._sheets.items():
                pictures.append(torch.cat([source, alone[style], blended[style, DEFAULT]], dim=3)[0])
        self._seen += 1

    def rows(self, clip: str) -> Iterator[Row]:
        """Give what was measured."""
        for number, (style, setting) in enumerate(self._keys):
            clips = {"": 1 + len(self._styles) + number, "_alone": 1 + self._styles.index(style), "_source": 0}
            errors = {
                f"{name}{of}": error.mean(index)
                for name, error in (("near", self._near), ("far", self._far))
                for of, index in clips.items()
            }
            alike = self._alike[style, setting]
            yield Row(
                style,
                clip,
                setting,
                **{name: float("nan") if error is None else error for name, error in errors.items()},
                sharpness=self._sharpness[style, setting].value or 0.0,
                similarity=sum(alike) / len(alike),
            )

    def save(self, folder: Path, clip: str) -> None:
        """Write a contact sheet a style: source, per frame and default side by side, at several moments."""
        folder.mkdir(parents=True, exist_ok=True)
        for style, pictures in self._sheets.items():
            codes = (torch.cat(pictures, dim=1).clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
            cv2.imwrite(str(folder / f"{style}-{clip}.png"), np.ascontiguousarray(codes[..., ::-1]))


if __name__ == "__main__":
    main()
