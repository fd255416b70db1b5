from pathlib import Path
from typing import IO, Any

import pytest
import torch
from torch import fx, nn

from vidstyle.backends.shelf import Shelf
from vidstyle.errors import OutOfMemoryError


@pytest.fixture
def nodes() -> list[fx.Node]:
    graph = fx.Graph()
    return [graph.placeholder(name) for name in "abc"]


def test_what_was_put_comes_back_after_the_turn(nodes: list[fx.Node]):
    tensors = [torch.rand(1, 3, 5, 7), torch.rand(2).flip(0), torch.arange(6).reshape(2, 3).T]
    weight = nn.Parameter(torch.rand(3))
    with Shelf(torch.device("cpu")) as shelf:
        for round_ in range(3):  # files are used again and again
            for number in range(2):
                shelf.put(number, {nodes[0]: tensors[number] + round_, nodes[1]: tensors[2], nodes[2]: weight})
            shelf.turn()
            for number in (1, 0):
                values = shelf.take(number)
                assert torch.equal(values[nodes[0]], tensors[number] + round_)
                assert torch.equal(values[nodes[1]], tensors[2])
                assert values[nodes[2]] is weight


def test_nothing_is_left_in_the_temporary_folder(nodes: list[fx.Node], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Shelf(torch.device("cpu")) as shelf:
        shelf.put(0, {nodes[0]: torch.rand(1000)})
        assert not list(tmp_path.iterdir())  # nameless: nothing survives a kill either


def test_a_full_disk_is_told_with_the_next_step(nodes: list[fx.Node], monkeypatch: pytest.MonkeyPatch):
    def full() -> IO[Any]:
        return Path("/dev/full").open("w+b", buffering=0)

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with Shelf(torch.device("cpu")) as shelf, pytest.raises(OutOfMemoryError, match=r"no room for tiles in .*TMPDIR"):
        shelf.put(0, {nodes[0]: torch.rand(100_000)})
