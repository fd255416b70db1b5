"""What a style makes of colours in each shot of a scene, and the grades that let it make the same of them in all.

A generator that normalizes each picture by itself answers one colour of the source differently in every framing. Per
shot, the answer is near an affine map of source colours. The scene's own map is fitted over all of its shots; a shot's
grade is the gain and offset that lead from its own map to the scene's, over the colours that the shot has.
"""

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float, Float64
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from vidstyle.stages.grade import GradeConfig

_RIDGE = 1e-3  # of full scale squared: colours that vary by less determine no map
_GAIN, _OFFSET = 0.25, 0.1  # the most that a grade changes: share of contrast, and full scales at the mean colour
_DIGITS = 3  # a tenth of a code of 255 changes no shot's settings
_REDUCED = 4  # in each direction: a map of colours needs no edges
_Triple = tuple[float, float, float]


class Colours(BaseModel):
    """First and second moments of a shot's colours, display-referred RGB in [0, 1]."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: _Triple = Field(description="mean colour of the source")
    styled: _Triple = Field(description="mean colour of the generator's pictures")
    spread: tuple[_Triple, _Triple, _Triple] = Field(description="covariance of the source's channels")
    answer: tuple[_Triple, _Triple, _Triple] = Field(description="covariance, source's channels by the style's")


def colours_of(sources: Sequence[Float[Tensor, "1 3 h w"]], styled: Sequence[Float[Tensor, "1 3 h w"]]) -> Colours:
    """Measure some frames of a shot and the generator's pictures of them."""
    seen, made = (torch.cat([_points(image) for image in images]) for images in (sources, styled))
    mean, made_mean = seen.mean(0), made.mean(0)
    around = seen - mean
    return Colours(
        source=mean.tolist(),
        styled=made_mean.tolist(),
        spread=(around.T @ around / len(seen)).tolist(),
        answer=(around.T @ (made - made_mean) / len(seen)).tolist(),
    )


def common_grades(shots: Sequence[Colours]) -> list[GradeConfig]:
    """Give each shot of a scene its grade; one shot alone has nothing to agree with."""
    if len(shots) < 2:  # noqa: PLR2004
        return [GradeConfig() for _ in shots]
    means, made = (_stacked(getattr(shot, name) for shot in shots) for name in ("source", "styled"))
    spreads, answers = (_stacked(getattr(shot, name) for shot in shots) for name in ("spread", "answer"))
    centre, made_centre = means.mean(0), made.mean(0)
    apart, made_apart = means - centre, made - made_centre
    spread = spreads.mean(0) + apart.T @ apart / len(shots)
    answer = answers.mean(0) + apart.T @ made_apart / len(shots)
    slope = _map(spread, answer)
    wanted = made_centre + apart @ slope
    return [
        _grade(spread, _map(spread, answer), slope, own, want)
        for spread, answer, own, want in zip(spreads, answers, made, wanted, strict=True)
    ]


def _stacked(values: Iterable[object]) -> Tensor:
    return torch.tensor(list(values), dtype=torch.float64)


def _points(image: Float[Tensor, "1 3 h w"]) -> Float64[Tensor, "n 3"]:
    size = [max(1, side // _REDUCED) for side in image.shape[-2:]]
    small = torch.nn.functional.interpolate(image.float().clamp(0, 1), size=size, mode="area")
    return small[0].flatten(1).T.double()


def _map(spread: Float64[Tensor, "3 3"], answer: Float64[Tensor, "3 3"]) -> Float64[Tensor, "3 3"]:
    """The affine map's linear part by least squares, a column for each channel of the style."""
    slope: Tensor = torch.linalg.solve(spread + _RIDGE * torch.eye(3, dtype=torch.float64), answer)
    return slope


def _grade(
    spread: Float64[Tensor, "3 3"], own: Float64[Tensor, "3 3"], common: Float64[Tensor, "3 3"],
    made: Float64[Tensor, "3"], wanted: Float64[Tensor, "3"],
) -> GradeConfig:  # fmt: skip
    """Gain by least squares from the shot's own map to the common one, offset so that the mean colour fits."""
    both = (own * (spread @ common)).sum(0)
    alone = (own * (spread @ own)).sum(0)
    gain = (both / alone.clamp_min(1e-6)).clamp(1 - _GAIN, 1 + _GAIN)
    offset = (wanted - made).clamp(-_OFFSET, _OFFSET) + (1 - gain) * made
    return GradeConfig(gain=_rounded(gain), offset=_rounded(offset))


def _rounded(values: Float64[Tensor, "3"]) -> _Triple:
    red, green, blue = (round(float(value), _DIGITS) for value in values)
    return red, green, blue
