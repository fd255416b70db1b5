import json
import re
import sys
from pathlib import Path

import pytest
import torch

from tests.styles import save_small_style
from vidstyle import doctor
from vidstyle.cli import run
from vidstyle.doctor import Device, Diagnosis, examine
from vidstyle.media import ENCODERS, Availability
from vidstyle.networks.style import WEIGHTS


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Styles come from here alone, and codecs are not opened."""
    monkeypatch.setenv("VIDSTYLE_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("vidstyle.networks.gallery.shipped_models", lambda: tmp_path / "absent")
    monkeypatch.setattr(doctor, "available_encoders", lambda: [Availability("x264", "libx264", True)])
    monkeypatch.setattr(doctor, "available_decoders", lambda: [Availability("h264", "h264", True)])
    return tmp_path / "models"


def test_codecs_are_opened_for_real(capsys: pytest.CaptureFixture[str]):
    assert run(["doctor", "--json"]) in {0, 65}  # 65: a checkout without any style
    found = json.loads(capsys.readouterr().out)
    encoders = {each["name"]: each for each in found["encoders"]}
    assert sorted(encoders) == ENCODERS.names()
    assert encoders["ffv1"]["there"]
    assert not torch.cuda.is_available() or found["devices"][0]["name"] == "cuda:0"
    assert found["devices"][-1]["name"] == "cpu"
    assert re.fullmatch(r"\d+\.\d+.*", found["ffmpeg"]["ffmpeg"])
    assert all(each["cost"] for part in ("encoders", "decoders") for each in found[part] if not each["there"])


def test_a_machine_with_style_and_codecs_is_able(models: Path):
    save_small_style(models / "ink", name="ink")
    found = examine()
    assert found.exit_code == 0
    assert [(style.name, style.there) for style in found.styles] == [("ink", True)]
    assert not any("style" in sentence.replace("vidstyle", "") for sentence in found.advice)


def test_without_any_style_it_says_where_to_put_one(models: Path):
    found = examine()
    assert found.exit_code == 65
    assert any(str(models) in sentence for sentence in found.advice)


def test_without_the_usual_style_it_names_the_others(models: Path):
    save_small_style(models / "small")
    found = examine()
    assert found.exit_code == 0
    assert any("'ink' is not here" in sentence and "small" in sentence for sentence in found.advice)


def test_a_broken_style_is_not_counted(models: Path):
    save_small_style(models / "small")
    with (models / "small" / WEIGHTS).open("ab") as file:
        file.write(b"more")
    found = examine()
    assert found.exit_code == 65
    assert not found.styles[0].there
    assert "checksum" in found.styles[0].cost


def test_without_an_encoder_that_opens_it_is_not_able(models: Path, monkeypatch: pytest.MonkeyPatch):
    save_small_style(models / "small")
    closed = [
        Availability("x264", "libx264", False, "no such codec"),
        Availability("nvenc-h264", "h264_nvenc", False, "no"),
    ]
    monkeypatch.setattr(doctor, "available_encoders", lambda: closed)
    found = examine()
    assert found.exit_code == 75
    assert "no such codec" in found.encoders[0].detail
    assert any("--encoder x264 can't be used" in sentence for sentence in found.advice)
    assert any("NVENC does not open" in sentence for sentence in found.advice)


def test_a_program_that_is_not_on_path_is_told(models: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    found = examine()
    assert [(program.name, program.there) for program in found.programs] == [("ffmpeg", False), ("ffprobe", False)]
    assert any(sentence.startswith("ffprobe is not on PATH") for sentence in found.advice)


def test_extras_are_those_the_package_declares(models: Path, monkeypatch: pytest.MonkeyPatch):
    declared = [
        "numpy>=2",
        "torch; extra == 'whole'",
        "numpy<3,>=2.0 ; extra == 'half'",
        'no-such-package[fast]>=1; python_version > "3" and extra == "half"',
    ]
    monkeypatch.setattr(doctor, "requires", lambda _: declared)
    extras = {extra.name: extra for extra in examine().extras}
    assert sorted(extras) == ["half", "whole"]
    assert extras["whole"].there
    assert not extras["half"].there
    assert "no-such-package" in extras["half"].cost
    assert "pip install 'vidstyle[half]'" in extras["half"].cost


def test_a_machine_without_gpu_is_told_what_that_costs(models: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    found = examine()
    assert [device.name for device in found.devices] == ["cpu"]
    assert any("several times slower" in sentence for sentence in found.advice)


def test_what_a_gpu_could_use_costs_something_only_where_there_is_one(models: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor, "why_no_hardware_decoder", lambda: "no video part")
    monkeypatch.setattr(doctor, "_onnx_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])
    monkeypatch.setattr(doctor, "_gpus", list)
    found = {each.name: each for each in examine().acceleration}
    assert {name: each.there for name, each in found.items()} == {
        "nvdec": False, "onnx on CUDA": True, "TensorRT": False
    }  # fmt: skip
    assert found["nvdec"].detail == "no video part"
    assert not any(each.cost for each in found.values())

    monkeypatch.setattr(doctor, "_gpus", lambda: [Device(name="cuda:0", title="a card", memory=1, free=1)])
    found = {each.name: each for each in examine().acceleration}
    assert "NVIDIA_DRIVER_CAPABILITIES" in found["nvdec"].cost
    assert "vidstyle[tensorrt]" in found["TensorRT"].cost
    assert not found["onnx on CUDA"].cost


def test_without_onnx_runtime_there_are_no_providers(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert doctor._onnx_providers() == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_decoder_on_a_gpu_that_is_not_there_does_not_open():
    assert doctor.why_no_hardware_decoder()


def test_the_diagnosis_survives_json(models: Path):
    found = examine()
    assert Diagnosis.model_validate_json(found.model_dump_json(exclude_computed_fields=True)) == found


def test_the_table_shows_every_part(models: Path, capsys: pytest.CaptureFixture[str]):
    save_small_style(models / "small")
    assert run(["doctor"]) == 0
    said = capsys.readouterr().out
    for word in ("torch", "FFmpeg", "cpu:", "x264", "h264", "small", "GiB free here", "can stylize clips"):
        assert word in said


def test_a_machine_that_is_not_able_says_so(models: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["doctor"]) == 65
    assert "can't stylize a clip yet" in capsys.readouterr().out
