"""Brightness as the eye weighs it, for everything that looks at structure alone."""

from jaxtyping import Float
from torch import Tensor


def luma(images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 1 h w"]:
    """Give the Rec. 709 luma of display-referred RGB (.2126 R + .7152 G + .0722 B); luma itself passes unchanged."""
    if images.shape[1] == 1:
        return images
    red, green, blue = images.unbind(1)
    return (0.2126 * red).add_(green, alpha=0.7152).add_(blue, alpha=0.0722)[:, None]
