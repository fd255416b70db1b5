import pytest
import torch
from torch import nn

from vidstyle.backends import BACKENDS
from vidstyle.errors import OutOfMemoryError
from vidstyle.networks import ResnetGenerator


@pytest.mark.parametrize("name", BACKENDS.names())
def test_a_backend_gives_what_the_generator_gives(name: str):
    torch.manual_seed(0)
    generator = ResnetGenerator(width=8, blocks=2, norm="none").eval()
    images = torch.rand(2, 3, 32, 48) * 2 - 1
    with torch.no_grad():
        expected = generator(images)
    outputs = BACKENDS.get(name)(generator, torch.device("cpu"))(images)
    assert torch.allclose(outputs, expected, atol=1e-5)
    assert not outputs.requires_grad


def test_too_little_memory_is_told_with_the_next_step():
    class Greedy(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise torch.OutOfMemoryError("CUDA out of memory")

    run = BACKENDS.get("torch")(Greedy(), torch.device("cpu"))
    with pytest.raises(OutOfMemoryError, match=r"2 frame\(s\) of 48x32; set decode\.batch=1"):
        run(torch.zeros(2, 3, 32, 48))
