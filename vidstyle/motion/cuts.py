"""Where a shot ends: two consecutive frames that no movement can explain."""

import cv2
import numpy as np
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d


class CutConfig(BaseModel):
    """How different two consecutive frames must be to count as a cut."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    detect: bool = Field(default=True, description="look for cuts inside the shot; false: the shot has none")
    threshold: float = Field(default=0.5, gt=0, le=1, description="score from which on it is a cut; score is 0 to 1")


class CutDetector:
    """Tells a cut from movement by how well the previous frame, moved along, explains the current one."""

    def __init__(self, config: CutConfig | None = None) -> None:
        self.config = config or CutConfig()

    def is_cut(self, previous: Float[Tensor, "3 h w"], current: Float[Tensor, "3 h w"]) -> bool:
        """True where `current` begins a new shot. Both RGB, display-referred."""
        return self.config.detect and self.score(previous, current) >= self.config.threshold

    def score(self, previous: Float[Tensor, "3 h w"], current: Float[Tensor, "3 h w"]) -> float:
        """Give 0 for the same picture and 1 for pictures without anything in common: 1 - histogram correlation."""
        first, second = (
            cv2.calcHist(
                [adaptive_avg_pool2d(frame.detach().cpu(), (72, 128)).permute(1, 2, 0).contiguous().numpy()],
                [0, 1, 2],
                None,
                [8, 8, 8],
                [0.0, 1.001] * 3,
            )
            for frame in (previous, current)
        )
        return float(np.clip(1 - cv2.compareHist(first, second, cv2.HISTCMP_CORREL), 0, 1))
