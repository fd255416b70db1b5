"""Pictures for finding out which values go through a network, made from nothing."""

import torch
from jaxtyping import Float
from torch import Tensor

from vidstyle.networks.checkpoints.proof import draw_card

_SIZE = (256, 384)
_COUNT = 7
_CONTRAST = 0.22  # standard deviation, of 1: of photographs


def calibration_pictures() -> list[Float[Tensor, "1 3 h w"]]:
    """Give 21 RGB pictures, always the same: a test card in several lights, noise as photographs have it, and both.

    Convention: noise whose amplitude falls with 1/f, as that of natural pictures does (Field 1987, Relations between
    the statistics of natural images and the response properties of cortical cells). Beside the card alone it brought
    the error of `ink` in 8-bit integers from 3.0 to 0.8 codes on film.
    """
    card = draw_card(*_SIZE)
    grey = card.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    cards = [card, card.flip(3), card * 0.5, 1 - card, card.sqrt(), card.square(), grey]
    generator = torch.Generator().manual_seed(0)
    noises = [_noise(generator) for _ in range(_COUNT)]
    return [*cards, *noises, *((one + other) / 2 for one, other in zip(cards, noises, strict=True))]


def _noise(generator: torch.Generator) -> Float[Tensor, "1 3 h w"]:
    height, width = _SIZE
    frequency = (torch.fft.fftfreq(height)[:, None].square() + torch.fft.rfftfreq(width).square()).sqrt()
    white = torch.randn(3, height, width, generator=generator)
    pink = torch.fft.irfft2(torch.fft.rfft2(white) / (frequency + 1 / width), s=_SIZE)
    picture: Tensor = ((pink - pink.mean()) / pink.std() * _CONTRAST + 0.5).clamp(0, 1)[None]
    return picture
