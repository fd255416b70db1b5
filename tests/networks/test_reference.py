import copy

import pytest
import torch

from vidstyle.backends.graph import Graph
from vidstyle.backends.tiles import Tiles
from vidstyle.networks.initialization import initialize
from vidstyle.networks.reference import ReferenceGenerator, StyleEncoder


@pytest.fixture
def generator() -> ReferenceGenerator:
    made = ReferenceGenerator(width=4, blocks=1, eye=4, code=16)
    initialize(made, seed=3)
    with torch.no_grad():
        made.imagine.weight.normal_(generator=torch.Generator().manual_seed(1))  # looks that tell
    return made.eval().requires_grad_(False)


@pytest.fixture
def works() -> torch.Tensor:
    return (
        torch.rand(2, 3, 64, 48, generator=torch.Generator().manual_seed(2))
        * torch.tensor([2.0, 0.5])[:, None, None, None]
        - torch.tensor([1.0, 0.9])[:, None, None, None]
    )


def test_each_picture_of_a_batch_is_drawn_in_its_own_look(generator: ReferenceGenerator, works: torch.Tensor):
    pictures, strengths = torch.rand(2, 3, 32, 40) * 2 - 1, torch.tensor([[1.0], [0.4]])
    looks = generator.see(works)
    together = generator.painter.paint(pictures, looks, strengths)
    alone = [generator.painter.paint(pictures[n : n + 1], looks[n : n + 1], strengths[n : n + 1]) for n in range(2)]
    assert torch.allclose(together, torch.cat(alone), atol=1e-5)
    swapped = generator.painter.paint(pictures, looks.flip(0), strengths)
    assert (together - swapped).abs().amax() > 0.01


def test_a_dressed_generator_draws_in_the_look_it_was_given(generator: ReferenceGenerator, works: torch.Tensor):
    pictures = torch.rand(3, 3, 32, 40) * 2 - 1
    dressed = generator.dressed(works[:1])
    told = torch.cat((pictures, torch.full((3, 1, 32, 40), 0.7)), 1)
    wanted = generator.painter.paint(pictures, generator.see(works[:1]), torch.full((3, 1), 0.7))
    assert torch.allclose(dressed(told), wanted, atol=1e-5)
    assert torch.equal(copy.deepcopy(dressed)(told), dressed(told))
    assert not torch.equal(generator.painter.look, dressed.look)  # the network itself keeps its own


def test_half_of_a_strength_is_half_of_the_way_between_two_looks(generator: ReferenceGenerator, works: torch.Tensor):
    painter, picture = generator.painter, torch.zeros(1, 3, 32, 32)  # nothing to let in beside the drawing
    look = generator.see(works[:1])
    half = painter.paint(picture, look, torch.tensor([[0.5]]))
    between = painter.paint(picture, (look + painter.plain) / 2, torch.ones(1, 1))
    assert torch.allclose(half, between, atol=1e-5)


def test_a_dressed_generator_can_be_followed_step_by_step(generator: ReferenceGenerator, works: torch.Tensor):
    graph = Graph(generator.dressed(works[:1]))
    assert len(graph.sections) == 1 + 7  # one after each of its norms, one of which is the recolouring's
    assert [name for name in ("plain", "look") if hasattr(graph.module, name)] == []  # they stay within


def test_tiles_of_a_dressed_generator_are_equal_to_the_whole(generator: ReferenceGenerator, works: torch.Tensor):
    dressed = generator.dressed(works[:1])
    picture = torch.rand(1, 3, 160, 208, generator=torch.Generator().manual_seed(5)) * torch.linspace(0.1, 1, 208)
    told = torch.cat((picture, torch.full((1, 1, 160, 208), 0.8)), 1)
    with torch.inference_mode():
        tiles = Tiles(dressed, torch.device("cpu"))
        assert len(tiles.cut(160, 208, 96)) > 1
        assert torch.allclose(tiles(told, 96), dressed(told), atol=1e-4)


def test_what_is_seen_does_not_depend_on_how_often_it_is_there():
    eye = StyleEncoder(width=4, code=8).eval()
    initialize(eye, seed=1)
    tile = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    one, four = eye(tile.repeat(1, 1, 4, 4)), eye(tile.repeat(1, 1, 8, 8))
    assert (one - four).abs().amax() < 0.1 * one.abs().amax()
    assert (one - eye(tile * 0.3 + 0.6)).abs().amax() > 0.1 * one.abs().amax()


def test_a_settled_code_measures_how_pictures_differ():
    eye = StyleEncoder(width=4, code=8).eval()
    initialize(eye, seed=1)
    works = torch.rand(40, 3, 40, 40) * torch.rand(40, 3, 1, 1) * 2 - 1
    before = eye(works)
    eye.settle(works)
    after = eye(works)
    assert torch.allclose(after.mean(0), torch.zeros(8), atol=1e-3)
    assert torch.allclose(after, (before - before.mean(0)) / before.std(0).clamp_min(1e-3), atol=1e-3)
    eye.settle(works)
    assert torch.allclose(eye(works), after, atol=1e-3)  # it is settled already
