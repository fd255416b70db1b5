import json

import pytest
import torch

from tests.styles import save_small_style
from vidstyle.errors import StyleError
from vidstyle.networks import GeneratorSpec, build_generator, load_style, save_style


@pytest.fixture
def folder(tmp_path):
    save_small_style(tmp_path / "small")
    return tmp_path / "small"


def edit_card(folder, **changes):
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | changes))


def test_a_style_comes_back_as_it_was_saved(folder):
    style = load_style(folder)
    generator = build_generator(style.card.generator)
    generator.load_state_dict(style.generator.state_dict())
    card = save_style(folder.parent / "again", style.card, generator)
    again = load_style(folder.parent / "again")
    assert card == style.card == again.card
    x = torch.rand(1, 3, 16, 16)
    assert torch.equal(style.generator(x), again.generator(x))


def test_a_loaded_style_is_frozen(folder):
    style = load_style(folder)
    assert not style.generator.training
    assert not any(parameter.requires_grad for parameter in style.generator.parameters())


def test_weights_with_another_checksum_are_refused(folder):
    path = folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(StyleError, match="checksum"):
        load_style(folder)


def test_absent_weights_or_card_are_named(folder):
    (folder / "weights.safetensors").unlink()
    with pytest.raises(StyleError, match=r"weights\.safetensors is missing"):
        load_style(folder)
    (folder / "card.json").unlink()
    with pytest.raises(StyleError, match="not a style folder"):
        load_style(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"surprise": 1}, "surprise"),
        ({"stability": 2}, "stability"),
        ({"name": "Two Words"}, "name"),
        ({"generator": {"name": "resnett", "options": {}}}, "resnet"),
        ({"generator": {"name": "resnet", "options": {"wide": 4}}}, "wide"),
        ({"generator": {"name": "resnet", "options": {"width": 8, "blocks": 1, "norm": "none"}}}, "do not fit"),
    ],
)
def test_a_bad_card_is_refused_with_the_reason(folder, changes, message):
    edit_card(folder, **changes)
    with pytest.raises(StyleError, match=message):
        load_style(folder)


@pytest.mark.parametrize("value_range", ["-1..1", "0..1", "0..255"])
@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_decoding_undoes_encoding(folder, value_range, order):
    edit_card(folder, value_range=value_range, channel_order=order)
    style = load_style(folder)
    x = torch.rand(1, 3, 4, 4)
    assert torch.allclose(style.decode(style.encode(x)), x, atol=1e-6)
    assert style.encode(x * 4 - 2).max() <= style.encode(torch.ones(1, 3, 1, 1)).max()


def test_an_unknown_generator_is_answered_with_the_nearest():
    with pytest.raises(StyleError, match="did you mean 'resnet'"):
        build_generator(GeneratorSpec(name="resnt"))
