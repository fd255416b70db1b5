import dataclasses

import pytest
import torch
from torch import nn

from tests.styles import save_small_style
from vidstyle.errors import StyleError
from vidstyle.networks import Style, load_style
from vidstyle.networks.checkpoints.proof import GOLDEN, compare_golden, doubts, draw_card, write_golden


@pytest.fixture
def style(tmp_path) -> Style:
    save_small_style(tmp_path / "small")
    return load_style(tmp_path / "small")


class Drawn(nn.Module):
    def __init__(self, draw) -> None:
        super().__init__()
        self.draw = draw

    def forward(self, x):
        return self.draw(x)


def drawing(style, draw, **card) -> Style:
    return dataclasses.replace(style, generator=Drawn(draw), card=style.card.model_copy(update=card))


def test_the_card_is_the_same_every_time_and_holds_all_colours():
    card = draw_card()
    assert torch.equal(card, draw_card())
    assert card.shape == (1, 3, 128, 160)
    assert 0 <= card.min() < 0.15
    assert 0.85 < card.max() <= 1
    assert card.std(dim=(2, 3)).min() > 0.15


def test_a_sound_style_raises_no_doubt(style):
    assert doubts(drawing(style, lambda x: x)) == ()
    assert doubts(drawing(style, lambda x: (x * 0.9).flip(1).flip(1), channel_order="bgr")) == ()


def test_a_network_for_0_to_255_run_on_less_is_seen(style):
    # Its output spans 0 to 255 whatever it is given, as with instance norm.
    (doubt,) = doubts(drawing(style, lambda x: 60 * (x - x.mean()) / x.std(), value_range="-1..1"))
    assert "--range 0..1 or 0..255" in doubt
    assert "black or white" in doubt


def test_a_network_for_less_run_on_255_is_seen(style):
    (doubt,) = doubts(drawing(style, lambda x: torch.tanh(x - 100), value_range="0..255"))
    assert "the same colour everywhere" in doubt


def test_red_and_blue_that_change_places_are_seen(style):
    (doubt,) = doubts(drawing(style, lambda x: x.flip(1)))
    assert "--order bgr" in doubt


def test_colours_of_the_styles_own_are_no_reason_to_doubt(style):
    grey = drawing(style, lambda x: x.mean(1, keepdim=True).expand(-1, 3, -1, -1))
    blue = drawing(style, lambda x: x.mean(1, keepdim=True) * torch.tensor([0.2, 0.4, 1.0])[:, None, None])
    assert doubts(grey) == doubts(blue) == ()


def test_broken_weights_are_seen(style):
    assert "no numbers" in doubts(drawing(style, lambda x: x * torch.nan))[0]


def test_a_style_draws_its_golden_frame_again_and_another_does_not(style):
    assert compare_golden(style) is None
    write_golden(style)
    assert compare_golden(style) == (0.0, 0)
    mean, worst = compare_golden(drawing(style, lambda x: x))
    assert mean > 1
    assert worst > 16


def test_a_golden_frame_that_is_none_is_named(style):
    (style.folder / GOLDEN).write_bytes(b"not a picture")
    with pytest.raises(StyleError, match=r"golden\.png is no picture"):
        compare_golden(style)
