"""Normalization over whole frames while only a window of them is looked at."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class WholeFrames:
    """The statistics that a generator's instance norms take over whole frames.

    A window has other means and variances than its frame, so that a generator with instance norms draws it otherwise
    than it will draw the frame; what it would learn from the window is not what it needs. Within `given`, the norms
    take the statistics that they had over the whole frames when these were last drawn within `noted`.

    Convention: frames are numbered from 0; a batch holds the frames named, in their order.
    """

    def __init__(self, generator: nn.Module) -> None:
        norms = [layer for layer in generator.modules() if isinstance(layer, nn.InstanceNorm2d)]
        self._layers = [layer for layer in norms if not layer.track_running_stats]
        self._seen: dict[nn.Module, dict[int, Tensor]] = {layer: {} for layer in self._layers}

    @contextmanager
    def noted(self, frame: int) -> Iterator[None]:
        """Remember the statistics of `frame`, which is drawn whole meanwhile, in a batch of one."""

        def note(layer: nn.Module, inputs: tuple[Tensor], _output: Tensor) -> None:
            variance, mean = torch.var_mean(inputs[0].detach(), dim=(2, 3), correction=0)
            self._seen[layer][frame] = torch.stack((mean[0], variance[0]))

        with self._hooked(note):
            yield

    @contextmanager
    def given(self, frames: list[int]) -> Iterator[None]:
        """Normalize by the statistics of `frames`, windows of which are drawn meanwhile."""

        def normalize(layer: nn.Module, inputs: tuple[Tensor], _output: Tensor) -> Tensor:
            assert isinstance(layer, nn.InstanceNorm2d)
            seen = torch.stack([self._seen[layer][frame] for frame in frames])[..., None, None]
            normal = (inputs[0] - seen[:, 0]) * (seen[:, 1] + layer.eps).rsqrt()
            if not layer.affine:
                return normal
            return normal * layer.weight[:, None, None] + layer.bias[:, None, None]

        with self._hooked(normalize):
            yield

    @contextmanager
    def _hooked(self, hook: Callable[..., Tensor | None]) -> Iterator[None]:
        handles = [layer.register_forward_hook(hook) for layer in self._layers]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
