"""Generators that remember: their memory is moved along with the picture, from drawn frame to drawn frame."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from vidstyle.backends import device_failures
from vidstyle.motion import Flow, warp
from vidstyle.motion.sizes import resized
from vidstyle.networks import Padding, RecurrentGenerator, Style
from vidstyle.stages.batches import MovingBatch
from vidstyle.stages.blend import Memory


def draw_in_order(
    batch: MovingBatch, style: Style, generator: RecurrentGenerator, memory: Memory
) -> Float[Tensor, "m 3 h w"]:
    """Give the style's pictures of the frames that are drawn, each made with the moved memory of the one before.

    Convention: `memory.drawing` is what the generator remembers, None before the first frame; a restart forgets it, a
    flash neither sees nor changes it. The result does not depend on how frames are divided into batches.
    """
    padding = Padding(multiple=generator.multiple)
    made = []
    for index, drawn in enumerate(batch.drawn):
        if not drawn:
            continue
        now = slice(index, index + 1)
        past = None if batch.restarts[index] or batch.flashes[index] else memory.drawing
        images = batch.frames.images[now]
        encoded = padding.pad(style.encode(images))
        with torch.inference_mode(), device_failures(images):
            moved = (None, None) if past is None else moved_along(past, batch.flow[now], encoded)
            picture, remembered = generator.step(encoded, *moved)
        memory.drawing = memory.drawing if batch.flashes[index] else remembered
        made.append(style.decode(padding.crop(picture, like=images)))
    return torch.cat(made) if made else batch.frames.images[:0]


def moved_along(
    memory: Float[Tensor, "1 c mh mw"], flow: Flow, like: Float[Tensor, "1 3 ph pw"]
) -> tuple[Float[Tensor, "1 c mh mw"], Float[Tensor, "1 1 ph pw"]]:
    """Move a memory of any size to the current frame; gives it with its visibility at the padded picture's size.

    Convention: what was added to fill the picture up moves like its edge.
    """
    height, width = flow.visibility.shape[-2:]
    around = (0, like.shape[-1] - width, 0, like.shape[-2] - height)
    filled = Flow(*(pad(part, around, mode="replicate") for part in (flow.to_previous, flow.visibility)))
    small = resized(filled, *memory.shape[-2:])
    return warp(memory, small.to_previous, "bilinear"), filled.visibility
