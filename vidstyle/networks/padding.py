"""Fit pictures of any size to a network, and back."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Padding:
    """Pads right and below to a multiple of `multiple` pixels, at least `minimum`, and crops back.

    Convention: by reflection, so that no edge is drawn at the border; by replication where the picture is too small.
    """

    multiple: int
    minimum: int = 16

    def pad(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c ph pw"]:
        """Return `images` with rows and columns added where needed."""
        height, width = images.shape[-2:]
        below, right = (self._missing(size) for size in (height, width))
        if not below and not right:
            return images
        fits = below < height and right < width
        return functional.pad(images, (0, right, 0, below), mode="reflect" if fits else "replicate")

    def crop(self, images: Float[Tensor, "n c ph pw"], *, like: Float[Tensor, "n c2 h w"]) -> Float[Tensor, "n c h w"]:
        """Return the part of `images` that stands where `like` was padded."""
        return images[..., : like.shape[-2], : like.shape[-1]]

    def _missing(self, size: int) -> int:
        wanted = max(size, self.minimum)
        return -(-wanted // self.multiple) * self.multiple - size
