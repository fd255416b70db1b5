"""Motion vectors that another program made: flow data sets, and vector passes of 3-D renders."""

from collections.abc import Iterable, Sequence
from typing import Literal

import cv2
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from vidstyle.errors import ConfigError
from vidstyle.motion.flow import Flow, MotionConfig
from vidstyle.motion.inverse import inverse
from vidstyle.motion.luma import luma
from vidstyle.motion.vector_files import VectorFiles
from vidstyle.motion.vector_formats import VectorField, Vectors, read_field
from vidstyle.motion.visibility import consistency
from vidstyle.motion.warp import warp

_NOWHERE = 1e4  # px: a way back that leads there agrees with none
_UNLIKE = 0.1  # of luma, averaged over 3x3 px: a point that looks so different is not the same one


class VectorFlow:
    """Reads the motion of each frame from a file instead of estimating it.

    Convention: flow comes at the files' own size. Frame f takes the vectors to the previous frame from its own file
    and those to the next one from the file of f - 1; motion towards a later frame follows the latter. What points only
    the other way is turned round by carrying each point along its vector. Where both ways are in the files, visible is
    what agrees; where one is, the other is made from it, and what looks different in the two frames is not trusted
    either.

    Raises:
        ConfigError: no files, the file of a frame is absent, damaged or holds something else.
        PluginError: OpenEXR is needed and not installed.
    """

    reads: Literal["luma", "rgb"] = "luma"
    identity: str | None = None  # the pictures alone do not say what the files hold

    def __init__(self, config: MotionConfig) -> None:
        self._config = config
        self._files = VectorFiles(config.vectors)
        self._kept: dict[int, VectorField] = {}
        sample = self._field(self._files.some_frame)
        self._backward, self._forward = sample.to_previous is not None, sample.to_next is not None

    def require(self, frames: Iterable[int]) -> None:
        """Look whether the files are there by which those frames find their past. Raises ConfigError if one isn't."""
        for frame in frames:
            if self._backward:
                self._files.path(frame)
            if self._forward:
                self._files.path(frame - 1)

    def __call__(
        self,
        current: Float[Tensor, "n c h w"],
        previous: Float[Tensor, "n c h w"],
        numbers: Sequence[tuple[int, int]] | None = None,
    ) -> Flow:
        """Return the flow from each current frame to its previous one, on the frames' device."""
        if numbers is None:
            raise ConfigError(
                "motion vectors belong to numbered frames of a clip, and nobody numbered these; "
                "use another motion.estimator here",
                key="motion.estimator",
            )
        now, before = luma(current), luma(previous)
        found = [
            self._flow(pair, now[i : i + 1], before[i : i + 1]).to(current.device) for i, pair in enumerate(numbers)
        ]
        return Flow.joined(found)

    def _flow(self, pair: tuple[int, int], now: Tensor, before: Tensor) -> Flow:
        earlier, later = sorted(pair)
        back = self._to_previous(later, earlier) if self._backward else None
        on = self._to_next(later, earlier) if self._forward else None
        there, home = (back, on) if pair[0] == later else (on, back)  # from the current frame, and to it
        if there is not None and home is not None:
            return self._trusted(there, home)
        if there is not None:
            now, before = _reduced(now, there), _reduced(before, there)
            home, _ = inverse(there, now, before)
        elif home is not None:
            now, before = _reduced(now, home), _reduced(before, home)
            there, landed = inverse(home, before, now)
            there = torch.where(landed > 0, there, torch.nan)
        else:
            raise _error("the first file holds none")
        flow = self._trusted(there, home)
        return Flow(flow.to_previous, flow.visibility * _alike(now, before, flow.to_previous))

    def _trusted(self, to_previous: Tensor, to_current: Tensor) -> Flow:
        known = to_previous.isfinite().all(1, keepdim=True)
        if to_previous.shape != to_current.shape:
            raise _error("those to the previous frame and those to the next one differ in size")
        found = to_previous.nan_to_num(0.0, 0.0, 0.0)
        back = to_current.nan_to_num(_NOWHERE, _NOWHERE, _NOWHERE)
        return Flow(found, known * consistency(found, back, boundaries=self._config.boundaries))

    def _to_previous(self, number: int, earlier: int) -> Tensor:
        return _chained(self._tensor(frame, self._field(frame).to_previous) for frame in range(number, earlier, -1))

    def _to_next(self, number: int, earlier: int) -> Tensor:
        return _chained(self._tensor(frame, self._field(frame).to_next) for frame in range(earlier, number))

    def _tensor(self, number: int, vectors: Vectors | None) -> Tensor:
        if vectors is None:
            raise _error(f"{self._files.path(number)} lacks channels that the first file has")
        return torch.from_numpy(vectors).permute(2, 0, 1)[None].contiguous()

    def _field(self, number: int) -> VectorField:
        if number not in self._kept:
            path = self._files.path(number)
            self._kept = {key: field for key, field in self._kept.items() if abs(key - number) == 1}
            self._kept[number] = read_field(path, self._config.vectors)
        return self._kept[number]


def _chained(steps: Iterable[Tensor]) -> Tensor:
    """Follow one step after the other: the motion over several frames."""
    whole: Tensor | None = None
    for step in steps:
        if whole is not None and whole.shape != step.shape:
            sizes = " and ".join(f"{flow.shape[3]}x{flow.shape[2]}" for flow in (whole, step))
            raise _error(f"those of neighbouring frames differ in size: {sizes}")
        whole = step if whole is None else whole + warp(step, whole, "bilinear")
    if whole is None:
        raise _error("a frame has no motion to itself")
    return whole


def _reduced(plane: Tensor, like: Tensor) -> Tensor:
    height, width = like.shape[-2:]
    small = cv2.resize(plane[0, 0].detach().cpu().numpy(), (width, height), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(small)[None, None]


def _alike(now: Tensor, before: Tensor, to_previous: Tensor) -> Tensor:
    gap = (now - warp(before, to_previous, "bilinear")).abs()
    mean: Tensor = avg_pool2d(pad(gap, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    return (mean < _UNLIKE).float()


def _error(reason: str) -> ConfigError:
    return ConfigError(f"motion vectors: {reason}", key="motion.vectors")
