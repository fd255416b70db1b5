"""Training in several processes, each with its own crops and, where there are GPUs, its own GPU."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from vidstyle.errors import PluginError


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among those of a training. `rank` counts from 0; only rank 0 writes files.

    Convention: all begin with equal weights and take the mean of their gradients, so that they stay equal; each draws
    its own crops. `accelerate` is None where there is one process.
    """

    rank: int = 0
    count: int = 1
    accelerate: Any = None

    @classmethod
    def joined(cls, device: torch.device) -> "Processes":
        """Join the processes that `torchrun` or `accelerate launch` started; one process without either.

        Raises PluginError where there are several and accelerate is not installed.
        """
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            return cls()
        try:
            from accelerate import PartialState  # noqa: PLC0415  # only where there are several processes
        except ImportError as error:
            message = "several processes need accelerate: pip install 'vidstyle[train]'"
            raise PluginError(message, group="training", name="accelerate") from error
        state = PartialState(cpu=device.type == "cpu")
        return cls(state.process_index, state.num_processes, state)

    def average(self, parameters: Sequence[nn.Parameter]) -> None:
        """Replace each gradient by its mean over all processes."""
        if self.accelerate is None:
            return
        from accelerate.utils import reduce  # noqa: PLC0415

        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad = reduce(parameter.grad, reduction="mean")

    def share(self, network: nn.Module) -> None:
        """Give all processes the first one's weights, where each has changed them by itself."""
        if self.accelerate is None:
            return
        from accelerate.utils import broadcast  # noqa: PLC0415

        for weights in network.state_dict().values():
            weights.copy_(broadcast(weights.clone()))

    def agree(self, wish: bool) -> bool:
        """Whether any process wishes it: one that stopped alone would leave the others waiting for its gradients."""
        if self.accelerate is None:
            return wish
        from accelerate.utils import reduce  # noqa: PLC0415

        told = torch.tensor([float(wish)], device=self.accelerate.device)
        return bool(reduce(told, reduction="sum").item() > 0)

    def wait(self) -> None:
        """Wait for the others."""
        if self.accelerate is not None:
            self.accelerate.wait_for_everyone()
