"""One picture by optimization: the slow way that all fast ones are measured against (Gatys et al. 2016)."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import cv2
import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor
from torch.nn.functional import interpolate

from vidstyle.errors import TargetError, TrainingError
from vidstyle.frames import bitmap
from vidstyle.networks import FeatureNetwork
from vidstyle.networks.checkpoints.writing import whole_file
from vidstyle.training.losses import gram, relative_content_loss, relative_style_loss, total_variation
from vidstyle.training.section import Section

_INNER = 10  # L-BFGS's iterations between two reports
_ALMOST = 0.01  # how near to black and white the start may lie: the logit has no end there
_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp")


class OptimizeConfig(Section):
    """What one picture is optimized for, and for how long."""

    steps: int = Field(default=200, ge=1, description="iterations of the optimizer")
    optimizer: Literal["lbfgs", "adam"] = Field(default="lbfgs", description="the paper's, or the thriftier one")
    rate: float = Field(default=0.05, gt=0, description="Adam's rate, of the pixels' logits")
    side: int = Field(default=384, ge=32, description="short side of the result, pixels")
    look: int = Field(default=384, ge=32, description="short side that the work is looked at, pixels: brush size")
    start: Literal["content", "noise"] = Field(default="content", description="what the optimization begins with")
    content: float = Field(default=1.0, ge=0, description="weight of what is to be seen")
    style: float = Field(default=20.0, ge=0, description="weight of how it is drawn")
    variation: float = Field(default=1.0, ge=0, description="weight of neighbouring pixels' squared difference")
    content_stages: tuple[int, ...] = Field(default=(4,), min_length=1, description="of the feature network, 1 finest")
    style_stages: tuple[int, ...] = Field(default=(1, 2, 3, 4, 5), min_length=1, description="of the feature network")
    seed: int = Field(default=0, ge=0, description="of the noise")


Tell = Callable[[int, dict[str, float]], None]


def optimize(
    content: Float[Tensor, "1 3 h w"],
    style: Float[Tensor, "1 3 sh sw"],
    eyes: FeatureNetwork,
    config: OptimizeConfig | None = None,
    *,
    on_progress: Tell = lambda _step, _losses: None,
) -> Float[Tensor, "1 3 oh ow"]:
    """Find the picture whose features are those of `content` and whose Gram matrices are those of `style`.

    Source: Gatys, Ecker and Bethge 2016, equation 7. Both terms are divided by the squared norm of what is wanted, a
    layer at a time, so that the weights mean the same with every feature network.

    Convention: RGB 0 to 1, on the feature network's device. What is optimized are the pixels' logits, which keep the
    result within 0 to 1.

    Raises TrainingError where the network has fewer stages than asked for, or the losses end as no numbers.
    """
    config = config or OptimizeConfig()
    content, style = _sized(content, config.side), _sized(style, config.look)
    with torch.no_grad():
        seen, looked = eyes(content), eyes(style)
    if max(config.content_stages + config.style_stages) > min(len(seen), len(looked)):
        message = f"{eyes.name} sees {min(len(seen), len(looked))} stages of these pictures; choose content_stages and "
        raise TrainingError(f"{message}style_stages among them, or larger sides", recipe="optimize")
    wanted = _of(seen, config.content_stages)
    grams = [gram(each) for each in _of(looked, config.style_stages)]
    pixels = _beginning(content, config).logit().requires_grad_()

    def losses() -> dict[str, Tensor]:
        found = eyes(pixels.sigmoid())
        return {
            "content": config.content * relative_content_loss(_of(found, config.content_stages), wanted),
            "style": config.style * relative_style_loss(_of(found, config.style_stages), grams),
            "variation": config.variation * total_variation(pixels.sigmoid()),
        }

    _descend(pixels, losses, config, on_progress)
    return pixels.detach().sigmoid()


def write_picture(path: Path, image: Float[Tensor, "1 3 h w"]) -> None:
    """Write a picture as its suffix says. Raises TargetError for other suffixes, and where it can't be written."""
    require_suffix(path)
    with whole_file(path) as partial:
        _, packed = cv2.imencode(path.suffix.lower(), bitmap(image[0])[..., ::-1])
        partial.write_bytes(packed.tobytes())


def require_suffix(path: Path) -> None:
    """See that `write_picture` can write this, before anybody waits. Raises TargetError."""
    if path.suffix.lower() not in _SUFFIXES:
        raise TargetError(f"{path} is no name of a picture; use one of {' '.join(_SUFFIXES)}", path=path)


def _descend(pixels: Tensor, losses: Callable[[], dict[str, Tensor]], config: OptimizeConfig, tell: Tell) -> None:
    last: dict[str, float] = {}

    def closure() -> float:
        optimizer.zero_grad()
        terms = losses()
        total = torch.stack(list(terms.values())).sum()
        total.backward()  # type: ignore[no-untyped-call]
        last.update({name: term.item() for name, term in terms.items()})
        return total.item()

    optimizer = _optimizer(pixels, config)
    inner = _INNER if config.optimizer == "lbfgs" else 1
    done = 0
    while done < config.steps:
        if config.optimizer == "lbfgs":
            optimizer.param_groups[0]["max_iter"] = min(inner, config.steps - done)
        optimizer.step(closure)
        done = min(done + inner, config.steps)
        if not all(math.isfinite(loss) for loss in last.values()):
            raise TrainingError(f"at step {done} a loss is not a number: {last}; lower the weights", recipe="optimize")
        tell(done, dict(last))


def _optimizer(pixels: Tensor, config: OptimizeConfig) -> torch.optim.Optimizer:
    if config.optimizer == "adam":
        return torch.optim.Adam([pixels], lr=config.rate)
    return torch.optim.LBFGS([pixels], lr=1.0, max_iter=_INNER, history_size=20, line_search_fn="strong_wolfe")


def _beginning(content: Tensor, config: OptimizeConfig) -> Tensor:
    if config.start == "noise":
        drawn = torch.rand(content.shape, generator=torch.Generator().manual_seed(config.seed)).to(content)
    else:
        drawn = content.clone()
    return drawn.clamp(_ALMOST, 1 - _ALMOST)


def _sized(image: Tensor, side: int) -> Tensor:
    ratio = side / min(image.shape[-2:])
    size = [round(each * ratio) for each in image.shape[-2:]]
    return interpolate(image, size=size, mode="bilinear", antialias=True, align_corners=False).clamp(0, 1)


def _of(features: list[Tensor], stages: tuple[int, ...]) -> list[Tensor]:
    return [features[stage - 1] for stage in stages]
