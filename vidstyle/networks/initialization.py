"""How the weights of a network without normalization start."""

import torch
from torch import nn

from vidstyle.networks.adjustable import AdjustableResnet
from vidstyle.networks.layers import ResidualBlock
from vidstyle.networks.reference import ReferenceGenerator

_LAYERS = (nn.Conv2d, nn.ConvTranspose2d, nn.Conv3d, nn.Linear)


def initialize(network: nn.Module, *, seed: int) -> None:
    """Draw all layers anew: He et al. 2015 for ReLU, and zero for the last convolution of every residual branch.

    Without normalization the signal would grow by each block; branches that start at zero keep its size, whatever the
    depth (Zhang et al. 2019, Fixup). The network's very last convolution starts small, so that tanh is not saturated. A
    dial starts without effect.
    """
    generator = torch.Generator().manual_seed(seed)
    convolutions = [layer for layer in network.modules() if isinstance(layer, _LAYERS)]
    for layer in convolutions:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    with torch.no_grad():
        convolutions[-1].weight.mul_(0.1)
    for block in network.modules():
        if isinstance(block, ResidualBlock):
            last = [layer for layer in block.modules() if isinstance(layer, nn.Conv2d)][-1]
            nn.init.zeros_(last.weight)
        if isinstance(block, AdjustableResnet | ReferenceGenerator):
            block.begin()
