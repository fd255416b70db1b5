import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tests.motion.pictures import texture
from vidstyle.motion import Flow
from vidstyle.stages.blend import BlendConfig, blend_step
from vidstyle.stages.calm import calm_share, next_allowance, unrest

EVERYWHERE = torch.ones(1, 1, 24, 24)


def noise(seed: int) -> Tensor:
    return torch.randn(1, 3, 24, 24, generator=torch.Generator().manual_seed(seed))


@given(allowed=st.floats(0.05, 0.95))
def test_the_output_is_as_restless_as_is_allowed(allowed: float) -> None:
    alone = noise(1)
    pull = -alone * torch.rand(1, 1, 24, 24, generator=torch.Generator().manual_seed(2))
    target = unrest(alone, EVERYWHERE) * allowed
    share = calm_share(alone, pull, EVERYWHERE, target, 1.0)
    if share < 1:
        assert unrest(alone + share * pull, EVERYWHERE).item() == pytest.approx(target.item(), rel=1e-3)
    else:
        assert unrest(alone + pull, EVERYWHERE) >= target * 0.999


def test_a_style_calmer_than_its_source_keeps_nothing_of_the_past() -> None:
    assert calm_share(noise(1), -noise(1), EVERYWHERE, unrest(2 * noise(1), EVERYWHERE), 0.97) == 0


def test_what_can_not_be_reached_gets_all_the_stability_there_is() -> None:
    assert calm_share(noise(1), -0.1 * noise(1), EVERYWHERE, torch.zeros(1), 0.97).item() == pytest.approx(0.97)
    assert calm_share(noise(1), -noise(1), EVERYWHERE, torch.zeros(1), 0.5).item() == pytest.approx(0.5)


def test_only_what_both_frames_show_counts() -> None:
    assert unrest(noise(1), 0 * EVERYWHERE) == 0
    half = EVERYWHERE.clone()
    half[..., 12:] = 0
    assert unrest(noise(1), half).item() == pytest.approx(noise(1)[..., :12].square().sum().item(), rel=1e-5)


def test_the_allowance_learns_only_while_the_floor_holds_the_blend_back() -> None:
    one, restless, wanted = torch.ones(1), torch.tensor([1.44]), torch.ones(1)
    assert next_allowance(one, torch.tensor([0.5]), 0.97, wanted, restless).item() == pytest.approx(1 / 1.2)
    assert next_allowance(one, torch.tensor([0.97]), 0.97, wanted, restless) == 1
    assert next_allowance(one, torch.tensor([0.5]), 0.97, wanted, 100 * restless).item() == pytest.approx(0.2)
    assert next_allowance(one, torch.tensor([0.5]), 0.97, wanted, torch.zeros(1)) == 1


@pytest.mark.parametrize("floor", [0.5, 1.0, 2.0])
def test_over_a_shot_the_result_is_never_calmer_than_the_floor(floor: float) -> None:
    still, look = texture(48, 64)[None], texture(48, 64, seed=4)[None]
    generator = torch.Generator().manual_seed(0)
    flow = Flow(torch.zeros(1, 2, 48, 64), torch.ones(1, 1, 48, 64))
    state, before, ours, theirs = None, None, 0.0, 0.0
    for number in range(40):
        source = still + 0.02 * torch.randn(still.shape, generator=generator)
        paint = look + 0.06 * torch.randn(look.shape, generator=generator)
        state = blend_step(state, source, paint, flow, BlendConfig(floor=floor))
        if before is not None and number > 10:
            ours += float((state.output - before.output).square().sum())
            theirs += float((source - before.source).square().sum())
        before = state
    assert ours / theirs == pytest.approx(floor, rel=0.1)
