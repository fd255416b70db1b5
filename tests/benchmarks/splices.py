"""Sequences with known cuts, spliced from real frames: what `tests.benchmarks.cuts` asks the detectors."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.uint8]  # (n, h, w, 3) RGB
LENGTH = 24  # frames of each part


@dataclass(frozen=True)
class Case:
    """Frames, and the intervals of frame numbers, both ends included, in each of which one shot ends."""

    kind: str
    frames: Frames
    cuts: tuple[tuple[int, int], ...] = ()


def splices(clips: list[Frames], seed: int, rounds: int) -> Iterator[Case]:
    """Give every kind of sequence `rounds` times, from `clips` that have no cut of their own."""
    random = np.random.default_rng(seed)
    for _ in range(rounds):
        for make in KINDS:
            one, other = random.choice(len(clips), 2, replace=False)
            yield make(_part(clips[one], random), _part(clips[other], random), random)


def _part(clip: Frames, random: np.random.Generator) -> Frames:
    start = random.integers(0, len(clip) - 3 * LENGTH)
    return clip[start : start + 3 * LENGTH]  # long enough for a jump


def hard(one: Frames, other: Frames, random: np.random.Generator) -> Case:
    """Join two places."""
    return Case("hard", np.concatenate([one[:LENGTH], other[:LENGTH]]), ((LENGTH, LENGTH),))


def noisy(one: Frames, other: Frames, random: np.random.Generator) -> Case:
    """Join two places, darkened, under strong grain."""
    frames = 0.35 * np.concatenate([one[:LENGTH], other[:LENGTH]]).astype(np.float32)
    return Case("hard, dark, grain", _codes(frames + random.normal(0, 10, frames.shape)), ((LENGTH, LENGTH),))


def closer(one: Frames, other: Frames, random: np.random.Generator) -> Case:
    """Cut from a shot to a closer view of the same subject."""
    height, width = one.shape[1:3]
    top, left = random.integers(0, height // 2), random.integers(0, width // 2)
    crops = one[2 * LENGTH :, top : top + height // 2, left : left + width // 2]
    zoomed = np.stack([cv2.resize(crop, (width, height), interpolation=cv2.INTER_CUBIC) for crop in crops])
    return Case("same place, closer", np.concatenate([one[:LENGTH], zoomed]), ((LENGTH, LENGTH),))


def dissolve(one: Frames, other: Frames, random: np.random.Generator) -> Case:
    """Dissolve within 4 to 16 frames."""
    return _dissolve(one, other, int(random.integers(4, 17)), "dissolve, 4 to 16")


def short_dissolve(one: Frames, other: Frames, random: np.random.Generator) -> Case:
    """Cut with one or two mixed frames, as converted frame rates have it."""
    return _dissolve(one, other, int(random.integers(1, 3)), "mixed frames, 1 to 2")


def _dissolve(one: Frames, other: Frames, length: int, kind: str) -> Case:
    share = (np.arange(1, length + 1) / (length + 1))[:, None, None, None]
    mixed = _codes((1 - share) * one[LENGTH : LENGTH + length] + share * other[:length])
    frames = np.concatenate([one[:LENGTH], mixed, other[length : length + LENGTH]])
    return Case(kind, frames, ((LENGTH, LENGTH + length),))


def fade(one: Frames, other: Frames, random: np.random.Generator) -> Case:
    """Fade to black and out of it again, 6 to 20 frames each, 1 to 8 frames black."""
    down, black, up = (int(random.integers(*limits)) for limits in ((6, 21), (1, 9), (6, 21)))
    falling = one[LENGTH : LENGTH + down] * np.linspace(1, 0, down)[:, None, None, None]
    rising = other[:up] * np.linspace(0, 1, up)[:, None, None, None]
    middle = np.zeros((black, *one.shape[1:]), np.uint8)
    frames = np.concatenate([one[:LENGTH], _codes(falling), middle, _codes(rising), other[up : up + LENGTH]])
    start = LENGTH + down - 2
    return Case("fade through black", frames, ((start, start + black + 6),))


def flash(one: Frames, other: Frames, random: np.random.Generator) -> Case:
    """Light up 1 to 3 frames, more in the middle than at the edges, up to white."""
    frames = one[: 2 * LENGTH].astype(np.float32)
    height, width = one.shape[1:3]
    away = np.hypot(*np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height)))[..., None]
    for n in range(int(random.integers(1, 4))):
        frames[LENGTH + n] += random.uniform(60, 255) * np.exp(-random.uniform(0, 1) * away**2)
    return Case("flash, 1 to 3", _codes(frames))


def white(one: Frames, other: Frames, random: np.random.Generator) -> Case:
    """Put 1 to 3 white, black or strange frames into a shot."""
    frames, length = one[: 2 * LENGTH].copy(), int(random.integers(1, 4))
    filling = [255, 0, other[:length]][random.integers(3)]
    frames[LENGTH : LENGTH + length] = filling
    return Case("flash frames, 1 to 3", frames)


def light(one: Frames, other: Frames, random: np.random.Generator) -> Case:
    """Change the exposure for good, within 1 to 6 frames."""
    gain = random.choice([0.5, 0.7, 1.5, 2.0])
    course = np.interp(np.arange(2 * LENGTH), [LENGTH, LENGTH + random.integers(1, 7)], [1, gain])
    return Case("change of light", _codes(one[: 2 * LENGTH] * course[:, None, None, None]))


def whip(one: Frames, other: Frames, random: np.random.Generator) -> Case:
    """Whip the camera over a place mirrored sideways, up to a quarter of the width a frame, with motion blur."""
    width = one.shape[2]
    fastest = random.uniform(0.1, 0.25) * width
    speed = fastest * np.sin(np.linspace(0, np.pi, 2 * LENGTH)) ** 2
    place = np.concatenate([one[0], one[0][:, ::-1]] * 2, axis=1)
    frames = []
    for position, step in zip(np.cumsum(speed), speed, strict=True):
        blurred = cv2.blur(place, (max(1, round(step / 2)), 1))
        frames.append(np.roll(blurred, -round(position), axis=1)[:, width // 2 : width // 2 + width])
    return Case("whip pan", np.stack(frames))


def grain(one: Frames, other: Frames, random: np.random.Generator) -> Case:
    """Nothing but a shot, darkened, under strong grain."""
    frames = 0.35 * one[: 2 * LENGTH].astype(np.float32)
    return Case("dark, grain", _codes(frames + random.normal(0, 10, frames.shape)))


def plain(one: Frames, other: Frames, random: np.random.Generator) -> Case:
    """Nothing but a shot at double speed."""
    return Case("double speed", one[: 2 * LENGTH : 2])


KINDS: tuple[Callable[[Frames, Frames, np.random.Generator], Case], ...] = (
    *(hard, noisy, closer, short_dissolve, dissolve, fade),
    *(flash, white, light, whip, grain, plain),
)


def _codes(frames: NDArray[np.floating]) -> Frames:
    return np.clip(np.rint(frames), 0, 255).astype(np.uint8)
