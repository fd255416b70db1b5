from pathlib import Path

import pytest
import torch

from tests.networks.checkpoints import checkpoint
from tests.styles import save_small_style
from vidstyle.errors import StyleError, TargetError
from vidstyle.networks import GeneratorSpec, Style, StyleCard, build_generator, load_style, save_style
from vidstyle.networks.checkpoints import exporting
from vidstyle.networks.checkpoints.exporting import SUFFIXES, TOLERANCE, export_style
from vidstyle.networks.checkpoints.importing import import_style


@pytest.fixture
def style(tmp_path) -> Style:
    save_small_style(tmp_path / "small", channel_order="bgr", stability=0.5, limits="none")
    return load_style(tmp_path / "small")


def there_and_back(style: Style, kind, folder: Path) -> Style:
    path = folder / f"{style.card.name}{SUFFIXES[kind]}"
    assert export_style(style, path, kind) <= TOLERANCE
    assert [each.name for each in folder.iterdir() if each.name.startswith(".")] == []
    return load_style(import_style(path, models=folder / "again").folder)


@pytest.mark.parametrize("kind", ["safetensors", pytest.param("torchscript", marks=pytest.mark.slow)])
def test_a_style_comes_back_from_each_format_with_its_card(style, kind, tmp_path):
    again = there_and_back(style, kind, tmp_path)
    assert again.card.model_copy(update={"provenance": None}) == style.card
    assert again.card.provenance.layout == "vidstyle"
    x = torch.rand(1, 3, 20, 27)
    assert torch.equal(again.paint(x), style.paint(x))


@pytest.mark.slow
@pytest.mark.parametrize(("layout", "name"), [("animeganv2", "anime"), ("pix2pix-unet", "facade")])
def test_imported_styles_go_out_as_onnx_and_back(layout, name, tmp_path):
    torch.save(checkpoint(layout), tmp_path / "a.pth")
    style = load_style(import_style(tmp_path / "a.pth", models=tmp_path / "models", name=name).folder)
    again = there_and_back(style, "onnx", tmp_path)
    assert again.card.generator == style.card.generator  # not taken as a graph that nobody knows
    assert again.card == style.card
    x = torch.rand(1, 3, 37, 50)
    assert torch.equal(again.paint(x), style.paint(x))


def test_what_differs_too_much_is_not_written(style, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "_write_safetensors", lambda style, _path: lambda x: style.generator(x) + 0.01)
    with pytest.raises(StyleError, match=r"differs by 1\.2\d codes of 255"):
        export_style(style, tmp_path / "out.safetensors", "safetensors")
    assert list(tmp_path.iterdir()) == [tmp_path / "small"]


def test_a_file_is_replaced_only_when_asked(style, tmp_path):
    path = tmp_path / "out.safetensors"
    path.write_bytes(b"mine")
    with pytest.raises(StyleError, match="--overwrite"):
        export_style(style, path, "safetensors")
    assert path.read_bytes() == b"mine"
    export_style(style, path, "safetensors", overwrite=True)
    assert path.read_bytes() != b"mine"


@pytest.mark.parametrize("kind", ["onnx", "torchscript"])
def test_a_memory_can_not_be_told_to_other_programs(kind, tmp_path):
    spec = GeneratorSpec(name="convgru", options={"width": 4, "blocks": 1})
    card = StyleCard(name="gru", title="", description="", generator=spec, sha256="0" * 64, licence="CC0-1.0")
    save_style(tmp_path / "gru", card, build_generator(spec))
    with pytest.raises(StyleError, match="remembers frames"):
        export_style(load_style(tmp_path / "gru"), tmp_path / "out", kind)


@pytest.mark.parametrize("kind", ["safetensors", "torchscript"])
def test_a_place_that_can_not_be_written_to_is_told_in_one_line(style, kind, tmp_path):
    (tmp_path / "file").write_bytes(b"mine")
    for path in (tmp_path / "file" / "out", tmp_path / "file" / "deep" / "out"):
        with pytest.raises(TargetError, match=r"can't be written: (Not a directory|File exists)"):
            export_style(style, path, kind)
    assert (tmp_path / "file").read_bytes() == b"mine"
