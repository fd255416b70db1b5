"""What flows between the stages: frames with their motion, and then with their stylized pictures."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from vidstyle.frames import FrameBatch
from vidstyle.motion import Flow


@dataclass(frozen=True, slots=True)
class MovingBatch:
    """N consecutive frames, each with its motion against the frame before it.

    Convention: restarts[i] is True where frame i is the first of the stream or follows a cut: its flow and visibility
    are zero, and whatever was remembered of earlier frames is to be forgotten.
    """

    frames: FrameBatch
    flow: Flow
    restarts: tuple[bool, ...]

    def __post_init__(self) -> None:
        n, _, height, width = self.frames.images.shape
        if self.flow.to_previous.shape != (n, 2, height, width) or len(self.restarts) != n:
            found = f"flow {tuple(self.flow.to_previous.shape)} and {len(self.restarts)} restarts"
            raise ValueError(f"{found} for images {tuple(self.frames.images.shape)}")

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True, slots=True)
class StyledBatch:
    """N consecutive frames with their motion and what the generator made of each of them alone.

    Convention: `images` are display-referred RGB like the source frames and of their size.
    """

    moving: MovingBatch
    images: Float[Tensor, "n 3 h w"]

    def __post_init__(self) -> None:
        if self.images.shape != self.moving.frames.images.shape:
            expected = tuple(self.moving.frames.images.shape)
            raise ValueError(f"stylized images are {tuple(self.images.shape)}; expected {expected}")

    def __len__(self) -> int:
        return len(self.moving)
