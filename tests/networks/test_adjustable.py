import pytest
import torch

from tests.styles import save_small_style
from vidstyle.backends.tiles import Tiles
from vidstyle.errors import StyleError
from vidstyle.networks import GENERATORS, load_style, with_strength
from vidstyle.networks.adjustable import AdjustableResnet
from vidstyle.networks.initialization import initialize


def learned(**options: object) -> AdjustableResnet:
    """A generator whose dial has an effect, as after a training."""
    torch.manual_seed(0)
    generator = GENERATORS.get("adjustable-resnet")(width=4, blocks=1, **options).eval()
    assert isinstance(generator, AdjustableResnet)
    with torch.no_grad():
        for turn in generator.turns:
            turn.change.weight.normal_(0, 0.3)
    return generator


@pytest.mark.parametrize("norm", ["none", "instance"])
@pytest.mark.parametrize("skips", [True, False])
def test_each_picture_of_a_batch_has_its_own_strength(norm: str, skips: bool):
    generator, images = learned(norm=norm, skips=skips), torch.rand(3, 3, 32, 24) * 2 - 1
    together = generator(with_strength(generator, images, torch.tensor([0.0, 0.4, 1.0])))
    for n, strength in enumerate((0.0, 0.4, 1.0)):
        alone = generator(with_strength(generator, images[n : n + 1], strength))
        assert torch.allclose(together[n], alone[0], atol=1e-5)
    assert not torch.allclose(together[1], generator(with_strength(generator, images, 0.9))[1], atol=1e-3)


def test_an_untrained_one_lets_the_picture_through_at_strength_0():
    generator, images = learned(), torch.rand(1, 3, 32, 32) * 1.8 - 0.9
    initialize(generator, seed=1)
    low, high = ((generator(with_strength(generator, images, s)) - images).abs().mean() for s in (0.0, 1.0))
    assert low < 0.5 * high


@pytest.mark.parametrize("norm", ["none", "instance"])
def test_tiles_are_equal_to_the_whole(norm: str):
    generator = learned(norm=norm).requires_grad_(False)
    x = with_strength(generator, torch.rand(1, 3, 192, 256) * 2 - 1, 0.3)
    assert torch.allclose(Tiles(generator, torch.device("cpu"))(x, 96), generator(x), atol=1e-4)


def test_a_style_draws_as_strongly_as_it_is_told_and_fully_when_it_is_not(tmp_path):
    save_small_style(tmp_path / "s", network="adjustable-resnet", adjustable=True)
    style, images = load_style(tmp_path / "s"), torch.rand(2, 3, 19, 21)
    assert style.encode(images, 0.25)[:, 3].unique().tolist() == [0.25]
    assert torch.equal(style.paint(images), style.paint(images, strength=1.0))
    apart = [(style.paint(images, strength=s) - images).abs().mean() for s in (0.0, 0.5, 1.0)]
    assert apart[0] < apart[1] < apart[2]


def test_a_card_that_says_otherwise_is_refused(tmp_path):
    save_small_style(tmp_path / "s", network="adjustable-resnet")
    with pytest.raises(StyleError, match="adjustable = False"):
        load_style(tmp_path / "s")
