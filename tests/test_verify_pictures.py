"""Verify reads every picture of a sequence, and notices what is missing, smaller or shallower than in the source."""

from pathlib import Path

import numpy as np
import pytest

from tests.clips import make_clip
from tests.sequences import copy, light, textures, write_exrs, write_pictures
from tests.styles import save_small_style
from vidstyle import RenderReport, Shot, Span, render_shot
from vidstyle.config import load_config
from vidstyle.errors import ClipReadError
from vidstyle.media import external, picture_evidence
from vidstyle.verify import Verification, verify_clip


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def render(tmp_path: Path, source: Path, target: Path, span: Span | None = None, **flags: object) -> RenderReport:
    save_small_style(tmp_path / "small")
    settings = {"style": str(tmp_path / "small"), "device": "cpu", "blend.strength": 0, **flags}
    return render_shot(Shot(source, span or Span()), target, load_config(flags=settings))


def outcomes(found: Verification) -> dict[str, str]:
    return {check.name: check.outcome for check in found.checks}


@pytest.mark.parametrize("suffix", ["png", "dpx", "tif"])
def test_pictures_of_a_clip_pass_and_their_missing_sound_is_said(tmp_path: Path, out: Path, suffix: str):
    source = make_clip(
        tmp_path / "a.mov", codec="prores_ks", pix_fmt="yuv422p10le", frames=6, width=64, height=48, rotation=90
    )
    report = render(tmp_path, source, out / f"t.####.{suffix}", Span(2, 5))
    found = verify_clip(out / f"t.####.{suffix}", source, report=report)
    assert found.failures == ()
    assert outcomes(found)["sound in pictures"] == "allowed"
    assert {"frames", "numbers", "size", "depth", "report"} <= set(outcomes(found))
    (numbers,) = (check for check in found.checks if check.name == "numbers")
    assert numbers.found == "1003-1005"


def test_each_wrong_thing_in_pictures_is_noticed(tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", pix_fmt="yuv422p10le", frames=4, width=64, height=48)
    write_pictures(out / "few.%04d.png", textures(3, depth=np.uint16))
    write_pictures(out / "shallow.%04d.png", textures(4))
    write_pictures(out / "small.%04d.png", textures(4, width=60, depth=np.uint16))
    write_pictures(out / "moved.%04d.png", textures(4, depth=np.uint16), start=1000)
    wrong = {"few": {"frames", "numbers"}, "shallow": {"depth"}, "small": {"size"}, "moved": {"numbers"}}
    for absent in (False, True):
        if absent:  # FFmpeg's own view, where OpenImageIO is not there
            monkeypatch.setattr(picture_evidence, "require_openimageio", no_openimageio)
        for name, expected in wrong.items():
            found = verify_clip(out / f"{name}.####.png", source)
            assert {each for each, outcome in outcomes(found).items() if outcome == "differs"} == expected
            assert found.witness == ("pyav" if absent else "openimageio")


def no_openimageio() -> None:
    raise picture_evidence.PluginError("not there", group="extras", name="exr")


def test_channels_beside_colour_are_looked_for_and_a_damaged_picture_is_named(tmp_path: Path, out: Path):
    frames = light(2)
    planes = [{name: np.ascontiguousarray(frame[:, :, n % 3]) for n, name in enumerate("RGBA")} for frame in frames]
    source = write_exrs(tmp_path / "s.%04d.exr", [{**each, "depth.Z": each["R"]} for each in planes])
    copy(source, out / "t.####.exr", decode={"fps": 24})
    found = verify_clip(out / "t.####.exr", source)
    assert found.failures == ()
    assert outcomes(found)["channels"] == "equal"
    write_exrs(out / "u.%04d.exr", planes)
    assert verify_clip(out / "u.####.exr", source).failures == ("channels: expected A, depth.Z, found A",)
    last = out / "t.1002.exr"
    last.write_bytes(last.read_bytes()[:-2000])
    with pytest.raises(ClipReadError, match=r"t\.1002\.exr"):
        verify_clip(out / "t.####.exr", source)


@pytest.mark.skipif(not external.present(), reason="ffprobe is not on PATH")
def test_a_clip_made_of_pictures_is_held_against_their_rate(tmp_path: Path):
    source = write_pictures(tmp_path / "s.%04d.png", textures(5))
    report = render(tmp_path, source, tmp_path / "b.mov", **{"decode.sequence.fps": "23.976"})
    for witness in ("pyav", "ffprobe"):
        assert verify_clip(tmp_path / "b.mov", source, report=report, witness=witness).failures == ()
    other = report.model_copy(update={"settings": load_config(flags={"decode.sequence.fps": "25"})})
    assert outcomes(verify_clip(tmp_path / "b.mov", source, report=other))["times"] == "differs"
