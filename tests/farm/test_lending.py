"""Styles that travel: packed with a checksum, unpacked once on each machine."""

from pathlib import Path

import pytest

from tests.styles import save_small_style
from vidstyle.errors import ClipWriteError
from vidstyle.farm.lending import pack, styles_of, unpack
from vidstyle.networks.style import read_style


def test_each_style_is_lent_once_and_for_a_picture_the_network_that_looks_at_it():
    asked = ["ink", "ink:0.5,wave:0.5", "image:a.jpg:0.3,image:b.jpg:0.7", "image:c.jpg"]
    assert styles_of(asked) == ["ink", "wave", "reference"]


def test_a_style_is_unpacked_once_on_a_machine_whatever_its_path_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VIDSTYLE_CACHE", str(tmp_path / "cache"))
    save_small_style(tmp_path / "small")
    digest, files = pack(str(tmp_path / "small"))
    assert sorted(files) == ["card.json", "weights.safetensors"]
    asked: list[int] = []
    folders = {unpack(digest, lambda: asked.append(1) or files) for _ in range(3)}
    assert len(asked) == 1
    assert read_style(folders.pop()).card.name == "small"
    assert [path.name for path in (tmp_path / "cache" / "styles").iterdir()] == [digest]
    save_small_style(tmp_path / "small", seed=1)
    assert pack(str(tmp_path / "small"))[0] != digest


def test_a_cache_that_cannot_be_written_is_an_error_that_may_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("VIDSTYLE_CACHE", str(tmp_path / "file"))
    with pytest.raises(ClipWriteError, match="can't be written"):
        unpack("a" * 64, dict)
