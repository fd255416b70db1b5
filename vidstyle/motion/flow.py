"""Where pixels were in the frame before, what of it can be trusted, and the plug point for those who find out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from vidstyle.motion.cuts import CutConfig
from vidstyle.motion.vector_files import VectorConfig
from vidstyle.registry import Registry


@dataclass(frozen=True, slots=True)
class Flow:
    """Motion of N frames, each against the frame before it.

    Convention:
        to_previous  pixels (dx, dy), x to the right and y down, from the current frame TO the previous one: what is
                     now at p was at p + to_previous(p).
        visibility   1 where that can be trusted, 0 where p was hidden or outside in the previous frame.
    """

    to_previous: Float[Tensor, "n 2 h w"]
    visibility: Float[Tensor, "n 1 h w"]

    def __post_init__(self) -> None:
        n, _, height, width = self.to_previous.shape
        if self.to_previous.shape[1] != 2 or self.visibility.shape != (n, 1, height, width):  # noqa: PLR2004
            found = f"{tuple(self.to_previous.shape)} and {tuple(self.visibility.shape)}"
            raise ValueError(f"flow and visibility of {found}; expected (n, 2, h, w) and (n, 1, h, w)")

    def __len__(self) -> int:
        return int(self.to_previous.shape[0])

    def __getitem__(self, frames: slice) -> "Flow":
        return Flow(self.to_previous[frames], self.visibility[frames])

    def to(self, device: torch.device) -> "Flow":
        """Give the same motion on `device`."""
        return Flow(self.to_previous.to(device), self.visibility.to(device))

    @classmethod
    def joined(cls, flows: Sequence["Flow"]) -> "Flow":
        """Put the motion of several frames, in their order, into one."""
        return cls(torch.cat([flow.to_previous for flow in flows]), torch.cat([flow.visibility for flow in flows]))

    @classmethod
    def unknown(cls, n: int, height: int, width: int, device: torch.device | None = None) -> "Flow":
        """Give the motion of frames that have no past: no movement, and nothing visible of what was before."""
        return cls(torch.zeros(n, 2, height, width, device=device), torch.zeros(n, 1, height, width, device=device))


class MotionConfig(BaseModel):
    """How motion between consecutive frames is found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    estimator: str = Field(default="dis", description="a name in motion.FLOW_ESTIMATORS")
    preset: Literal["ultrafast", "fast", "balanced", "medium"] = Field(
        default="balanced", description="dis: how carefully"
    )
    boundaries: bool = Field(default=False, description="trust nothing at motion boundaries either: safer, less still")
    scale: float = Field(default=0.5, gt=0, le=1, description="size of the pictures that flow is estimated on, of 1")
    weights: str | None = Field(default=None, description="raft: path of its weights, or torchvision to download them")
    updates: int = Field(default=12, ge=1, le=64, description="raft: how often it refines what it found")
    vectors: VectorConfig = Field(default_factory=VectorConfig, description="vectors: what another program made")
    cache: Path | None = Field(default=None, description="folder that keeps motion for the next render of the shot")
    cache_limit: float = Field(default=20.0, gt=0, description="size of that folder in GB, oldest leave first")
    cuts: CutConfig = Field(default_factory=CutConfig, description="where one shot ends and the next begins")


@runtime_checkable
class FlowEstimator(Protocol):
    """Finds the motion of each current frame against its previous one.

    Convention: `reads` says what it looks at: `luma` (n, 1, h, w) or `rgb` (n, 3, h, w), display-referred, 0 to 1;
    given RGB, an estimator that reads luma makes it itself. Flow comes at any size, in pixels of that size, on the
    frames' device; `build_estimator` sees to it that the frames' own size comes out. `numbers` are those of each
    current frame and of its previous one in the source clip, from 0, mostly but not always neighbours (flashes, held
    drawings); None where nobody knows them. Each pair is estimated by itself. An estimator may hold buffers: use one
    instance in one thread.

    An attribute `identity: str | None` may say what else the answers depend on beside the pictures and the settings,
    such as a version or the weights' checksum; None where nothing in the program knows, so that nothing is cached.
    """

    reads: Literal["luma", "rgb"]

    def __call__(
        self,
        current: Float[Tensor, "n c h w"],
        previous: Float[Tensor, "n c h w"],
        numbers: Sequence[tuple[int, int]] | None = None,
    ) -> Flow:
        """Return the flow from each current frame to its previous one; most have no use for the numbers."""
        ...


FLOW_ESTIMATORS: Registry[Callable[[MotionConfig], FlowEstimator]] = Registry(
    "flow_estimators",
    {
        "dis": "vidstyle.motion.dis:DisFlow",
        "farneback": "vidstyle.motion.farneback:FarnebackFlow",
        "raft-small": "vidstyle.motion.raft:RaftFlow",
        "raft-large": "vidstyle.motion.raft:RaftFlow",
        "vectors": "vidstyle.motion.vectors:VectorFlow",
    },
)
