"""The network sees a scaled picture, so that brushes have a size of their own; lost detail comes from the frame."""

from dataclasses import replace

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from vidstyle.frames import FrameBatch
from vidstyle.motion.sizes import reduced, resized
from vidstyle.stages.batches import MovingBatch
from vidstyle.stages.colour import luma_of

_SMALLEST = 16  # px a side; what generators can see at all
_REACH = 2  # px of the small picture around each pixel in which picture and luma are held against each other
_NOISE = 0.02**2  # variance of luma that counts as none: in flat parts the frame has nothing to say


def seen_at(batch: MovingBatch, scale: float) -> MovingBatch:
    """Give a batch as the network shall see it, `scale` times as large; its flow is in px of that size."""
    _, _, height, width = batch.frames.images.shape
    height, width = reduced(height, width, scale, _SMALLEST)
    frames = FrameBatch(_sized(batch.frames.images, height, width), batch.frames.pts, batch.frames.time_base)
    return replace(batch, frames=frames, flow=resized(batch.flow, height, width))


def drawn_frames(batch: MovingBatch) -> Float[Tensor, "m 3 h w"]:
    """Give the frames that are drawn; all of them, uncopied, where none is held."""
    images = batch.frames.images
    return images if all(batch.drawn) else images[[n for n, drawn in enumerate(batch.drawn) if drawn]]


def restored(
    pictures: Float[Tensor, "m 3 sh sw"], seen: Float[Tensor, "m 3 sh sw"], frames: Float[Tensor, "m 3 h w"]
) -> Float[Tensor, "m 3 h w"]:
    """Bring pictures of scaled frames to the frames' own size, with the detail that scaling took from the frames.

    Convention: q = U(p) + U(a) (I - U(i)), within 0 to 1: p the picture and i the luma of what was seen, I the frame's
    luma, U to the frame's size, and a the slope of p over i around each pixel. So p keeps all of its own strokes, and
    edges become as sharp as the frame's where the style follows them. Larger pictures are averaged down.

    Source: the slope is that of the fast guided filter, He and Sun 2015, Fast Guided Filter, algorithm 2; its residual
    p - (a i + b), which the filter drops, is kept.
    """
    height, width = frames.shape[-2:]
    if not len(pictures) or pictures.shape[-2] >= height:
        return _sized(pictures, height, width)
    guide, full = luma_of(seen.clamp(0, 1)), luma_of(frames.clamp(0, 1))
    middle, mean = _around(guide), _around(pictures)
    slope = (_around(guide * pictures) - middle * mean) / (_around(guide.square()) - middle.square() + _NOISE)
    slope = _sized(_around(slope), height, width)
    lost = full.sub_(_enlarged(guide, height, width))
    return _enlarged(pictures, height, width).addcmul_(slope, lost).clamp_(0, 1)


def _sized(images: Float[Tensor, "n c h w"], height: int, width: int) -> Float[Tensor, "n c height width"]:
    if images.shape[-2:] == (height, width) or not len(images):
        return images.new_empty(0, images.shape[1], height, width) if not len(images) else images
    return interpolate(images, size=(height, width), mode="bilinear", align_corners=False, antialias=True)


def _enlarged(images: Float[Tensor, "n c h w"], height: int, width: int) -> Float[Tensor, "n c height width"]:
    return interpolate(images, size=(height, width), mode="bicubic", align_corners=False)


def _around(images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    return avg_pool2d(images, 2 * _REACH + 1, stride=1, padding=_REACH, count_include_pad=False)
