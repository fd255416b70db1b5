"""Small styles for tests."""

from pathlib import Path
from typing import Any

import torch

from vidstyle.networks import GeneratorSpec, StyleCard, build_generator, save_style
from vidstyle.networks.initialization import initialize


def save_small_style(
    folder: Path, *, name: str = "small", seed: int = 0, network: str = "resnet", **card: Any
) -> StyleCard:
    """Write a style with a small random generator into `folder`: it changes every picture, and every pixel of it."""
    torch.manual_seed(seed)
    spec = GeneratorSpec(name=network, options={"width": 4, "blocks": 1, "norm": "none"})
    filled = StyleCard(
        name=name,
        title="Small",
        description="Random weights, for tests.",
        generator=spec,
        sha256="0" * 64,
        licence="CC0-1.0",
        **card,
    )
    return save_style(folder, filled, build_generator(spec))


def save_small_reference(folder: Path) -> StyleCard:
    """Write an untrained network that looks at pictures into `folder`; looks differ in all its features."""
    options = {"width": 4, "core": 8, "blocks": 1, "eye": 4, "code": 8}
    spec = GeneratorSpec(name="reference", options=options)
    card = StyleCard(
        name="reference", title="Any", description="For tests.", generator=spec, sha256="0" * 64, licence="CC0-1.0"
    )
    generator = build_generator(spec)
    initialize(generator, seed=1)
    torch.nn.init.normal_(generator.imagine.weight, generator=torch.Generator().manual_seed(0))
    return save_style(folder, card, generator)
