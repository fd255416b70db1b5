"""Where a shot ends: two consecutive frames that no movement can explain."""

from enum import Enum

import cv2
import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt
from torch import Tensor

from vidstyle.errors import ConfigError
from vidstyle.motion.luma import luma
from vidstyle.motion.search import InverseSearch
from vidstyle.motion.visibility import consistency
from vidstyle.motion.warp import warp

Thumbnail = NDArray[np.uint8]
Plane = NDArray[np.float32]

_PIXELS = 160 * 90  # of a thumbnail: a pan of 30 px in a frame 640 wide is 7 px here, well within reach of DIS
_WINDOW = 9  # px, side of the neighbourhood whose structure is compared
_SURE = 0.7  # of the threshold: what is below it as if nothing moved needs no search for movement
_LONGEST_SHIFT = 0.6  # of a side: what a whip pan may leave behind between two frames
_NOISE = 3.0  # codes of 255: structure weaker than this is grain or banding, and no evidence for a cut


_BLACK, _WHITE = 24, 231  # codes of 255: a plain picture from here on is what fades come from and go to
LONGEST_FLASH = 3  # frames: what is away for longer and comes back has been a shot


class CutConfig(BaseModel):
    """Where the shot is cut, or how different two frames must be to count as a cut or a flash."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: tuple[NonNegativeInt, ...] = Field(
        default=(), description="frames of the source clip, from 0, that begin a new shot: cuts that are known already"
    )
    detect: bool = Field(default=True, description="look for cuts inside the shot; false: only those of `at`")
    threshold: float = Field(
        default=0.56,
        gt=0,
        le=1,
        description="share of the structure, 0 to 1, that no movement explains: a cut from here",
    )
    flash: float = Field(
        default=0.06,
        gt=0,
        le=1,
        description="mean change of brightness, 0 to 1, that makes a flash of up to 3 frames when it goes away again",
    )


class Change(Enum):
    """What is new between two frames: nothing but movement, the light, or the whole shot."""

    NONE = "none"
    LIGHT = "light"
    SHOT = "shot"


class CutDetector:
    """Tells a cut from movement by how much of the current frame's structure the previous one, moved along, explains.

    Convention: works on small 8-bit luma thumbnails of about 160x90 pixels. The previous one is warped along DIS flow;
    then local covariance is compared with local variance, summed over the picture. Flow can bend any texture into any
    other, so the same is asked once more where only what forward and backward flow agree on counts as explained, and
    the score is the geometric mean of the two. Pictures that are alike already as they stand need no flow; for those
    that look like a cut, what both share under one shift is compared as well, since a whip pan goes further than flow
    is searched. Brightness does not matter: slow fades and exposure changes are no cuts. Holds buffers: one instance
    for one thread.
    """

    def __init__(self, config: CutConfig | None = None) -> None:
        self.config = config or CutConfig()
        self._search = InverseSearch(stride=4, descent=12, refinement=0, finest=1)

    def is_cut(self, previous: Float[Tensor, "c h w"], current: Float[Tensor, "c h w"]) -> bool:
        """True where `current` begins a new shot. Both luma or RGB, display-referred."""
        return self.differ(thumbnail(previous), thumbnail(current))

    def differ(self, previous: Thumbnail, current: Thumbnail) -> bool:
        """True where two thumbnails show different shots, and cuts are looked for."""
        return self.config.detect and self.compare(previous, current) is Change.SHOT

    def compare(self, previous: Thumbnail, current: Thumbnail) -> Change:
        """Say what two thumbnails differ by."""
        structure, light = self.differences(previous, current)
        if structure >= self.config.threshold:
            return Change.SHOT
        return Change.LIGHT if light >= self.config.flash else Change.NONE

    def score(self, previous: Thumbnail, current: Thumbnail) -> float:
        """Give the unexplained share of structure: at most 0.5 within a shot, mostly above 0.7 across a cut."""
        return self.differences(previous, current)[0]

    def differences(self, previous: Thumbnail, current: Thumbnail) -> tuple[float, float]:
        """Give the unexplained share of structure and the mean change of local brightness, each from 0 to 1."""
        still = _unexplained(previous.astype(np.float32), current, 1.0)
        if still[0] < _SURE * self.config.threshold and still[1] < self.config.flash:
            return still  # movement could only explain more
        structure, light = _unexplained(*self._moved(previous, current))
        if structure < self.config.threshold:
            return structure, light
        # A whip pan goes further than the search does: ask again for what remains in view.
        return min((structure, light), _unexplained(*self._moved(*_overlap(previous, current))))

    def _moved(self, previous: Thumbnail, current: Thumbnail) -> tuple[Plane, Thumbnail, Plane | float]:
        if min(current.shape) < 2 * _WINDOW:
            return previous.astype(np.float32), current, 1.0
        to_previous, to_current = self._search(current, previous), self._search(previous, current)
        moved = warp(torch.from_numpy(previous.astype(np.float32))[None, None], to_previous, "bilinear")
        return moved[0, 0].numpy(), current, consistency(to_previous, to_current, boundaries=False)[0, 0].numpy()


def is_blank(picture: Thumbnail) -> bool:
    """True where there is nothing to be seen but black or white with its grain, as between two fades."""
    return float(picture.std()) < _NOISE and not _BLACK < float(picture.mean()) < _WHITE


def parse_cuts(text: str) -> tuple[int, ...]:
    """Read frame numbers with commas between them: `12,40`. Raises ConfigError on anything else."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdecimal() for part in parts):
        raise ConfigError(f"--cuts {text!r} is no list of frame numbers from 0; write 12,40", key="motion.cuts.at")
    return tuple(int(part) for part in parts)


def thumbnail(frame: Float[Tensor, "c h w"]) -> Thumbnail:
    """Reduce a frame to the 8-bit luma that cuts are found on."""
    plane = luma(frame[None])[0, 0].detach().cpu().numpy()
    ratio = min((_PIXELS / plane.size) ** 0.5, 1.0)
    height, width = (max(round(side * ratio), 1) for side in plane.shape)
    small = cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(small * 255.0 + 0.5, 0, 255), dtype=np.uint8)


def _unexplained(moved: Plane, current: Thumbnail, trusted: Plane | float) -> tuple[float, float]:
    """Give the share of structure that `moved` does not explain, where trusted at all, and the change of brightness."""
    present = current.astype(np.float32)
    mean_moved, mean_present = _mean(moved), _mean(present)
    together = _mean(moved * present) - mean_moved * mean_present
    alone = float(np.sum(_mean(moved * moved) - mean_moved**2) + np.sum(_mean(present * present) - mean_present**2))
    floor = 2 * _NOISE**2 * present.size
    explained, explained_in_trust = float(np.sum(together)), float(np.sum(together * trusted))
    left, left_in_trust = (1 - (2 * part + floor) / (alone + floor) for part in (explained, explained_in_trust))
    structure = min((max(left, 0.0) * max(left_in_trust, 0.0)) ** 0.5, 1.0)
    return float(structure), float(np.abs(mean_present - mean_moved).mean()) / 255


def _overlap(previous: Thumbnail, current: Thumbnail) -> tuple[Thumbnail, Thumbnail]:
    """Cut both pictures to what they share when one is shifted as a whole onto the other; at least 2/5 of each side."""
    window = cv2.createHanningWindow(current.shape[::-1], cv2.CV_32F)
    shift, _ = cv2.phaseCorrelate(previous.astype(np.float32), current.astype(np.float32), window)
    for axis, length in enumerate(current.shape):
        far = _LONGEST_SHIFT * length
        steps = round(min(max(shift[1 - axis], -far), far))
        keep = length - abs(steps)
        previous = previous.take(range(max(0, -steps), max(0, -steps) + keep), axis)
        current = current.take(range(max(0, steps), max(0, steps) + keep), axis)
    return np.ascontiguousarray(previous), np.ascontiguousarray(current)


def _mean(plane: Plane) -> Plane:
    return np.asarray(cv2.blur(plane, (_WINDOW, _WINDOW)), dtype=np.float32)
