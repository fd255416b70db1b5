import pytest
import torch

from vidstyle.training.losses import (
    gram,
    moments,
    relative_content_loss,
    relative_style_loss,
    texture_loss,
    total_variation,
)


def features(*shape: int, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def test_gradients_are_right():
    one, other = features(1, 3, 4, 5), features(1, 3, 4, 5, seed=1)
    wanted = gram(other).detach()
    assert torch.autograd.gradcheck(lambda x: relative_content_loss([x], [other.detach()]), (one,))
    assert torch.autograd.gradcheck(lambda x: relative_style_loss([x], [wanted]), (one,))
    assert torch.autograd.gradcheck(lambda x: texture_loss([x], [moments(other.detach())]), (one,))
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
    assert relative_style_loss([mixed], [gram(f)]) == pytest.approx(0, abs=1e-8)
    assert texture_loss([mixed], [moments(f)]) == pytest.approx(0, abs=1e-4)
    assert relative_content_loss([mixed], [f]) > 0.5


def test_both_are_relative_to_what_is_wanted_and_averaged_over_the_layers():
    f, g = torch.randn(1, 2, 3, 3), torch.randn(1, 2, 3, 3)
    style, content = relative_style_loss([f], [gram(g)]), relative_content_loss([f], [g])
    assert relative_style_loss([f, 9 * f], [gram(g), gram(9 * g)]) == pytest.approx(style.item(), rel=1e-4)
    assert relative_content_loss([f, 9 * f], [g, 9 * g]) == pytest.approx(content.item(), rel=1e-4)
    nothing = [torch.zeros_like(g)]
    assert relative_style_loss(nothing, [gram(g)]) == pytest.approx(1)
    assert relative_content_loss(nothing, [g]) == pytest.approx(1)


def test_moments_are_means_and_mean_products_of_all_channels():
    f = torch.randn(2, 3, 4, 5)
    told = moments(f)
    assert torch.allclose(told[:, :3, 3], f.mean((2, 3)), atol=1e-6)
    assert torch.allclose(told[:, 0, 1], (f[:, 0] * f[:, 1]).mean((1, 2)), atol=1e-6)
    assert torch.allclose(told[:, 3, 3], torch.ones(2))


def test_texture_is_what_varies_and_a_gram_matrix_is_mostly_what_is_loud():
    loud, still = torch.full((1, 1, 8, 8), 9.0), 0.1 * torch.randn(1, 2, 8, 8)
    work, flat = torch.cat((loud, still), 1), torch.cat((loud, torch.zeros_like(still)), 1)
    assert relative_style_loss([flat], [gram(work)]) < 1e-3
    assert texture_loss([flat], [moments(work)]) > 0.1
    scale = torch.tensor([1.0, 4.0, 1.0])[None, :, None, None]  # of a channel, which means nothing
    drawn = work + 0.1 * torch.randn_like(work)
    expected = texture_loss([drawn / scale], [moments(work / scale)])
    assert texture_loss([drawn], [moments(work)]) == pytest.approx(expected.item(), rel=0.2)


def test_a_work_without_texture_has_no_more_say_than_others():
    flat, drawn = torch.ones(1, 3, 8, 8), 1 + torch.randn(1, 3, 8, 8, requires_grad=True)
    loss = texture_loss([drawn], [moments(flat)])
    assert loss < 8
    assert torch.autograd.grad(loss, drawn)[0].isfinite().all()


def test_a_layer_that_sees_nothing_is_not_divided_by():
    nothing = torch.zeros(1, 2, 3, 3)
    assert relative_content_loss([nothing], [nothing]) == 0
    assert relative_style_loss([nothing], [gram(nothing)]) == 0
    assert texture_loss([nothing], [moments(nothing)]) == pytest.approx(0, abs=1e-5)


def test_a_flat_picture_does_not_vary():
    assert total_variation(torch.full((1, 3, 4, 4), 0.3)) == 0
    ramp = torch.arange(4.0).expand(1, 3, 4, 4)
    assert total_variation(ramp) == pytest.approx(1)
