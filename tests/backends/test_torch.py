import shutil
import warnings

import pytest
import torch
from torch import nn

from vidstyle.backends import BACKENDS, Execution, Tile
from vidstyle.backends.tiles import Tiles
from vidstyle.backends.torch import settled
from vidstyle.errors import OutOfMemoryError, StyleError
from vidstyle.networks import ResnetGenerator

CPU = torch.device("cpu")


class Greedy(ResnetGenerator):
    """Needs more memory than there is for more than `most` pixels, frames of a batch counted together."""

    def __init__(self, most: int) -> None:
        torch.manual_seed(0)
        super().__init__(width=4, blocks=1)
        self.register_forward_pre_hook(lambda _, inputs: self._ask(inputs[0][:, 0].numel(), most))
        self.runs: list[int] = []

    def _ask(self, pixels: int, most: int) -> None:
        self.runs.append(pixels)
        if pixels > most:
            raise torch.OutOfMemoryError("CUDA out of memory")


def expected_of(images: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return Greedy(10**9).eval()(images)


def test_a_batch_that_does_not_fit_is_drawn_frame_by_frame():
    images = torch.rand(3, 3, 64, 64)
    generator = Greedy(64 * 64)
    outputs = BACKENDS.get("torch")(generator, CPU, "never")(images)
    assert torch.allclose(outputs, expected_of(images), atol=1e-5)
    assert generator.runs == [3 * 64 * 64, *[64 * 64] * 3]


def test_frames_that_do_not_fit_are_drawn_in_tiles_and_none_is_lost():
    images = torch.rand(2, 3, 288, 288)
    generator = Greedy(1000)
    run = BACKENDS.get("torch")(generator, CPU, "auto")
    for _ in range(2):
        assert torch.allclose(run(images), expected_of(images), atol=1e-5)
    assert len(generator.runs) == 2  # the batch, one frame: it is not tried again


def test_a_tile_that_does_not_fit_is_halved(monkeypatch: pytest.MonkeyPatch):
    sides: list[int] = []
    draw = Tiles.__call__

    def short_of_memory(self: Tiles, x: torch.Tensor, side: int) -> torch.Tensor:
        if self.multiple and x.shape[-1] == 512:  # the proof that comes first is smaller
            sides.append(side)
            if side > 200:
                raise torch.OutOfMemoryError("CUDA out of memory")
        return draw(self, x, side)

    monkeypatch.setattr(Tiles, "__call__", short_of_memory)
    monkeypatch.setattr("vidstyle.backends.torch.free_memory", lambda _: None)
    images = torch.rand(1, 3, 64, 512)
    assert torch.allclose(BACKENDS.get("torch")(Greedy(1000), CPU, "auto")(images), expected_of(images), atol=1e-5)
    assert sides == [1024, 512, 256, 128]


def test_a_host_that_is_short_of_memory_draws_big_pictures_in_tiles(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("vidstyle.backends.torch.free_memory", lambda _: 40 * 2**20)
    monkeypatch.setattr("vidstyle.backends.torch._SMALL", 256 * 256)
    generator = Greedy(10**9)
    images = torch.rand(1, 3, 256, 256)
    run = BACKENDS.get("torch")(generator, CPU, "auto")
    run(images)
    assert len(generator.runs) == 1
    wide = torch.rand(1, 3, 1024, 1024)
    assert torch.allclose(run(wide), expected_of(wide), atol=1e-5)
    assert len(generator.runs) == 1


def test_a_side_that_is_asked_for_is_taken():
    images = torch.rand(1, 3, 128, 200)
    generator = Greedy(10**9)
    assert torch.allclose(BACKENDS.get("torch")(generator, CPU, 64)(images), expected_of(images), atol=1e-5)
    assert not generator.runs


class Opaque(nn.Module):
    """Looks at the whole picture in a way of its own."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x - x.mean((2, 3), keepdim=True)


@pytest.mark.parametrize("tile", ["auto", "never"])
def test_too_little_memory_is_told_with_the_next_step(tile: Tile):
    generator = Opaque()
    generator.register_forward_pre_hook(lambda _, inputs: Greedy(100)._ask(inputs[0].numel(), 100))
    run = BACKENDS.get("torch")(generator, CPU, tile)
    step = "allow tiles with stylize.tile=auto" if tile == "never" else "use a smaller picture"
    with pytest.raises(OutOfMemoryError, match=rf"cpu has too little memory for 1 frame\(s\) of 48x32; .*{step}"):
        run(torch.zeros(2, 3, 32, 48))


def test_tiles_that_are_asked_for_but_can_not_be_are_refused():
    with pytest.raises(StyleError, match=r"can't be drawn in tiles, because a pixel of it .*; leave --tile out"):
        BACKENDS.get("torch")(Opaque(), CPU, 64)(torch.zeros(1, 3, 32, 48))


def test_bf16_goes_in_and_out_as_float32():
    images = torch.rand(1, 3, 32, 48) * 2 - 1
    torch.manual_seed(0)
    generator = ResnetGenerator(width=4, blocks=1).eval()
    exact, narrow = (
        BACKENDS.get("torch")(generator, CPU, "auto", Execution(each))(images) for each in ("fp32", "bf16")
    )
    assert narrow.dtype == torch.float32
    assert not torch.equal(narrow, exact)
    assert (narrow - exact).abs().mean() < 0.02


def test_auto_is_bf16_where_the_cpu_has_matrix_units_and_fp32_elsewhere(monkeypatch: pytest.MonkeyPatch):
    for there, precision in ((True, "bf16"), (False, "fp32")):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda there=there: there)
        assert settled("auto", CPU) == precision
    assert settled("auto", torch.device("cuda")) == "fp32"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_a_compiled_generator_draws_the_same():
    torch.manual_seed(0)
    generator = ResnetGenerator(width=4, blocks=1).eval()
    images = torch.rand(1, 3, 32, 48)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's compiler about itself
        made = BACKENDS.get("torch")(generator, CPU, "auto", Execution(compiled=True))(images)
    with torch.inference_mode():
        assert torch.allclose(made, generator(images), atol=1e-4)
