import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vidstyle.media.colour import LUMA_WEIGHTS
from vidstyle.stages.colour import BT709, LumaWeights, keep_colour, luma_of

MATRICES = [(red, 1 - red - blue, blue) for red, blue in LUMA_WEIGHTS.values()]


def pictures(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    return torch.rand(2, 3, 8, 9, generator=random), torch.rand(2, 3, 8, 9, generator=random)


@given(seed=st.integers(0, 99), weights=st.sampled_from(MATRICES), amount=st.floats(0, 1))
def test_luma_stays_the_styles_and_nothing_leaves_the_gamut(seed: int, weights: LumaWeights, amount: float) -> None:
    source, styled = pictures(seed)
    made = keep_colour(source, styled, amount, weights)
    assert torch.allclose(luma_of(made, weights), luma_of(styled, weights), atol=1e-6)
    assert made.min() >= -1e-6
    assert made.max() <= 1 + 1e-6


@given(seed=st.integers(0, 99))
def test_hue_is_the_sources_and_its_chroma_where_there_is_room(seed: int) -> None:
    source, styled = pictures(seed)
    source, styled = 0.4 + 0.2 * source, 0.4 + 0.2 * styled  # everything fits
    made = keep_colour(source, styled)
    assert torch.allclose(made - luma_of(made), source - luma_of(source), atol=1e-6)


def test_amount_0_leaves_the_style_alone_and_a_grey_source_gives_a_grey_picture() -> None:
    source, styled = pictures(1)
    assert torch.allclose(keep_colour(source, styled, 0.0), styled, atol=1e-6)
    grey = keep_colour(source[:, :1].expand(-1, 3, -1, -1), styled)
    assert torch.equal(grey[:, 0], grey[:, 1])


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_black_and_white_lines_carry_no_colour(level: float) -> None:
    source, styled = pictures(2)
    made = keep_colour(source, torch.full_like(styled, level), 1.0, BT709)
    assert torch.allclose(made, torch.full_like(styled, level), atol=1e-6)
