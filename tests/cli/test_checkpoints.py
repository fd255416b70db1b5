from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.networks.checkpoints import checkpoint
from tests.styles import save_small_style
from vidstyle.cli import run


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VIDSTYLE_MODELS", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "models"


def test_a_checkpoint_is_imported_and_what_was_inferred_is_told(models, tmp_path, capsys):
    torch.save(checkpoint("cyclegan-resnet"), tmp_path / "zebra.pth")
    assert run(["styles", "import", "zebra.pth", "--licence", "MIT"]) == 0
    told = capsys.readouterr().out
    assert "layout         cyclegan-resnet" in told
    assert "3 residual blocks: model.10 to model.12" in told
    assert str(models / "zebra") in told
    assert run(["styles", "show", "zebra"]) == 0
    assert "zebra.pth, state dict, layout cyclegan-resnet" in capsys.readouterr().out


def test_a_refusal_ends_with_the_exit_code_of_a_bad_style(models, tmp_path, capsys):
    torch.save({"weight": torch.ones(3)}, tmp_path / "a.pth")
    assert run(["styles", "import", "a.pth"]) == 65
    assert "no layout that is known" in capsys.readouterr().err
    assert not (models / "a").exists()


def test_doubts_of_the_test_card_are_told(models, tmp_path, capsys):
    torch.save(checkpoint("tensorflow-fast-style"), tmp_path / "a.pth")
    assert run(["styles", "import", "a.pth", "--range", "0..1"]) == 0
    assert "warning: the test card comes out" in capsys.readouterr().err


def test_a_style_is_verified_and_a_changed_one_is_found_out(models, tmp_path, capsys):
    torch.save(checkpoint("cartoongan"), tmp_path / "a.pth")
    run(["styles", "import", "a.pth"])
    assert run(["styles", "verify", "a"]) == 0
    assert "golden frame   0.00 codes" in capsys.readouterr().out
    golden = models / "a" / "golden.png"
    cv2.imwrite(str(golden), 255 - cv2.imread(str(golden)))
    assert run(["styles", "verify", "a"]) == 65
    assert "no longer draws its golden frame" in capsys.readouterr().err


def test_a_style_is_exported_by_the_formats_asked_for(models, tmp_path, capsys):
    save_small_style(models / "small")
    assert run(["styles", "export", "small"]) == 78
    assert run(["styles", "export", "small", "--safetensors", "--out", "files"]) == 0
    assert "differs from the style by 0.000 codes" in capsys.readouterr().out
    assert (tmp_path / "files" / "small.safetensors").is_file()


def test_a_sheet_shows_pictures_beside_what_became_of_them(models, tmp_path):
    save_small_style(models / "small")
    cv2.imwrite("a.png", np.full((90, 160, 3), (40, 90, 200), np.uint8))
    assert run(["styles", "sheet", "small", "a.png", "a.png"]) == 0
    sheet = cv2.imread("small-sheet.jpg")
    assert sheet.shape == (2 * 371, 1320, 3)
    assert np.abs(sheet[185, 330].astype(int) - (40, 90, 200)).max() < 12
    assert np.abs(sheet[185, 990].astype(int) - (40, 90, 200)).max() > 20
    assert run(["styles", "sheet", "small"]) == 73
    assert run(["styles", "sheet", "small", "--overwrite"]) == 0


@pytest.mark.slow
def test_many_restless_pictures_make_a_large_sheet_and_not_none(models, tmp_path):
    save_small_style(models / "small")
    noise = np.random.default_rng(0).integers(0, 256, (360, 640, 3), np.uint8)
    cv2.imwrite("noise.png", noise)
    assert run(["styles", "sheet", "small", *["noise.png"] * 16]) == 0
    assert Path("small-sheet.jpg").stat().st_size > 600_000
    assert cv2.imread("small-sheet.jpg").shape == (16 * 371, 1320, 3)


def test_places_that_can_not_be_written_to_are_told_in_one_line(models, tmp_path, capsys, monkeypatch):
    save_small_style(models / "small")
    torch.save(checkpoint("cartoongan"), tmp_path / "a.pth")
    cv2.imwrite("a.png", np.full((32, 32, 3), 90, np.uint8))
    assert run(["styles", "export", "small", "--safetensors", "--out", "a.png"]) == 73
    assert run(["styles", "sheet", "small", "a.png", "--out", "a.png/sheet.jpg"]) == 73
    monkeypatch.setenv("VIDSTYLE_MODELS", str(tmp_path / "a.png"))
    assert run(["styles", "import", "a.pth"]) == 73
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 3
    assert all("can't be written" in line for line in told)


def test_the_shipped_style_draws_its_golden_frame(models, capsys):
    assert run(["styles", "verify", "ink"]) == 0
    assert "golden frame   0." in capsys.readouterr().out
