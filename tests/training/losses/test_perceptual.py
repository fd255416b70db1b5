import pytest
import torch

from vidstyle.training.losses import content_loss, gram, style_loss, total_variation


def features(*shape: int, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def test_gradients_are_right():
    one, other = features(1, 3, 4, 5), features(1, 3, 4, 5, seed=1)
    wanted = gram(other).detach()
    assert torch.autograd.gradcheck(lambda x: content_loss([x], [other.detach()]), (one,))
    assert torch.autograd.gradcheck(lambda x: style_loss([x], [wanted]), (one,))
    assert torch.autograd.gradcheck(total_variation, (one,))


def test_a_gram_matrix_is_the_papers_sum():
    f = torch.randn(2, 3, 4, 5)
    expected = torch.zeros(2, 3, 3)
    for n in range(2):
        for a in range(3):
            for b in range(3):
                expected[n, a, b] = sum(f[n, a, y, x] * f[n, b, y, x] for y in range(4) for x in range(5)) / (3 * 4 * 5)
    assert torch.allclose(gram(f), expected, atol=1e-5)


def test_style_does_not_see_where_things_are_and_content_does():
    f = torch.randn(1, 4, 6, 6)
    mixed = f.flatten(2)[..., torch.randperm(36, generator=torch.Generator().manual_seed(0))].reshape(f.shape)
    assert style_loss([mixed], [gram(f)]) == pytest.approx(0, abs=1e-8)
    assert content_loss([mixed], [f]) > 0.5


def test_style_is_summed_and_content_averaged_over_the_layers():
    f, g = torch.randn(1, 2, 3, 3), torch.randn(1, 2, 3, 3)
    assert style_loss([f, f], [gram(g)] * 2) == pytest.approx(2 * style_loss([f], [gram(g)]).item())
    assert content_loss([f, f], [g, g]) == pytest.approx(content_loss([f], [g]).item())


def test_a_flat_picture_does_not_vary():
    assert total_variation(torch.full((1, 3, 4, 4), 0.3)) == 0
    ramp = torch.arange(4.0).expand(1, 3, 4, 4)
    assert total_variation(ramp) == pytest.approx(1)
