"""How a style encoder learns to see before anything is drawn: it tells what a feature network sees in works."""

import numpy as np
import torch
from torch import Tensor, nn

from vidstyle.measure.features import FeatureNetwork
from vidstyle.networks.initialization import initialize
from vidstyle.networks.reference import StyleEncoder
from vidstyle.training.pairs import sample_looks
from vidstyle.training.teachers import Picture
from vidstyle.training.temporal import from_network

_POOL = 1024  # crops of works; what the feature network sees in each is asked once
_CROPS = 16  # a step
_RATE = 1e-3
_LEAST = 1e-3  # of a mean or deviation, before its logarithm


def open_eyes(
    encoder: StyleEncoder, eyes: FeatureNetwork, looks: list[Picture], *, size: int, steps: int, seed: int
) -> list[float]:
    """Teach an encoder to tell the logarithms of features' means and deviations, in crops of `looks`; gives the losses.

    What moves a generator's strokes is some way behind what can be seen in a work: an encoder that starts blind makes
    all works look alike to it, and what is drawn alike teaches the encoder nothing. Means and deviations: Huang and
    Belongie 2017, equation 13. The loss is the mean square, relative to how much works differ: 1 where they are not
    told apart. One linear layer reads the code; it is forgotten afterwards.

    Convention: `encoder` is changed in place, and settled on those crops.
    """
    rng = np.random.default_rng([seed, 8])
    device = next(encoder.parameters()).device
    eyes.to(device)
    crops = torch.cat([sample_looks(looks, size, _CROPS, rng) for _ in range(_POOL // _CROPS)])
    seen = torch.cat([_told(eyes, some.to(device)) for some in torch.split(crops, _CROPS)])
    wanted = (seen - seen.mean(0)) / seen.std(0).clamp_min(_LEAST)
    reader = nn.Linear(encoder(crops[:1].to(device)).shape[1], wanted.shape[1])
    initialize(reader, seed=seed)
    reader.to(device)
    adam = torch.optim.Adam([*encoder.parameters(), *reader.parameters()], lr=_RATE)
    losses = []
    for step in range(steps):
        chosen = torch.from_numpy(rng.choice(len(crops), _CROPS, replace=False))
        loss = (reader(encoder(crops[chosen].to(device))) - wanted[chosen]).square().mean()
        adam.zero_grad()
        loss.backward()
        adam.param_groups[0]["lr"] = _RATE * (1 - step / steps)
        adam.step()
        losses.append(loss.item())
    encoder.settle(crops.to(device))
    return losses


@torch.no_grad()
def _told(eyes: FeatureNetwork, crops: Tensor) -> Tensor:
    told = []
    for layer in eyes(from_network(crops)):
        variance, mean = torch.var_mean(layer, dim=(2, 3), correction=0)
        told += [mean, variance.sqrt()]
    return (torch.cat(told, 1) + _LEAST).log()
