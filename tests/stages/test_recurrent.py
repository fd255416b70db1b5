from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from tests.styles import save_small_style
from vidstyle.errors import OutOfMemoryError
from vidstyle.frames import FrameBatch
from vidstyle.motion import Flow
from vidstyle.networks import GeneratorSpec, RecurrentGenerator, Style, StyleCard, load_style
from vidstyle.stages.batches import MovingBatch
from vidstyle.stages.blend import Memory
from vidstyle.stages.stylize import StylizeConfig, stylize

HEIGHT, WIDTH = 22, 35  # no multiples of anything


class Echo(RecurrentGenerator):
    """Draws what it remembers, and remembers the first picture that it saw."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen: list[Tensor | None] = []

    def step(self, x: Tensor, past: Tensor | None, visibility: Tensor | None) -> tuple[Tensor, Tensor]:
        self.seen.append(visibility)
        memory = avg_pool2d(x, self.scale) if past is None else past
        return interpolate(memory, scale_factor=float(self.scale), mode="nearest"), memory


def echo(scale: int = 1) -> Style:
    spec = GeneratorSpec(name="recurrent-resnet")
    card = StyleCard(name="echo", title="", description="", generator=spec, sha256="0" * 64, licence="CC0-1.0")
    return Style(card, Path(), Echo(scale).requires_grad_(False))


def moving(images: Tensor, step: float, **marks: Any) -> MovingBatch:
    """Frames that all moved by `step` px to the right since the frame before."""
    n = len(images)
    to_previous = torch.zeros(n, 2, HEIGHT, WIDTH)
    to_previous[:, 0] = -step
    flow = Flow(to_previous, torch.rand(n, 1, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(1)))
    frames = FrameBatch(images, tuple(range(n)), Fraction(1, 25))
    return MovingBatch(frames, flow, **{"restarts": (True, *[False] * (n - 1)), **marks})


def drawn(batch: MovingBatch, style: Style, size: int | None = None) -> Tensor:
    """What the stage makes of a batch that comes in pieces of `size`."""
    size = size or len(batch)
    pieces = [
        MovingBatch(
            FrameBatch(batch.frames.images[now], batch.frames.pts[now], batch.frames.time_base),
            batch.flow[now],
            batch.restarts[now],
            batch.drawn[now],
            batch.flashes[now],
        )
        for now in (slice(start, start + size) for start in range(0, len(batch), size))
    ]
    memory = Memory()
    return torch.cat([made.images for made in stylize(pieces, style, StylizeConfig(), memory)])


def images(n: int) -> Tensor:
    return torch.rand(n, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0))


def test_the_memory_moves_with_the_picture():
    batch = moving(images(4), step=3)
    made = drawn(batch, echo())
    first = batch.frames.images[0]
    for frame in range(4):
        assert torch.allclose(made[frame, ..., 3 * frame :], first[..., : WIDTH - 3 * frame], atol=1e-5)


def test_a_small_memory_moves_by_its_own_pixels():
    made = drawn(moving(images(2), step=4), echo(scale=4))
    assert torch.allclose(made[1, :, 4:16, 8:24], made[0, :, 4:16, 4:20], atol=1e-5)


def test_a_restart_forgets_and_a_flash_neither_sees_nor_changes_the_memory():
    restarts, flashes = (True, False, True, False, False), (False, False, False, True, False)
    batch = moving(images(5), step=0, restarts=restarts, flashes=flashes)
    source = batch.frames.images
    expected = (0, 0, 2, 3, 2)
    made = drawn(batch, echo())
    for frame, seen in enumerate(expected):
        assert torch.allclose(made[frame], source[seen], atol=1e-5)


def test_a_held_frame_is_not_drawn():
    batch = moving(images(4), step=0, drawn=(True, False, True, False))
    style = echo()
    assert len(drawn(batch, style)) == 2
    assert isinstance(style.generator, Echo)
    assert len(style.generator.seen) == 2


def test_the_network_sees_where_its_memory_can_be_trusted():
    batch, style = moving(images(2), step=0), echo()
    drawn(batch, style)
    assert isinstance(style.generator, Echo)
    nothing, visibility = style.generator.seen
    assert nothing is None
    assert visibility is not None
    assert visibility.shape == (1, 1, 24, 36)  # padded as the picture is
    assert torch.equal(visibility[..., :HEIGHT, :WIDTH], batch.flow.visibility[1:])


@pytest.mark.parametrize("network", ["recurrent-resnet", "convgru"])
def test_pictures_do_not_depend_on_how_frames_are_divided(tmp_path: Path, network: str):
    save_small_style(tmp_path / "s", network=network)
    style = load_style(tmp_path / "s")
    batch = moving(images(6), step=1.5, restarts=(True, False, False, False, True, False))
    whole = drawn(batch, style)
    assert whole.shape == (6, 3, HEIGHT, WIDTH)
    for size in (1, 2, 5):
        assert torch.equal(drawn(batch, style, size), whole)
    alone = torch.cat([style.paint(image[None]) for image in batch.frames.images])
    assert torch.allclose(whole[[0, 4]], alone[[0, 4]], atol=1e-6)
    assert (whole[[1, 5]] - alone[[1, 5]]).abs().max() > 1e-4  # random weights make little of it


def test_too_little_memory_is_told_with_the_next_step():
    style = echo()

    def greedy(*_: object) -> tuple[Tensor, Tensor]:
        raise torch.OutOfMemoryError("CUDA out of memory")

    style.generator.step = greedy
    with pytest.raises(OutOfMemoryError, match=r"1 frame\(s\) of 35x22; use smaller pictures"):
        drawn(moving(images(1), step=0), style)
