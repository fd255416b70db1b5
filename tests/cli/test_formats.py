import json

from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle.cli import run
from vidstyle.media import ENCODERS, PRESETS


def test_every_preset_and_encoder_is_listed(capsys):
    assert run(["formats", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in told["presets"]] == PRESETS.names()
    assert [each["name"] for each in told["encoders"]] == ENCODERS.names()
    assert all(each["opens"] or each["reason"] for each in told["encoders"])
    assert {".png", ".tif", ".dpx", ".exr"} <= set(told["pictures"])
    assert {"lt", "422", "hq", "4444"} <= set(next(e for e in told["encoders"] if e["name"] == "prores")["profiles"])


def test_the_tables_name_them_too(capsys):
    assert run(["formats"]) == 0
    said = capsys.readouterr().out
    for word in ("master-prores", "archive", ".mov", "x265", "hqx", "opens", "gbrp10be"):
        assert word in said


def test_an_unknown_preset_ends_with_its_own_code_and_the_nearest_name(capsys, tmp_path):
    source = make_clip(tmp_path / "a.mp4", frames=1)
    save_small_style(tmp_path / "small")
    words = ["stylize", str(source), "-o", str(tmp_path / "b.mp4"), "--style", str(tmp_path / "small")]
    assert run([*words, "--preset", "reviw"]) == 78
    assert "did you mean 'review'" in capsys.readouterr().err
    assert not (tmp_path / "b.mp4").exists()
