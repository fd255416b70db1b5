import pytest
import torch

from vidstyle.networks import GENERATORS
from vidstyle.networks.recurrent import ConvGRU, RecurrentGenerator


def small(name: str) -> RecurrentGenerator:
    torch.manual_seed(0)
    return GENERATORS.get(name)(width=4, blocks=1).eval()


@pytest.fixture(params=["recurrent-resnet", "convgru"])
def generator(request) -> RecurrentGenerator:
    return small(request.param)


def test_without_a_past_a_picture_is_stylized_alone(generator):
    x = torch.rand(1, 3, 16, 24)
    with torch.inference_mode():
        assert torch.equal(generator(x), generator.step(x, None, None)[0])


def test_the_memory_is_a_map_of_the_promised_scale(generator):
    with torch.inference_mode():
        _, memory = generator.step(torch.rand(1, 3, 16, 24), None, None)
    assert memory.shape[-2:] == (16 // generator.scale, 24 // generator.scale)


def test_a_visible_past_counts_and_a_hidden_one_does_not(generator):
    x, shown = torch.rand(1, 3, 16, 16), torch.ones(1, 1, 16, 16)
    with torch.inference_mode():
        _, memory = generator.step(x, None, None)
        past = torch.randn_like(memory)
        alone = generator(x)
        assert torch.allclose(generator.step(x, past, 0 * shown)[0], alone, atol=1e-6)
        assert (generator.step(x, past, shown)[0] - alone).abs().max() > 1e-4


def test_a_gru_whose_gate_is_shut_keeps_its_memory_and_one_that_is_open_takes_the_new():
    torch.manual_seed(0)
    gru = ConvGRU(2)
    x, past = torch.rand(1, 2, 4, 4), torch.rand(1, 2, 4, 4)
    with torch.no_grad():
        gru.gates.weight.zero_()
        gru.gates.bias[:2] = -100
        assert torch.allclose(gru(x, past), past)
        gru.gates.bias[:] = 100
        expected = gru.candidate(torch.cat((x, past), 1)).tanh()
        assert torch.allclose(gru(x, past), expected)
