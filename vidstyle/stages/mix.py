"""The last step: how much of the blended picture goes into the source, where and when."""

import copy
from collections.abc import Iterator
from fractions import Fraction

import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.frames import FrameBatch
from vidstyle.stages.colour import BT709, LumaWeights, keep_colour
from vidstyle.stages.curve import Strengths
from vidstyle.stages.step import BlendConfig

_FAINT = 0.1  # strength up to which an adjustable style is mixed: its own 0 is not quite the frame


class Mix:
    """Mixes blended pictures into the frames: out = frame + m (D + s (K(blended) - D) - frame).

    Convention: s is the strength at the frame's own time; m the mask, 0 to 1 in each pixel; K gives the picture the
    source's colour; D is the frame that the drawing was made of, another one than the frame itself only where a drawing
    is held. Where s or m is 0 the result is the frame, bit for bit. Frames must come in their order. All of this stands
    behind the recurrence, which so never remembers a half-strength picture. An adjustable style has already drawn as
    strongly as it was told; for it s is 1 from strength 0.1 on, and 10 times the strength below.

    Args:
        config: how strong, and whose colour.
        first: number in the clip of the first frame that comes.
        origin: when the clip's first frame is shown, seconds.
        masks: one for each frame that comes; None: 1 everywhere.
        weights: of the luma, for the source's colour.
        adjustable: the style has drawn at the strength.
    """

    def __init__(
        self,
        config: BlendConfig,
        *,
        first: int = 0,
        origin: Fraction = Fraction(0),
        masks: Iterator[Tensor] | None = None,
        weights: LumaWeights = BT709,
        adjustable: bool = False,
    ) -> None:
        self._strengths = Strengths(config.strength, first=first, origin=origin)
        self._whole = _FAINT if adjustable else 1.0
        self._amount = config.preserve_color
        self._masks = masks
        self._weights = weights

    def __call__(
        self, frames: FrameBatch, drawn: Float[Tensor, "n 3 h w"], blended: Float[Tensor, "n 3 h w"]
    ) -> Float[Tensor, "n 3 h w"]:
        """Give the finished pictures of a batch; `drawn` are the frames that `blended` was drawn from."""
        if self._amount:
            blended = keep_colour(drawn, blended, self._amount, self._weights)
        strengths = [min(1.0, strength / self._whole) for strength in self._strengths.of(frames)]
        mixed = blended
        if any(strength != 1 for strength in strengths):
            mixed = torch.lerp(drawn, blended, frames.images.new_tensor(strengths)[:, None, None, None])
        if self._masks is not None:
            mixed = torch.lerp(frames.images, mixed, torch.stack([next(self._masks) for _ in frames.pts]))
        for index in (index for index, strength in enumerate(strengths) if strength == 0):
            mixed[index] = frames.images[index]
        return mixed

    @property
    def strengths(self) -> Strengths:
        """The strength of each frame from here on, to be told to an adjustable style."""
        return copy.copy(self._strengths)
