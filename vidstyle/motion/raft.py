"""RAFT, recurrent all-pairs field transforms, as a flow estimator: torchvision's networks, both ways."""

from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate, pad

from vidstyle.devices import all_cores
from vidstyle.motion.flow import Flow, MotionConfig
from vidstyle.motion.raft_weights import load_network
from vidstyle.motion.sizes import memory_for, reduced
from vidstyle.motion.visibility import consistency

_GRID = 8  # px: the network works on an eighth of the picture, and on an eighth of that
_SMALLEST = 128  # px: below this its correlation pyramid has no top
_VOLUME = 2 * 2**30  # bytes that the correlations of what is estimated at once may take, where that is not the CPU


class RaftFlow:
    """RAFT in both directions on RGB at a chosen scale, with visibility from their consistency.

    Convention: flow comes at the size at which it was found; nothing is reduced below 128 px. Sides are filled up to
    multiples of 8 and to 128 px by repeating the edge. On the CPU pairs go one by one, which is as fast and makes them
    independent of each other to the last bit; elsewhere as many together as 2 GiB of correlations hold.

    Source: Teed and Deng, RAFT: Recurrent all-pairs field transforms for optical flow, 2020.

    Raises:
        ConfigError: the weights are absent, damaged or another network's.
        OutOfMemoryError: at this scale the pictures are too large for the device.
    """

    reads: Literal["luma", "rgb"] = "rgb"

    def __init__(self, config: MotionConfig) -> None:
        self.config = config
        self._network, checksum = load_network(config.estimator, config.weights)
        self.identity: str | None = f"weights {checksum}"

    @torch.inference_mode(mode=False)
    @torch.no_grad()
    def __call__(
        self,
        current: Float[Tensor, "n c h w"],
        previous: Float[Tensor, "n c h w"],
        numbers: Sequence[tuple[int, int]] | None = None,  # noqa: ARG002
    ) -> Flow:
        """Return the flow from each current frame to its previous one, on the frames' device."""
        height, width = current.shape[-2:]
        size = reduced(height, width, max(self.config.scale, min(1.0, _SMALLEST / min(height, width))))
        self._network.to(current.device)
        step = _together(size, current.device)
        parts = [
            self._both_ways(_prepared(current[i : i + step], size), _prepared(previous[i : i + step], size), size)
            for i in range(0, len(current), step)
        ]
        return Flow(*(torch.cat(tensors) for tensors in zip(*parts, strict=True)))

    def _both_ways(self, now: Tensor, before: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        with all_cores(), memory_for(self.config.estimator, size, now.device):
            found: Tensor = self._network(
                torch.cat((now, before)), torch.cat((before, now)), num_flow_updates=self.config.updates
            )[-1]
        left, _, top, _ = _margins(size)
        found = found[:, :, top : top + size[0], left : left + size[1]]
        to_previous, to_current = found.chunk(2)
        to_previous = to_previous.contiguous()
        return to_previous, consistency(to_previous, to_current.contiguous(), boundaries=self.config.boundaries)


def _prepared(images: Tensor, size: tuple[int, int]) -> Tensor:
    rgb = images.float().expand(-1, 3, -1, -1).clamp(0, 1)
    if rgb.shape[-2:] != size:
        rgb = interpolate(rgb, size=size, mode="bilinear", antialias=True, align_corners=False)
    return pad(2 * rgb - 1, _margins(size), mode="replicate")


def _margins(size: tuple[int, int]) -> tuple[int, int, int, int]:
    """How much to add at the left, right, top and bottom."""
    height, width = (max(-(-side // _GRID) * _GRID, _SMALLEST) - side for side in size)
    return width // 2, width - width // 2, height // 2, height - height // 2


def _together(size: tuple[int, int], device: torch.device) -> int:
    if device.type == "cpu":
        return 1
    places = max(size[0], _SMALLEST) * max(size[1], _SMALLEST) // _GRID**2
    each = 2 * places**2 * 4 * 4 // 3  # both ways, four bytes, and a third more for the pyramid above
    return max(1, _VOLUME // each)
