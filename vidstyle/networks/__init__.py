"""What a style is made of: generators, discriminators, and the style folder with its card."""

from vidstyle.networks.discriminators import PatchDiscriminator
from vidstyle.networks.generators import GENERATORS, ResnetGenerator
from vidstyle.networks.style import (
    DataSource,
    GeneratorSpec,
    Style,
    StyleCard,
    TrainingRecord,
    build_generator,
    load_style,
    read_card,
    save_style,
)

__all__ = [
    "GENERATORS",
    "DataSource",
    "GeneratorSpec",
    "PatchDiscriminator",
    "ResnetGenerator",
    "Style",
    "StyleCard",
    "TrainingRecord",
    "build_generator",
    "load_style",
    "read_card",
    "save_style",
]
