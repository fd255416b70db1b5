"""What flows between the stages: frames with their marks, their motion, their stylized and their blended pictures."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from vidstyle.frames import FrameBatch
from vidstyle.motion import Flow


@dataclass(frozen=True, slots=True)
class MovingBatch:
    """N consecutive frames, each with its motion against the frame that the recurrence last remembered.

    Convention:
        restarts  True where frame i is the first of the stream or follows a cut: whatever was remembered of earlier
                  frames is to be forgotten.
        drawn     False where the drawing before is held: such a frame is neither stylized nor blended. Empty: all are
                  drawn. A restart always is.
        flashes   True where frame i stands alone in its light: it sees no past, and is not remembered. Empty: none.
        flow      from each drawn frame to the last one before it that was drawn and is no flash: the frame before,
                  unless there are holds and flashes. Zero, and nothing visible, at restarts, flashes and held frames.
    """

    frames: FrameBatch
    flow: Flow
    restarts: tuple[bool, ...]
    drawn: tuple[bool, ...] = ()
    flashes: tuple[bool, ...] = ()

    def __post_init__(self) -> None:
        n, _, height, width = self.frames.images.shape
        object.__setattr__(self, "drawn", self.drawn or (True,) * n)
        object.__setattr__(self, "flashes", self.flashes or (False,) * n)
        lengths = [len(marks) for marks in (self.restarts, self.drawn, self.flashes)]
        if self.flow.to_previous.shape != (n, 2, height, width) or lengths != [n, n, n]:
            found = f"flow {tuple(self.flow.to_previous.shape)} and {lengths} restarts, drawn and flashes"
            raise ValueError(f"{found} for images {tuple(self.frames.images.shape)}")
        if any(restart and not drawn for restart, drawn in zip(self.restarts, self.drawn, strict=True)):
            raise ValueError("a shot begins with a held frame; its first frame must be drawn")

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True, slots=True)
class StyledBatch:
    """N consecutive frames with their motion and what the generator made of each drawn one alone.

    Convention: `images` are display-referred RGB like the source frames and of their size: one for every frame that is
    drawn, in their order, so m is n where nothing is held.
    """

    moving: MovingBatch
    images: Float[Tensor, "m 3 h w"]

    def __post_init__(self) -> None:
        _, *size = self.moving.frames.images.shape
        expected = (sum(self.moving.drawn), *size)
        if tuple(self.images.shape) != expected:
            raise ValueError(f"stylized images are {tuple(self.images.shape)}; expected {expected}")

    def __len__(self) -> int:
        return len(self.moving)


@dataclass(frozen=True, slots=True)
class BlendedBatch:
    """N consecutive frames, what came of them, and why: for whoever watches the blend.

    Convention: `images` are the finished pictures, strength mixed in; `weight` is the share of the past in each pixel,
    0 to 1, before strength; a held frame repeats both.
    """

    styled: StyledBatch
    images: Float[Tensor, "n 3 h w"]
    weight: Float[Tensor, "n 1 h w"]
