"""How losses become weights: optimizers and their rates, precision, clipping, and several processes at once."""

import copy
from contextlib import AbstractContextManager
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from vidstyle.training.processes import Processes
from vidstyle.training.section import Section

Player = Literal["networks", "judges"]


class Schedule(Section):
    """How long and how fast."""

    steps: int = Field(ge=1, description="optimizer steps")
    rate: float = Field(default=1e-3, gt=0, description="Adam's rate for the generators")
    rate_discriminator: float = Field(default=4e-4, gt=0, description="Adam's rate for the discriminators")
    momentum: float = Field(default=0.9, ge=0, lt=1, description="Adam's first beta for the generators; CycleGAN: 0.5")
    warmup: int = Field(default=100, ge=0, description="steps over which the rate rises from zero")
    decay_from: float = Field(default=0.5, ge=0, le=1, description="share of the steps at the full rate, then linear")
    clip: float = Field(default=1.0, gt=0, description="largest norm of the generators' gradient")
    average: float = Field(default=0.999, ge=0, lt=1, description="decay of the generator's moving average")
    precision: Literal["fp32", "bf16"] = Field(
        default="fp32", description="of the forward passes; bf16 pays on GPUs and on CPUs with AMX"
    )
    evaluations: int = Field(
        default=5, ge=1, description="times, evenly over the steps, that the average is measured; the best one is kept"
    )
    checkpoint_minutes: float = Field(default=4.0, gt=0, description="between checkpoints")
    sample_minutes: float = Field(default=6.0, gt=0, description="between contact sheets")


class Engine:
    """Two optimizers, one for all generators and one for all discriminators, and the average of what will be shipped.

    Convention: `share` is how much of the steps is done, 0 to 1; `begin` sets the rates of a step before its losses.
    """

    def __init__(
        self, networks: nn.ModuleDict, judges: nn.ModuleDict, schedule: Schedule, device: torch.device
    ) -> None:
        self.schedule, self.device = schedule, device
        self.players: dict[Player, nn.ModuleDict] = {"networks": networks, "judges": judges}
        for player in self.players.values():
            player.to(device)
            for layer in player.modules():
                if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                    layer.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(networks["generator"]).eval().requires_grad_(False)
        self.processes = Processes.joined(device)
        betas = {"networks": (schedule.momentum, 0.99), "judges": (0.5, 0.99)}
        self.adams = {
            name: torch.optim.Adam([*player.parameters()] or [torch.zeros(1)], betas=betas[name])
            for name, player in self.players.items()
        }

    def begin(self, step: int) -> None:
        """Set the rates for a step: rising over the warm-up, then full, then linearly falling to zero."""
        schedule = self.schedule
        falling = (1 - step / schedule.steps) / max(1 - schedule.decay_from, 1e-9)
        factor = min(1.0, (step + 1) / max(schedule.warmup, 1), max(falling, 0.0))
        rates: dict[Player, float] = {"networks": schedule.rate, "judges": schedule.rate_discriminator}
        for name, rate in rates.items():
            for group in self.adams[name].param_groups:
                group["lr"] = rate * factor

    def forward(self) -> AbstractContextManager[Any]:
        """Give the precision that networks run in; losses are taken outside of it, in float32."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.schedule.precision == "bf16")

    def descend(self, player: Player, loss: Tensor) -> None:
        """Take one step of a player down its loss. Gradients are the mean over all processes."""
        parameters = [each for each in self.players[player].parameters() if each.requires_grad]
        self.adams[player].zero_grad(set_to_none=True)
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        self.processes.average(parameters)
        if player == "networks":
            nn.utils.clip_grad_norm_(parameters, self.schedule.clip)
        self.adams[player].step()

    def update_average(self, step: int) -> None:
        """Let the average follow the generator; a young one forgets faster, or the random start would linger."""
        decay = min(self.schedule.average, (1 + step) / (10 + step))
        current = self.players["networks"]["generator"]
        with torch.no_grad():
            for mean, now in zip(self.average.parameters(), current.parameters(), strict=True):
                mean.lerp_(now, 1 - decay)
            for kept, held in zip(self.average.buffers(), current.buffers(), strict=True):
                kept.copy_(held)

    def state(self) -> dict[str, Any]:
        """Give all that `restore` needs."""
        players = {name: player.state_dict() for name, player in self.players.items()}
        adams = {f"adam_{name}": adam.state_dict() for name, adam in self.adams.items()}
        return players | adams | {"average": self.average.state_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        for name, player in self.players.items():
            player.load_state_dict(state[name])
            self.adams[name].load_state_dict(state[f"adam_{name}"])
        self.average.load_state_dict(state["average"])
