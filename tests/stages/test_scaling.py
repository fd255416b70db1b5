from fractions import Fraction
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from tests.motion.pictures import pan, texture
from tests.styles import save_small_style
from vidstyle.frames import FrameBatch
from vidstyle.networks import load_style
from vidstyle.stages.motion import without_motion
from vidstyle.stages.scaling import restored, seen_at
from vidstyle.stages.stylize import StylizeConfig, stylize

FRAMES = pan(3, 61, 83)


def moving(images: Tensor, size: int = 100, hold: int = 1):
    starts = range(0, len(images), size)
    ends = [min(s + size, len(images)) for s in starts]
    frames = [FrameBatch(images[s:e], tuple(range(s, e)), Fraction(1, 25)) for s, e in zip(starts, ends, strict=True)]
    return without_motion(frames, hold=hold)


def small(images: Tensor, scale: float) -> Tensor:
    return seen_at(next(iter(moving(images))), scale).frames.images


def sharpness(images: Tensor) -> float:
    laplacian = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]).expand(3, 1, 3, 3)
    return float(torch.nn.functional.conv2d(images, laplacian, groups=3).var())


@pytest.mark.parametrize("scale", [0.25, 0.5, 0.77])
def test_a_style_that_copies_gives_the_frame_back_nearly(scale: float) -> None:
    grey = FRAMES.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    seen = small(grey, scale)
    made, plain = restored(seen, seen, grey), interpolate(seen, size=(61, 83), mode="bicubic")
    assert (made - grey).abs().mean() < 0.4 * (plain - grey).abs().mean()
    assert 0.6 < sharpness(made) / sharpness(grey) < 1.1


def test_a_flat_style_stays_flat_and_an_inverted_one_gets_inverted_detail() -> None:
    seen = small(FRAMES, 0.5)
    flat = torch.full_like(seen, 0.3)
    assert torch.allclose(restored(flat, seen, FRAMES), torch.full_like(FRAMES, 0.3), atol=1e-4)
    grey = FRAMES.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    seen = small(grey, 0.5)
    assert torch.allclose(restored(1 - seen, seen, grey), 1 - restored(seen, seen, grey), atol=1e-4)


def test_strokes_of_the_style_that_are_not_in_the_frame_survive() -> None:
    flat = torch.full((1, 3, 60, 80), 0.5)
    strokes = texture(30, 40, seed=5)[None]
    made = restored(strokes, small(flat, 0.5), flat)
    assert torch.allclose(made, interpolate(strokes, size=(60, 80), mode="bicubic").clamp(0, 1), atol=1e-5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("styles")
    save_small_style(path / "small")
    save_small_style(path / "gru", name="gru", network="convgru")
    return path


@pytest.mark.parametrize("name", ["small", "gru"])
@pytest.mark.parametrize("scale", [0.25, 0.6, 1.7])
def test_pictures_have_the_frames_size_whatever_the_scale_and_the_batches(
    folder: Path, name: str, scale: float
) -> None:
    style, config = load_style(folder / name), StylizeConfig(scale=scale)
    whole = list(stylize(moving(FRAMES, hold=2), style, config))
    single = list(stylize(moving(FRAMES, 1, hold=2), style, config))
    assert [len(batch.images) for batch in single] == [1, 0, 1]
    made = torch.cat([batch.images for batch in whole])
    assert made.shape == (2, 3, 61, 83)
    assert torch.allclose(torch.cat([batch.images for batch in single]), made, atol=1e-5)
