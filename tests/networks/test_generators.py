import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vidstyle.networks import PatchDiscriminator, ResnetGenerator
from vidstyle.networks.initialization import initialize
from vidstyle.networks.layers import ResidualBlock


@given(st.integers(4, 12), st.integers(4, 12), st.sampled_from(["transposed", "resize"]), st.booleans())
@settings(max_examples=10)
def test_pictures_keep_their_size_and_stay_in_range(rows, columns, upsample, skips):
    generator = ResnetGenerator(width=4, blocks=1, upsample=upsample, skips=skips)
    with torch.inference_mode():
        y = generator(torch.randn(2, 3, 4 * rows, 4 * columns))
    assert y.shape == (2, 3, 4 * rows, 4 * columns)
    assert y.abs().max() <= 1


@pytest.mark.parametrize("skips", [False, True])
def test_without_normalization_a_far_pixel_changes_nothing(skips):
    generator = ResnetGenerator(width=4, blocks=1, norm="none", upsample="resize", skips=skips).eval()
    x = torch.rand(1, 3, 160, 64)
    changed = x.clone()
    changed[..., -8:, :] = -1
    with torch.inference_mode():
        difference = (generator(x) - generator(changed)).abs().amax(dim=(0, 1, 3))
    assert difference[:64].max() == 0
    assert difference[-8:].max() > 0


def test_skips_carry_detail_past_the_bottleneck():
    generator = ResnetGenerator(width=4, blocks=1, norm="none", upsample="resize", skips=True).eval()
    with torch.no_grad():
        for parameter in generator.residual.parameters():
            parameter.zero_()
        for parameter in generator.encoder[2].parameters():
            parameter.zero_()
    x = torch.rand(1, 3, 32, 32)
    with torch.inference_mode():
        assert (generator(x) - generator(1 - x)).abs().max() > 1e-4


def test_the_paper_sizes_have_the_published_parameter_counts():
    assert sum(p.numel() for p in ResnetGenerator(width=64, blocks=9).parameters()) == 11_378_179
    assert sum(p.numel() for p in PatchDiscriminator(channels=3).parameters()) == 2_764_737


@pytest.mark.parametrize(("layers", "patch"), [(1, 16), (2, 34), (3, 70)])
def test_a_logit_judges_one_patch(layers, patch):
    judge = PatchDiscriminator(width=2, layers=layers, norm="none").double()
    # The generic position of ReLUs is no concern: every path through the weights counts, so all are made positive.
    with torch.no_grad():
        for parameter in judge.parameters():
            parameter.abs_()
    x = torch.ones(1, 3, 128, 128, dtype=torch.float64, requires_grad=True)
    logits = judge(x)
    middle = logits.shape[-1] // 2
    logits[0, 0, middle, middle].backward()
    rows = x.grad.abs().sum(dim=(0, 1, 3)).nonzero().flatten()
    assert rows[-1] - rows[0] + 1 == patch


def test_initialization_follows_from_the_seed_and_keeps_the_signals_size():
    first, again, other = (ResnetGenerator(width=8, blocks=6, norm="none") for _ in range(3))
    for network, seed in ((first, 1), (again, 1), (other, 2)):
        initialize(network, seed=seed)
    assert torch.equal(first.encoder[0][1].weight, again.encoder[0][1].weight)
    assert not torch.equal(first.encoder[0][1].weight, other.encoder[0][1].weight)
    block = next(module for module in first.modules() if isinstance(module, ResidualBlock))
    x = torch.randn(1, 32, 8, 8)
    assert torch.equal(block(x), x)
    with torch.inference_mode():
        y = first(torch.rand(1, 3, 64, 64) * 2 - 1)
    assert 0.001 < y.std() < 0.6
