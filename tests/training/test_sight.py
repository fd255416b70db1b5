import cv2
import numpy as np
import torch

from vidstyle.measure.features import FeatureNetwork
from vidstyle.networks.features import Parts
from vidstyle.networks.initialization import initialize
from vidstyle.networks.reference import StyleEncoder
from vidstyle.training.sight import open_eyes


def test_an_encoder_learns_to_tell_works_apart_as_a_feature_network_does():
    torch.manual_seed(0)
    kernel = torch.randn(8, 3, 3, 3) / 3
    eyes = FeatureNetwork(Parts("random", torch.nn.Identity(), "reflect", (((kernel, torch.zeros(8)),),)))
    noise = np.random.default_rng(1).normal(0, 1, (96, 96, 3))
    works = [
        np.clip(128 + 400 * amount * cv2.GaussianBlur(noise, None, blur), 0, 255).astype(np.uint8)
        for blur, amount in ((1, 0.1), (1, 0.6), (3, 0.3), (3, 1.5))
    ]
    encoder = StyleEncoder(width=8, code=64)
    initialize(encoder, seed=1)
    blind = encoder(torch.zeros(1, 3, 32, 32))
    losses = open_eyes(encoder, eyes, works, size=32, steps=250, seed=3)
    assert len(losses) == 250
    assert np.mean(losses[-20:]) < 0.5 * np.mean(losses[:5])
    assert not torch.equal(encoder(torch.zeros(1, 3, 32, 32)), blind)
    again = StyleEncoder(width=8, code=64)
    initialize(again, seed=1)
    torch.manual_seed(99)  # the recipe's seed alone decides
    assert open_eyes(again, eyes, works, size=32, steps=20, seed=3)[:1] == losses[:1]
