"""How sharp a result is beside its reference."""

from jaxtyping import Float
from torch import Tensor

from vidstyle.motion.sharpness import laplacian_variance

__all__ = ["SharpnessRatio", "laplacian_variance"]


class SharpnessRatio:
    """Detail of a result relative to a reference, usually the per-frame result: 1 is equally sharp, below is blur."""

    def __init__(self) -> None:
        self._result = self._reference = 0.0

    def add(self, result: Float[Tensor, "n 3 h w"], reference: Float[Tensor, "n 3 h w"]) -> float | None:
        """Take the next frames of both; gives the ratio of these alone."""
        ours, theirs = float(laplacian_variance(result).sum()), float(laplacian_variance(reference).sum())
        self._result += ours
        self._reference += theirs
        return ours / theirs if theirs > 0 else None

    @property
    def value(self) -> float | None:
        """The ratio of the mean variances; None while the reference has no detail at all."""
        return self._result / self._reference if self._reference > 0 else None
