"""Does a long still shot hold its brightness: `python -m tests.benchmarks.still [FRAMES]`.

A photo stands still for 500 frames under a sensor's noise, once in steady light and once in light that breathes by 1 %.
A cheap line style draws every frame by itself, and flickers; the blend runs over that at several stabilities. Printed
is by how many codes of 255 the blended picture is brighter than the frames drawn alone: the last second less the first
one, and the worst second; and the sharpness of the last second relative to the first.

Then a picture is faded down to a tenth within 40 frames and in again, and drawn as it is: by how many codes is the
blended picture off at worst.
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import pi, sin

import cv2
import torch
from torch import Tensor

from tests.benchmarks.material import SHARED
from tests.motion.pictures import texture
from vidstyle.frames import FrameBatch
from vidstyle.measure.sharpness import laplacian_variance
from vidstyle.motion import MotionConfig, luma
from vidstyle.motion.neighbourhood import smooth
from vidstyle.stages.batches import MovingBatch, StyledBatch
from vidstyle.stages.blend import BlendConfig, blend
from vidstyle.stages.motion import estimate_motion

PHOTO = SHARED / "photos" / "kodak" / "kodim19.png"
HEIGHT, WIDTH = 96, 144
FRAMES, SECOND = 500, 25  # frames
BREATH = 125  # frames from one bright moment to the next
FADE, FLOOR = 40, 0.1  # frames; share of the light that is left
NOISE = 1 / 255
STABILITIES = (0.9, 0.97, 1.0)
_OUT = [1.0] * 5 + [1 - (1 - FLOOR) * n / FADE for n in range(FADE + 1)] + [FLOOR] * 10
FADES = {"out": _OUT, "in": _OUT[::-1]}  # the light of each frame, with some frames before and after the fade


@dataclass(frozen=True)
class Holding:
    """How a still shot held: codes of 255, positive is brighter than per frame; sharpness as a ratio."""

    drift: float
    worst: float
    sharpness: float

    def __str__(self) -> str:
        return f"{self.drift:9.2f}{self.worst:9.2f}{self.sharpness:11.3f}"


def main(frames: int = FRAMES) -> None:
    """Print both tables."""
    torch.set_grad_enabled(False)
    print(f"{'light':10}{'stability':>10}{'drift':>9}{'worst':>9}{'sharpness':>11}")
    for light, breathing in (("steady", 0.0), ("breathing", 0.01)):
        moving = still_shot(photo(), frames, breathing)
        for stability in STABILITIES:
            print(f"{light:10}{stability:10g}{holding(moving, BlendConfig(stability=stability))}", flush=True)
    print(f"\n{'fade':10}{'stability':>10}{'off by':>9}")
    for direction, gains in FADES.items():
        for stability in STABILITIES:
            print(
                f"{direction:10}{stability:10g}{lag(photo(), gains, BlendConfig(stability=stability)):9.2f}", flush=True
            )


def photo() -> Tensor:
    """Give a photo, reduced, or texture where there is none: (1, 3, h, w), 0 to 1."""
    if not PHOTO.is_file():
        return texture(HEIGHT, WIDTH)[None]
    read = cv2.imread(str(PHOTO))
    assert read is not None
    codes = cv2.cvtColor(read, cv2.COLOR_BGR2RGB)
    side = min(codes.shape[0] // HEIGHT, codes.shape[1] // WIDTH)
    small = cv2.resize(codes[: side * HEIGHT, : side * WIDTH], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255


def lit(still: Tensor, gains: Iterable[float]) -> Iterator[FrameBatch]:
    """Give a picture once for every gain, with noise that is new in each, rounded to codes as a camera does."""
    generator = torch.Generator().manual_seed(7)
    for n, gain in enumerate(gains):
        noisy = gain * still + NOISE * torch.randn(still.shape, generator=generator)
        yield FrameBatch((noisy.clamp(0, 1) * 255).round() / 255, (n,), Fraction(1, SECOND))


def still_shot(still: Tensor, frames: int, breathing: float) -> list[MovingBatch]:
    """Give a still shot with its motion; `breathing` is the light's swing around its mean."""
    gains = (1 + breathing * sin(2 * pi * n / BREATH) for n in range(frames))
    return list(estimate_motion(lit(still, gains), MotionConfig(scale=1.0)))


def hatch(images: Tensor) -> Tensor:
    """A procedural line style: edges and hatching that switch hard with the tone, so noise makes them flicker."""
    tone = smooth(images, 1.0).mean(1, keepdim=True)
    lines = (tone - smooth(tone, 2.0)) > -0.01
    row = torch.arange(tone.shape[2])[:, None] + torch.arange(tone.shape[3])
    hatched = (row % 6 >= 2) | (tone > 0.45)
    return smooth((0.15 + 0.85 * (lines & hatched)).expand_as(images).contiguous(), 0.6)


def holding(moving: list[MovingBatch], config: BlendConfig) -> Holding:
    """Draw and blend a still shot, and measure how it held."""
    drawings = [StyledBatch(batch, hatch(batch.frames.images)) for batch in moving]
    offsets, sharpness = [], []
    for drawing, blended in zip(drawings, blend(drawings, config), strict=True):
        offsets.append(brightness(blended.images) - brightness(drawing.images))
        sharpness.append(float(laplacian_variance(blended.images)))
    seconds = [mean(offsets[start : start + SECOND]) for start in range(0, len(offsets) - SECOND + 1, SECOND)]
    return Holding(
        drift=mean(offsets[-SECOND:]) - mean(offsets[:SECOND]),
        worst=max(seconds, key=abs),
        sharpness=mean(sharpness[-SECOND:]) / mean(sharpness[:SECOND]),
    )


def lag(still: Tensor, gains: list[float], config: BlendConfig) -> float:
    """Blend a picture that is drawn as it is while its light changes: how far is brightness off at worst, in codes."""
    drawings = [StyledBatch(batch, batch.frames.images) for batch in estimate_motion(lit(still, gains))]
    return max(
        abs(brightness(blended.images) - brightness(drawing.images))
        for drawing, blended in zip(drawings, blend(drawings, config), strict=True)
    )


def brightness(images: Tensor) -> float:
    """Give the mean luma of a frame in codes of 255, as an encoder would clamp it."""
    return 255 * float(luma(images.clamp(0, 1)).mean(dtype=torch.float64))


def mean(figures: list[float]) -> float:
    """Give the mean."""
    return sum(figures) / len(figures)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
