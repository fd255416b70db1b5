"""Stability against ground truth: flow and occlusion that a renderer gave, not an estimator."""

import math
import re
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.errors import ConfigError
from vidstyle.measure.warping import error_map
from vidstyle.motion import Flow
from vidstyle.motion.vector_formats import read_flo

_HIDDEN = 128  # of 255, in an occlusion mask
_NUMBER = re.compile(r"(\d+)\D*$")


class GroundTruth:
    """The forward flow of every frame of a clip, from a folder.

    Convention: one .flo file a frame, named by number; the lowest is the clip's frame 0. The flow of frame t lives on
    t and points to t + 1. A PNG of the same stem, beside it or in the folder `occlusions`, marks in white (from 128 of
    255) what is hidden in t + 1, as MPI-Sintel does; what leaves the picture counts as hidden in any case.

    Raises:
        ConfigError: there is no .flo file, or no mask in a folder that was named for them.
    """

    def __init__(self, folder: Path, occlusions: Path | None = None) -> None:
        self._flows = _numbered(folder, ".flo")
        if not self._flows:
            raise ConfigError(f"{folder} holds no .flo file; name the folder of the forward flow", key="truth")
        self._masks = _numbered(occlusions or folder, ".png")
        if occlusions is not None and not self._masks:
            raise ConfigError(f"{occlusions} holds no PNG; name the folder of the occlusion masks", key="occlusions")
        self._folder = folder
        self._first = min(self._flows)

    @property
    def masked(self) -> bool:
        """Whether there are occlusion masks."""
        return bool(self._masks)

    def flow(self, frame: int, height: int, width: int) -> Flow:
        """Give the flow from that frame of the clip to the next one. Raises ConfigError where it is absent or unfit."""
        number = self._first + frame
        if number not in self._flows:
            found = f"numbers {self._first} to {max(self._flows)}"
            raise ConfigError(
                f"{self._folder}: no .flo file for frame {frame}, number {number}; found {found}", key="truth"
            )
        to_next = torch.from_numpy(read_flo(self._flows[number])).permute(2, 0, 1)[None]
        if to_next.shape[-2:] != (height, width):
            size = f"{to_next.shape[3]}x{to_next.shape[2]}"
            raise ConfigError(f"{self._flows[number]} is {size}, the clips are {width}x{height}", key="truth")
        known = to_next.isfinite().all(1, keepdim=True)
        visible = known & _inside(to_next)
        if self._masks:
            visible &= ~self._hidden(number, height, width)
        return Flow(to_next.where(known, torch.zeros(())), visible.float())

    def _hidden(self, number: int, height: int, width: int) -> Tensor:
        if number not in self._masks:
            raise ConfigError(
                f"{self._folder}: frame number {number} has a flow but no occlusion mask", key="occlusions"
            )
        mask = cv2.imread(str(self._masks[number]), cv2.IMREAD_GRAYSCALE)
        if mask is None or mask.shape != (height, width):
            found = "no picture" if mask is None else f"{mask.shape[1]}x{mask.shape[0]}"
            raise ConfigError(f"{self._masks[number]} is {found}, the clips are {width}x{height}", key="occlusions")
        return torch.from_numpy(np.asarray(mask) >= _HIDDEN)[None, None]


class StabilityErrors:
    """e_stab of several clips: the root of the mean squared warp error along the true flow.

    Convention: per channel, RGB 0 to 1; the mean is over all pixels of the picture, hidden ones counting as 0, as the
    published figures have it.

    Source: Huang et al. 2017, Real-Time Neural Style Transfer for Videos; Gao et al. 2018, ReCoNet, section on
    quantitative evaluation.
    """

    def __init__(self, truth: GroundTruth) -> None:
        self._truth = truth
        self._past: dict[str, Tensor] = {}
        self._sums: dict[str, float] = {}
        self._pairs = 0

    def add(self, number: int, frames: Mapping[str, Float[Tensor, "1 3 h w"]]) -> None:
        """Take the next frame of every clip; `number` is the source's."""
        if self._past:
            flow = self._truth.flow(number - 1, *next(iter(frames.values())).shape[-2:])
            for name, frame in frames.items():
                error = float(error_map(self._past[name], frame, flow).mean(dtype=torch.float64))
                self._sums[name] = self._sums.get(name, 0.0) + error
            self._pairs += 1
        self._past = {name: frame.clone() for name, frame in frames.items()}

    def value(self, name: str) -> float | None:
        """Give the clip's e_stab; None before there was a pair."""
        return math.sqrt(self._sums[name] / self._pairs) if name in self._sums else None


def _numbered(folder: Path, suffix: str) -> dict[int, Path]:
    numbers = ((_NUMBER.search(path.stem), path) for path in sorted(folder.glob(f"*{suffix}")))
    return {int(number[1]): path for number, path in numbers if number}


def _inside(to_next: Float[Tensor, "1 2 h w"]) -> Tensor:
    height, width = to_next.shape[-2:]
    x = to_next[:, :1] + torch.arange(width)
    y = to_next[:, 1:] + torch.arange(height)[:, None]
    inside: Tensor = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    return inside
