"""Image sequences go through the whole river, as clips do."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.clips import make_clip
from tests.sequences import light, names, read_exr, read_picture, textures, write_exrs, write_pictures
from tests.styles import save_small_style
from vidstyle import RenderConfig, Shot, Span, render_shot
from vidstyle.cli import run
from vidstyle.errors import ClipWriteError
from vidstyle.media import probe, sequence_writer


@pytest.fixture
def style(tmp_path: Path) -> str:
    save_small_style(tmp_path / "small")
    return str(tmp_path / "small")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def test_a_sequence_becomes_a_sequence_with_a_report(tmp_path, out, style, capsys):
    frames = textures(5)
    source = write_pictures(tmp_path / "s.%04d.png", frames, start=1010)
    words = ["stylize", str(source), "-o", str(out / "t.####.png"), "--style", style, "--fps", "23.976"]
    assert run([*words, "--report", str(tmp_path / "r.json")]) == 0
    assert names(out) == [f"t.{number}.png" for number in range(1010, 1015)]
    report = json.loads((tmp_path / "r.json").read_text())
    assert (report["decoded"], report["written"], report["encoder"]) == (5, 5, "png")
    assert not np.array_equal(read_picture(out / "t.1012.png"), frames[2])


def test_strength_0_gives_back_every_half_float_through_the_whole_river(tmp_path, out, style):
    frames = light(4)
    source = write_exrs(tmp_path / "s.%04d.exr", frames)
    words = ["stylize", str(source), "-o", str(out / "t.####.exr"), "--style", style, "--fps", "24", "--strength", "0"]
    assert run(words) == 0
    for number, frame in enumerate(frames, start=1001):
        channels, _ = read_exr(out / f"t.{number}.exr")
        assert np.array_equal(np.stack([channels[name] for name in "RGB"], axis=2), frame)


def test_what_a_style_draws_into_an_exr_is_light_up_to_the_peak(tmp_path, out, style):
    source = write_exrs(tmp_path / "s.%04d.exr", np.abs(light(2)))
    for peak in (1, 16):
        words = ["stylize", str(source), "-o", str(out / f"{peak}.####.exr"), "--style", style, "--fps", "24"]
        assert run([*words, "--set", f"decode.sequence.peak={peak}"]) == 0
        channels, _ = read_exr(out / f"{peak}.1001.exr")
        assert all(np.isfinite(channels[name]).all() and channels[name].max() <= peak * 1.001 for name in "RGB")


def test_a_sequence_becomes_a_clip_of_its_own_rate(tmp_path, out, style):
    source = write_pictures(tmp_path / "s.%04d.png", textures(4))
    words = ["stylize", str(source), "-o", str(out / "b.mp4"), "--style", style, "--fps", "24000/1001"]
    assert run([*words, "--preset", "review"]) == 0
    video = probe(out / "b.mp4").video
    assert (video.average_rate.numerator, video.average_rate.denominator, video.frames) == (24000, 1001, 4)
    assert video.pix_fmt == "yuv420p"


def test_parts_of_a_clip_written_by_themselves_join_to_the_same_numbers(tmp_path, out, style):
    source = make_clip(tmp_path / "a.mp4", frames=6, width=64, height=48)
    config = RenderConfig(style=style, blend={"stability": 0})
    for span in (Span(0, 3), Span(3, None)):
        render_shot(Shot(source, span), out / "t.####.png", config)
    assert names(out) == [f"t.{number}.png" for number in range(1001, 1007)]


def test_existing_pictures_end_with_their_own_code(tmp_path, out, style, capsys):
    source = write_pictures(tmp_path / "s.%04d.png", textures(2))
    (out / "t.1001.png").write_text("precious")
    words = ["stylize", str(source), "-o", str(out / "t.####.png"), "--style", style, "--fps", "24"]
    assert run(words) == 73
    assert "t.1001.png exists already" in capsys.readouterr().err
    assert names(out) == ["t.1001.png"]
    assert run([*words, "--overwrite"]) == 0
    assert names(out) == ["t.1001.png", "t.1002.png"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["s.####.png"], 65, "1 are missing: 1002"),
        (["nothing.####.png"], 66, "no pictures like nothing"),
        (["s.1001.png", "--fps", "fast"], 78, "no frame rate"),
        (["s.1001.png", "--input-transfer", "ACEScg"], 78, "--ocio-config"),
        (["s.1001.png", "--ocio-config", "absent.ocio", "--input-transfer", "ACEScg"], 78, "absent.ocio"),
        (["a.mp4", "--fps", "24"], 78, "leave it out"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, out, style, capsys, monkeypatch, words, code, told):
    pytest.importorskip("PyOpenColorIO")
    monkeypatch.chdir(tmp_path)
    write_pictures(Path("s.%04d.png"), textures(3))
    Path("s.1002.png").unlink()
    make_clip(Path("a.mp4"), frames=1)
    assert run(["stylize", *words, "-o", "out/t.####.png", "--style", style]) == code
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert told in said[0]
    assert names(out) == []


def test_a_sequence_is_probed_as_a_clip_is(tmp_path, capsys):
    source = write_pictures(tmp_path / "s.%04d.png", textures(3, depth=np.uint16))
    assert run(["probe", str(source), "--json"]) == 0
    video = json.loads(capsys.readouterr().out)["video"]
    assert (video["pix_fmt"], video["frames"], video["first_number"]) == ("rgb48be", 3, 1001)
    assert run(["probe", str(source)]) == 0
    assert "64x48 rgb48be" in capsys.readouterr().out


@pytest.mark.parametrize("kind", [".exr", ".png"])
def test_a_render_that_a_full_disk_stopped_goes_on_to_the_same_pictures(tmp_path, out, style, monkeypatch, kind):
    if kind == ".exr":
        source = write_exrs(tmp_path / "s.%04d.exr", np.abs(light(5)))
    else:  # of 16 bits with opacity, which becomes a float beside half floats
        noise = np.random.default_rng(7).integers(0, 65536, (5, 48, 64, 4)).astype(np.uint16)
        source = write_pictures(tmp_path / "s.%04d.png", noise)
    words = [
        "stylize",
        str(source),
        "--style",
        style,
        "--fps",
        "24",
        "--set",
        "work.every=0",
        "--set",
        "encode.queue=1",
    ]
    assert run([*words, "-o", str(tmp_path / "whole.####.exr")]) == 0

    def full(path, *_, **__):
        raise ClipWriteError(f"writing {path} failed", path=path)

    with monkeypatch.context() as patch:
        real = sequence_writer.write_exr
        patch.setattr(
            sequence_writer, "write_exr", lambda path, *a, **k: (full if "1004" in path.name else real)(path, *a, **k)
        )
        assert run([*words, "-o", str(out / "t.####.exr")]) == 74
    assert not [name for name in names(out) if not name.startswith(".")]
    report = tmp_path / "r.json"
    assert run([*words, "-o", str(out / "t.####.exr"), "--resume", "--report", str(report)]) == 0
    assert json.loads(report.read_text())["resumed"] > 0
    assert names(out) == [f"t.{number}.exr" for number in range(1001, 1006)]
    for number in range(1001, 1006):
        found, expected = (
            read_exr(folder)[0] for folder in (out / f"t.{number}.exr", tmp_path / f"whole.{number}.exr")
        )
        assert found.keys() == expected.keys() == set("RGB" if kind == ".exr" else "RGBA")
        assert all(np.array_equal(found[name], expected[name]) for name in found)
        if kind == ".png":
            assert np.array_equal((found["A"] * 65535).round(), noise[number - 1001, :, :, 3])


@pytest.mark.parametrize(("module", "extra"), [("OpenImageIO", "exr"), ("PyOpenColorIO", "ocio")])
def test_without_the_extra_it_says_what_to_install(tmp_path, style, capsys, monkeypatch, module, extra):
    write_exrs(tmp_path / "s.%04d.exr", light(1))
    (tmp_path / "absent.ocio").touch()
    monkeypatch.setitem(sys.modules, module, None)
    ocio = ["--ocio-config", str(tmp_path / "absent.ocio")] if extra == "ocio" else []
    assert run(["stylize", str(tmp_path / "s.####.exr"), "-o", str(tmp_path / "b.mkv"), "--style", style, *ocio]) == 78
    assert f"pip install 'vidstyle[{extra}]'" in capsys.readouterr().err
