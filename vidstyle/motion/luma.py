"""Brightness as the eye weighs it, for everything that looks at structure alone."""

from jaxtyping import Float
from torch import Tensor

LUMA = (0.2126, 0.7152, 0.0722)  # Rec. 709: red, green, blue


def luma(images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 1 h w"]:
    """Give the Rec. 709 luma of display-referred RGB (.2126 R + .7152 G + .0722 B); luma itself passes unchanged."""
    if images.shape[1] == 1:
        return images
    red, green, blue = images.unbind(1)
    return (LUMA[0] * red).add_(green, alpha=LUMA[1]).add_(blue, alpha=LUMA[2])[:, None]
