import os
from pathlib import Path

import pytest
import torch
from torch import nn

from vidstyle.backends import UnsupportedError
from vidstyle.backends import converting as conv
from vidstyle.networks import ResnetGenerator


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(conv.CACHE_VARIABLE, str(tmp_path))
    return tmp_path / "networks"


def small(seed: int = 0) -> ResnetGenerator:
    torch.manual_seed(seed)
    return ResnetGenerator(width=4, blocks=1)


def key(generator: nn.Module, *facts: str) -> str:
    return conv.key_of(conv.followed(generator), *facts)


def test_a_network_is_known_by_its_content():
    assert key(small()) == key(small())
    assert key(small()) != key(small(1))
    assert key(small()) != key(ResnetGenerator(width=4, blocks=2))
    assert key(small()) != key(small(), "another runtime")
    changed = small()
    with torch.no_grad():
        next(changed.parameters())[0, 0, 0, 0] += 1e-6
    assert key(small()) != key(changed)


def test_what_is_kept_is_made_once(folder: Path):
    made: list[Path] = []
    for _ in range(2):
        found = conv.kept("ab" * 20, lambda where: made.append(where) or ((where / "x").write_text("1") and None))
        assert (found / "x").read_text() == "1"
    assert len(made) == 1
    conv.forget("ab" * 20)
    assert not found.exists()


def test_what_fails_leaves_nothing(folder: Path):
    def make(where: Path) -> None:
        (where / "x").write_text("half")
        raise UnsupportedError("no")

    with pytest.raises(UnsupportedError):
        conv.kept("ab" * 20, make)
    assert list(folder.iterdir()) == []


def test_networks_not_used_for_longest_leave(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(conv, "_KEPT", 2)
    for place, name in enumerate(("aa", "bb")):
        os.utime(conv.kept(name, lambda _: None), (place, place))
    conv.kept("aa", lambda _: None)  # used again
    conv.kept("cc", lambda _: None)
    assert {path.name for path in folder.iterdir()} == {"aa", "cc"}


def test_a_cache_that_can_not_be_written_does_not_stop_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(conv.CACHE_VARIABLE, str(tmp_path / "file"))
    found = conv.kept("aa", lambda where: (where / "x").write_text("1") and None)
    assert (found / "x").read_text() == "1"


def test_what_draws_something_else_is_no_conversion():
    generator = small().eval()
    images = torch.rand(1, 3, 64, 68)
    conv.prove(generator, images, lambda x: generator(x).detach())
    for wrong in (lambda x: generator(x).detach() * 1.01, lambda x: generator(x).detach()[..., 1:], torch.zeros_like):
        with pytest.raises(UnsupportedError, match="something else"):
            conv.prove(generator, images, wrong)


def test_a_network_that_depends_on_what_it_sees_is_not_followed():
    class Moody(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.mean() > 0 else -x

    with pytest.raises(UnsupportedError, match=r"torch\.fx"):
        conv.followed(Moody())
