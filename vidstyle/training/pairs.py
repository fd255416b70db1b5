"""Batches: random crops, each with a second look at it, slightly warped and degraded as footage is."""

from dataclasses import dataclass, fields

import cv2
import numpy as np
import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from vidstyle.motion.warp import sampling_grid, warp_differentiable
from vidstyle.training.pictures import Example
from vidstyle.training.section import Section
from vidstyle.training.teachers import Picture


class PairConfig(Section):
    """How crops are cut, warped and degraded."""

    size: int = Field(default=128, ge=16, multiple_of=4, description="side of a crop, pixels")
    count: int = Field(default=2, ge=1, description="pairs a step; the generator sees twice as many crops")
    shift: float = Field(default=4.0, ge=0, description="largest shift of the second look, pixels")
    bend: float = Field(default=1.0, ge=0, description="size of the smooth random field added to the shift, pixels")
    turn: float = Field(default=0.03, ge=0, description="largest rotation (radians), zoom and shear")
    brightness: float = Field(default=0.02, ge=0, description="largest change of brightness in the second look, 0..1")
    noise: float = Field(default=0.03, ge=0, description="largest sigma of the noise, 0..1")
    degraded: float = Field(default=0.5, ge=0, le=1, description="share of the crops with noise, blur or JPEG blocks")


@dataclass(frozen=True, slots=True)
class PairBatch:
    """`n` crops and a second look at each, with what the teacher makes of both.

    Convention: pictures in [-1, 1]. `moved` is `crops` fetched along `flow` (pixels, to the first look), then degraded;
    `moved_targets` are `targets` fetched the same way. `inside` is 1 where the flow stays within the crop. `strengths`
    are those of the targets.
    """

    crops: Float[Tensor, "n 3 h w"]
    targets: Float[Tensor, "n 3 h w"]
    moved: Float[Tensor, "n 3 h w"]
    moved_targets: Float[Tensor, "n 3 h w"]
    flow: Float[Tensor, "n 2 h w"]
    inside: Float[Tensor, "n 1 h w"]
    strengths: Float[Tensor, " n"]

    def to(self, device: torch.device) -> "PairBatch":
        """Give the same on `device`."""
        return PairBatch(**{each.name: getattr(self, each.name).to(device) for each in fields(self)})


def sample_pairs(examples: list[Example], config: PairConfig, *, seed: int, step: int) -> PairBatch:
    """The batch of one step; it depends on nothing but the examples, the configuration, the seed and the step."""
    rng = np.random.default_rng([seed, step])
    chosen, cut = [], []
    for _ in range(config.count):
        chosen.append(examples[rng.integers(len(examples))])
        cut.append(_crop(chosen[-1], config.size, rng))
    clean, targets = (torch.stack([_tensor(pair[index]) for pair in cut]) for index in (0, 1))
    flow = _random_flow(config, rng)
    moved = warp_differentiable(clean, flow, "bicubic").clamp(0, 1)
    grid = sampling_grid(flow)
    inside = ((grid >= 0) & (grid <= config.size - 1)).all(1, keepdim=True).float()
    moved_targets = warp_differentiable(targets, flow, "bicubic").clamp(0, 1)
    light = torch.from_numpy(rng.uniform(-config.brightness, config.brightness, (config.count, 1, 1, 1))).float()
    first, second = _degraded(clean, config, rng), _degraded(moved + light, config, rng)
    crops, targets, moved, moved_targets = (look * 2 - 1 for look in (first, targets, second, moved_targets))
    strengths = torch.tensor([example.strength for example in chosen])
    return PairBatch(crops, targets, moved, moved_targets, flow, inside, strengths)


def sample_looks(
    pictures: list[Picture], size: int, count: int, rng: np.random.Generator
) -> Float[Tensor, "n 3 size size"]:
    """Cut crops out of single pictures, in -1 … 1."""
    chosen = [pictures[rng.integers(len(pictures))] for _ in range(count)]
    return torch.stack([_tensor(_cut((picture,), size, rng)[0]) for picture in chosen]) * 2 - 1


def _crop(example: Example, size: int, rng: np.random.Generator) -> tuple[Picture, Picture]:
    picture, target = _cut((example.picture, example.target), size, rng)
    return picture, target


def _cut(pictures: tuple[Picture, ...], size: int, rng: np.random.Generator) -> list[Picture]:
    """Cut all pictures at one place, mirrored or not; small ones are filled up by reflection."""
    height, width = pictures[0].shape[:2]
    top, left = rng.integers(max(height - size, 0) + 1), rng.integers(max(width - size, 0) + 1)
    flip = bool(rng.integers(2))
    cut = []
    for picture in pictures:
        piece = picture[top : top + size, left : left + size]
        below, right = size - piece.shape[0], size - piece.shape[1]
        if below or right:
            piece = cv2.copyMakeBorder(piece, 0, below, 0, right, cv2.BORDER_REFLECT).astype(np.uint8)
        cut.append(np.ascontiguousarray(piece[:, ::-1] if flip else piece))
    return cut


def _tensor(picture: Picture) -> Float[Tensor, "3 h w"]:
    return torch.from_numpy(picture).permute(2, 0, 1).float() / 255


def _random_flow(config: PairConfig, rng: np.random.Generator) -> Float[Tensor, "n 2 h w"]:
    """A shift, a little turn, zoom and shear about the middle, and a smooth random field, in pixels."""
    half = (config.size - 1) / 2
    y, x = torch.meshgrid(*[torch.arange(config.size, dtype=torch.float32) - half] * 2, indexing="ij")
    bend = torch.from_numpy(rng.normal(0, config.bend, (config.count, 2, 4, 4))).float()
    flow = functional.interpolate(bend, size=(config.size, config.size), mode="bicubic", align_corners=True)
    shift = torch.from_numpy(rng.uniform(-config.shift, config.shift, (config.count, 2, 1, 1))).float()
    matrix = torch.from_numpy(rng.uniform(-config.turn, config.turn, (config.count, 2, 2))).float()
    return flow + shift + torch.einsum("nij,jhw->nihw", matrix, torch.stack([x, y]))


def _degraded(images: Float[Tensor, "n 3 h w"], config: PairConfig, rng: np.random.Generator) -> Tensor:
    """Some of the crops as bad footage has them; the targets stay those of the clean picture."""
    ways = (_noisy, _blurred, _compressed)
    return torch.stack(
        [ways[rng.integers(3)](image, config, rng) if rng.random() < config.degraded else image for image in images]
    ).clamp(0, 1)


def _noisy(image: Tensor, config: PairConfig, rng: np.random.Generator) -> Tensor:
    noise = rng.standard_normal(tuple(image.shape), dtype=np.float32)
    return image + torch.from_numpy(noise) * float(rng.uniform(0, config.noise))


def _blurred(image: Tensor, config: PairConfig, rng: np.random.Generator) -> Tensor:  # noqa: ARG001
    plane = image.permute(1, 2, 0).numpy()
    return torch.from_numpy(cv2.GaussianBlur(plane, (0, 0), float(rng.uniform(0.3, 0.9)))).permute(2, 0, 1)


def _compressed(image: Tensor, config: PairConfig, rng: np.random.Generator) -> Tensor:  # noqa: ARG001
    codes = np.rint(image.clamp(0, 1).permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    _, packed = cv2.imencode(".jpg", codes, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 85))])
    return _tensor(np.asarray(cv2.imdecode(packed, cv2.IMREAD_UNCHANGED), np.uint8))
