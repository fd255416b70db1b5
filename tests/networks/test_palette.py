import torch

from vidstyle.networks.palette import Recolour, palette_of

MATRIX = torch.tensor([[0.3, 0.1, 0.0], [0.1, 0.2, 0.1], [0.05, 0.0, 0.25]])


def noise(seed: int) -> torch.Tensor:
    return torch.randn(1, 3, 64, 80, generator=torch.Generator().manual_seed(seed))


def coloured(seed: int) -> torch.Tensor:
    """A picture whose colours depend on each other."""
    return torch.einsum("ij,njhw->nihw", MATRIX, noise(seed)) + torch.tensor([0.2, -0.1, -0.3])[:, None, None]


def covariance(picture: torch.Tensor) -> torch.Tensor:
    return torch.cov(picture[0].flatten(1))


def test_a_picture_gets_the_mean_and_the_covariance_of_another():
    work = coloured(1)
    made = Recolour()(noise(2), palette_of(work))
    assert torch.allclose(made.mean((2, 3)), work.mean((2, 3)), atol=1e-3)
    assert torch.allclose(covariance(made), covariance(work), atol=0.01)


def test_each_of_a_batch_gets_its_own_palette():
    works = torch.cat((coloured(1), coloured(2) * 0.3))
    pictures, recolour = torch.cat((noise(3), noise(4))), Recolour()
    made = recolour(pictures, palette_of(works))
    assert torch.allclose(made[1:], recolour(pictures[1:], palette_of(works[1:])), atol=1e-5)


def test_the_noise_of_grey_footage_is_not_blown_up_to_colours():
    grey = torch.linspace(-0.8, 0.8, 80).expand(1, 3, 64, 80) + 2 / 255 * noise(5)
    vivid = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(6)) * 2 - 1
    made = Recolour()(grey, palette_of(vivid))
    assert (made[..., :-1, :] - made[..., 1:, :]).std() < 6 * (grey[..., :-1, :] - grey[..., 1:, :]).std()


def test_a_palette_of_one_colour_makes_that_colour_of_anything():
    plain = torch.tensor([0.5, 0.0, -0.5])[None, :, None, None].expand(1, 3, 32, 32)
    made = Recolour()(noise(7), palette_of(plain))
    assert torch.allclose(made, torch.tensor([0.5, 0.0, -0.5])[:, None, None], atol=0.02)
