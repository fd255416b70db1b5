from fractions import Fraction
from pathlib import Path

import pytest
import torch

from tests.styles import save_small_style
from vidstyle.errors import ConfigError, StyleError
from vidstyle.frames import FrameBatch
from vidstyle.networks import (
    GeneratorSpec,
    StyleCard,
    build_generator,
    load_style,
    load_styles,
    parse_styles,
    save_style,
    tell_styles,
)
from vidstyle.networks.mixing import card_of
from vidstyle.stages.motion import without_motion
from vidstyle.stages.stylize import StylizeConfig, stylize


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VIDSTYLE_MODELS", str(tmp_path))
    save_small_style(tmp_path / "a", name="a", stability=0.9)
    save_small_style(tmp_path / "b", name="b", seed=1, stability=0.5)
    save_small_style(tmp_path / "bgr", name="bgr", seed=2, value_range="0..255", channel_order="bgr")
    return tmp_path


def test_weights_are_divided_by_their_sum():
    assert parse_styles("a:3, b:1") == (("a", 0.75), ("b", 0.25))
    assert parse_styles("a,b") == (("a", 0.5), ("b", 0.5))
    assert parse_styles("a:1,b:0") == (("a", 1.0),)
    assert parse_styles("a") == parse_styles("a:0.3") == (("a", 1.0),)
    assert parse_styles("C:/styles/a:1,D:/b:1") == (("C:/styles/a", 0.5), ("D:/b", 0.5))


@pytest.mark.parametrize("text", ["a:0.5,b", "a:1,a:2", "a:-1,b:2", "a:0,b:0", "a,", ",", "a:nan,b:1", "a:inf,b:1"])
def test_what_is_no_mixture_is_refused_with_the_form(text: str):
    with pytest.raises(ConfigError, match="NAME:WEIGHT"):
        parse_styles(text)


def test_one_style_is_that_style_itself():
    mixture = load_styles("a")
    assert mixture.card == load_style("a").card == card_of("a")
    assert [share.weight for share in tell_styles("a")] == [1.0]


def test_a_mixture_has_a_name_the_mean_stability_and_a_checksum_of_its_own():
    card = load_styles("a:0.75,b:0.25").card
    assert (card.name, card.stability) == ("a-75_b-25", pytest.approx(0.8))
    assert card == card_of("a:0.75,b:0.25")
    others = {card_of(text, by).sha256 for text, by in [("a:0.7,b:0.3", "output"), ("a:3,b:1", "weights")]}
    assert len({card.sha256, *others}) == 3
    assert [share.name for share in tell_styles("a:1,b:1")] == ["a", "b"]


def test_by_output_the_pictures_are_added_each_in_its_own_range_and_order():
    images = torch.rand(3, 3, 30, 41, generator=torch.Generator().manual_seed(0))
    frames = [FrameBatch(images[:2], (0, 1), Fraction(1, 25)), FrameBatch(images[2:], (2,), Fraction(1, 25))]
    batches = stylize(without_motion(frames), load_styles("a:0.7,bgr:0.3"), StylizeConfig())
    made = torch.cat([batch.images for batch in batches])
    expected = 0.7 * load_style("a").paint(images) + 0.3 * load_style("bgr").paint(images)
    assert torch.allclose(made, expected, atol=1e-5)


def test_by_weights_one_network_has_the_mean_of_all_weights():
    mixture = load_styles("a:0.25,b:0.75", "weights")
    ((merged, share),) = mixture.parts
    assert share == 1.0
    states = [load_style(name).generator.state_dict() for name in ("a", "b")]
    for name, tensor in merged.generator.state_dict().items():
        assert torch.allclose(tensor, 0.25 * states[0][name] + 0.75 * states[1][name], atol=1e-6)
    assert torch.allclose(load_styles("a:1,b:1e-9", "weights").parts[0][0].paint(torch.ones(1, 3, 20, 20)),
                          load_style("a").paint(torch.ones(1, 3, 20, 20)), atol=1e-4)  # fmt: skip


def test_recurrent_styles_mix_by_weights_alone(models: Path):
    for seed, name in enumerate(("g", "h")):
        save_small_style(models / name, name=name, seed=seed, network="convgru")
    assert load_styles("g,h", "weights").is_recurrent
    with pytest.raises(StyleError, match="remembers"):
        load_styles("g,h")


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ("bgr", "value_range is -1..1 and 0..255"),
        ("wide", r"decoder.* is \(8,\) and \(16,\)"),
        ("gru", "the generators are resnet and convgru"),
    ],
)
def test_layouts_that_differ_are_refused_with_the_difference(models: Path, other: str, told: str):
    save_small_style(models / "gru", name="gru", network="convgru")
    save_wide(models / "wide")
    with pytest.raises(StyleError, match=told):
        load_styles(f"a,{other}", "weights")


def save_wide(folder: Path) -> None:
    spec = GeneratorSpec(name="resnet", options={"width": 8, "blocks": 1, "norm": "none"})
    card = StyleCard(name="wide", title="", description="", generator=spec, sha256="0" * 64, licence="CC0-1.0")
    save_style(folder, card, build_generator(spec))
