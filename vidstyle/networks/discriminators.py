"""Discriminators: pictures → a map of real/fake logits."""

from torch import nn

from vidstyle.networks.layers import Norm, normalization


class PatchDiscriminator(nn.Sequential):
    """PatchGAN (Isola et al. 2017): each logit judges one patch; with `layers` 3 the patch is 70x70 pixels.

    Gives a map of logits (n, 1, ph, pw), high where the patch looks real.

    Args:
        channels: of the input; 3 for a picture alone, 6 for source and target together as in pix2pix.
        width: channels of the first layer (the paper's 64).
        layers: stride-2 convolutions; 1, 2, 3 judge patches of 16, 34, 70 pixels.
        norm: of all layers but the first and the last.
    """

    def __init__(self, *, channels: int = 3, width: int = 64, layers: int = 3, norm: Norm = "instance") -> None:
        stack: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
        for depth in range(1, layers + 1):
            inputs, outputs = (width * min(2**d, 8) for d in (depth - 1, depth))
            stride = 2 if depth < layers else 1
            stack += [nn.Conv2d(inputs, outputs, 4, stride, 1), normalization(norm, outputs)]
            stack += [nn.LeakyReLU(0.2, inplace=True)]
        super().__init__(*stack, nn.Conv2d(outputs, 1, 4, 1, 1))
