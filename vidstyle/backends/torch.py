"""PyTorch: eager, or compiled where that is asked for; channels last."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vidstyle.backends import DEFAULT, Execution, Precision, Run, Tile, device_failures, too_big
from vidstyle.backends.graph import UntileableError
from vidstyle.backends.tiles import Tiles
from vidstyle.devices import free_memory
from vidstyle.errors import ConfigError, StyleError

_SMALL = 1920 * 1088  # px; a picture up to this size is tried without asking
_LEAST_SIDE = 128  # px; smaller tiles look at almost nothing but their surroundings
_WORKSPACE = 2.5  # what convolutions and norms need beside input and output; measured 0.9 to 2.4
_SHARE = 0.6  # of the free memory; frames, motion and encoder live from the rest
_TYPES: dict[Precision, torch.dtype] = {"bf16": torch.bfloat16, "fp16": torch.float16}


def compile_generator(generator: nn.Module, device: torch.device, tile: Tile, how: Execution = DEFAULT) -> Run:
    """Make `generator` ready to run on `device`.

    Raises ConfigError where PyTorch has no such precision here, and, when run, OutOfMemoryError where the device has
    too little memory even for tiles, StyleError where tiles were asked for and this generator can't be drawn in them,
    and DeviceError for the device's other failures.
    """
    # Channels last is what oneDNN and cuDNN convolve fastest; measured 1.3 to 1.6 times on two CPU cores.
    ready = generator.eval().to(device).to(memory_format=torch.channels_last)
    return Runner(ready, device, tile, how)


class Runner:
    """Runs a generator over whole pictures where memory allows, over one at a time, or over tiles.

    Convention: in half the bits, convolutions are calculated so and norms in float32; what goes in and comes out is
    float32. Tiles are drawn in float32, uncompiled.
    """

    def __init__(self, generator: nn.Module, device: torch.device, tile: Tile, how: Execution = DEFAULT) -> None:
        self._generator, self._device, self._tile = generator, device, tile
        precision = settled(how.precision, device)
        self._type = _TYPES.get(precision)
        self._whole_generator = _compiled(generator, device) if how.compiled else generator
        self.told = f"torch {torch.__version__} {precision}{' compiled' if how.compiled else ''}"
        self._tiles: Tiles | None = None
        self._side: int | None = tile if isinstance(tile, int) else None
        self._fits: set[tuple[int, ...]] = set()

    def __call__(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 3 h w"]:
        """Draw pictures."""
        with torch.inference_mode(), device_failures(images):
            return self._run(images)

    def _run(self, images: Tensor) -> Tensor:
        if self._side is None and self.whole_may_fit(images):
            try:
                return self._whole(images)
            except torch.OutOfMemoryError as error:
                if len(images) == 1 and self._tile == "never":
                    raise too_big(images, "allow tiles with stylize.tile=auto") from error
            if len(images) > 1:  # the frames of a batch are independent
                return torch.cat([self._run(image[None]) for image in images])
        return self._tiled(images)

    def _whole(self, images: Tensor) -> Tensor:
        with self._narrowed():
            outputs: Tensor = self._whole_generator(images.contiguous(memory_format=torch.channels_last))
        self._fits.add(tuple(images.shape))
        return outputs.float()

    def _narrowed(self) -> AbstractContextManager[Any]:
        return nullcontext() if self._type is None else torch.autocast(self._device.type, self._type)

    def whole_may_fit(self, images: Tensor) -> bool:
        """Tell whether to try pictures as a whole.

        A GPU says itself what is too much for it; a host without memory ends the program instead.
        """
        height, width = images.shape[-2:]
        asked = self._device.type == "cpu" and self._tile == "auto" and height * width > _SMALL
        if not asked or tuple(images.shape) in self._fits:
            return True
        try:
            need = self._cutter().reach.memory * images[:, 0].numel() * _WORKSPACE
        except UntileableError:
            return True
        free = free_memory(self._device)
        return free is None or need < free * _SHARE

    def _tiled(self, images: Tensor) -> Tensor:
        try:
            tiles = self._cutter()
            side = self._side or self._fitting_side(tiles)
            while True:
                try:
                    made = tiles(images, side)
                except torch.OutOfMemoryError as error:
                    if isinstance(self._tile, int) or side // 2 < _LEAST_SIDE:
                        raise too_big(images, "also in tiles; use a smaller picture or --device cpu") from error
                    side //= 2
                else:
                    self._side = side
                    return made
        except UntileableError as error:
            if isinstance(self._tile, int):
                message = f"this style can't be drawn in tiles, because {error}; leave --tile out"
                raise StyleError(message, style=type(self._generator).__name__) from error
            raise too_big(images, f"tiles don't help, because {error}; use a smaller picture") from error

    def _fitting_side(self, tiles: Tiles) -> int:
        free = free_memory(self._device)
        if free is None:
            return 1024
        seen = int((free * _SHARE / 2 / (tiles.reach.memory * _WORKSPACE)) ** 0.5)
        return min(max(seen - 2 * tiles.reach.pixels, 2 * _LEAST_SIDE), 2048)

    def _cutter(self) -> Tiles:
        if self._tiles is None:
            self._tiles = Tiles(self._generator, self._device)
        return self._tiles


def settled(precision: Precision, device: torch.device) -> Precision:
    """Say what `auto` is on a device. Raises ConfigError where PyTorch can't calculate as asked for there."""
    if precision == "int8" or (precision == "fp16" and device.type == "cpu"):
        message = f"stylize.precision = {precision} is not for torch on {device.type}; "
        message += "int8 is OpenVINO's: pip install 'vidstyle[openvino,int8]'" if precision == "int8" else "use bf16"
        raise ConfigError(message, key="stylize.precision")
    if precision != "auto":
        return precision
    return "bf16" if device.type == "cpu" and has_matrix_units() else "fp32"


def has_matrix_units() -> bool:
    """Tell whether this CPU multiplies matrices of bf16 in units made for that (AMX): elsewhere bf16 is slower."""
    supported = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return bool(supported and supported())


def _compiled(generator: nn.Module, device: torch.device) -> Any:
    # On a GPU the whole network becomes one CUDA graph a size.
    return torch.compile(generator, dynamic=False, mode="reduce-overhead" if device.type == "cuda" else "default")
