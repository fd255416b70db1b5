"""What a style is made of: generators, discriminators, and the style folder with its card."""

from vidstyle.networks.adjustable import is_adjustable, with_strength
from vidstyle.networks.discriminators import (
    DISCRIMINATORS,
    DenseDiscriminator,
    PatchDiscriminator,
    PixelDiscriminator,
    TemporalDiscriminator,
)
from vidstyle.networks.features import FeatureNetwork, load_features
from vidstyle.networks.gallery import drawing_styles, find_card, find_style, load_style, style_folders, user_models
from vidstyle.networks.generators import GENERATORS, ResnetGenerator
from vidstyle.networks.looks import styles_of_images
from vidstyle.networks.mixing import MixBy, Mixture, StyleShare, card_of, load_styles, parse_styles, tell_styles
from vidstyle.networks.padding import Padding
from vidstyle.networks.recurrent import RecurrentGenerator
from vidstyle.networks.style import (
    DataSource,
    GeneratorSpec,
    Style,
    StyleCard,
    TrainingRecord,
    build_generator,
    read_card,
    read_style,
    save_style,
)

__all__ = [
    "DISCRIMINATORS",
    "GENERATORS",
    "DataSource",
    "DenseDiscriminator",
    "FeatureNetwork",
    "GeneratorSpec",
    "MixBy",
    "Mixture",
    "Padding",
    "PatchDiscriminator",
    "PixelDiscriminator",
    "RecurrentGenerator",
    "ResnetGenerator",
    "Style",
    "StyleCard",
    "StyleShare",
    "TemporalDiscriminator",
    "TrainingRecord",
    "build_generator",
    "card_of",
    "drawing_styles",
    "find_card",
    "find_style",
    "is_adjustable",
    "load_features",
    "load_style",
    "load_styles",
    "parse_styles",
    "read_card",
    "read_style",
    "save_style",
    "style_folders",
    "styles_of_images",
    "tell_styles",
    "user_models",
    "with_strength",
]
