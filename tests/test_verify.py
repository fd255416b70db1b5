"""Verify passes what vidstyle wrote, and notices each single thing that is not as in the source."""

import json
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any

import av
import pytest

from tests.clips import ClipRecipe, make_clip
from tests.media.evidence import copy_clip
from tests.media.test_converting import with_noise
from vidstyle import RenderReport, Shot, Span, render_shot
from vidstyle.cli import run
from vidstyle.config import load_config
from vidstyle.errors import ClipMissingError, ConfigError, GateError
from vidstyle.media import external
from vidstyle.media.evidence import look
from vidstyle.verify import Verification, verify_clip

WITNESSES = [
    "pyav",
    pytest.param("ffprobe", marks=pytest.mark.skipif(not external.present(), reason="ffprobe is not on PATH")),
]
JITTERED = tuple(accumulate([0, 512, 400, 700, 512, 300, 1100, 512]))
RICH = ClipRecipe(
    frames=8, width=64, height=48, pts=JITTERED, matrix=9, primaries=9, transfer=14, full_range=False,
    sample_aspect_ratio=Fraction(16, 11), rotation=90, timecode="01:00:00:00", audio=("aac", "pcm_s16le"),
    audio_languages=("eng", "deu"), codec="libx264", chroma_location="topleft",
)  # fmt: skip


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("rich") / "a.mov", RICH)


def render(source: Path, target: Path, style: Path, span: Span | None = None) -> RenderReport:
    return render_shot(Shot(source, span or Span()), target, load_config(flags={"style": str(style), "device": "cpu"}))


def outcomes(found: Verification) -> dict[str, str]:
    return {check.name: check.outcome for check in found.checks}


@pytest.mark.parametrize("witness", WITNESSES)
@pytest.mark.parametrize("suffix", ["mov", "mkv"])
def test_what_vidstyle_wrote_passes(tmp_path: Path, style: Path, witness: str, suffix: str):
    source = make_clip(tmp_path / "a.mov", RICH)
    target = tmp_path / f"b.{suffix}"
    report = render(source, target, style)
    found = verify_clip(target, source, report=report, witness=witness)
    assert found.failures == ()
    assert found.witness == witness
    assert {"frames", "times", "matrix", "pixel aspect", "rotation", "sound packets", "checksum"} <= set(
        outcomes(found)
    )


@pytest.mark.parametrize("witness", WITNESSES)
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_clip_that_begins_late_is_as_long_wherever_it_is_written(tmp_path: Path, witness: str, suffix: str):
    source = make_clip(tmp_path / "a.ts", frames=12, time_base=Fraction(1, 90000))  # MPEG's streams begin at 1.4 s
    copy_clip(source, tmp_path / f"b.{suffix}")
    found = verify_clip(tmp_path / f"b.{suffix}", source, witness=witness)
    assert outcomes(found)["duration"] == outcomes(found)["times"] == "equal"
    copy_clip(make_clip(tmp_path / "c.ts", frames=5, time_base=Fraction(1, 90000)), tmp_path / f"c.{suffix}")
    assert outcomes(verify_clip(tmp_path / f"c.{suffix}", source, witness=witness))["duration"] == "differs"


@pytest.mark.parametrize("witness", WITNESSES)
def test_a_span_passes_by_its_report(tmp_path: Path, style: Path, witness: str):
    source = make_clip(tmp_path / "a.mp4", frames=20, width=64, height=48, audio=("aac",))
    report = render(source, tmp_path / "b.mp4", style, Span(7, 15))
    assert verify_clip(tmp_path / "b.mp4", source, report=report, witness=witness).failures == ()
    failed = verify_clip(tmp_path / "b.mp4", source, witness=witness).failures
    assert any("frames: expected 20, found 8" in line for line in failed)


@pytest.mark.parametrize("witness", WITNESSES)
@pytest.mark.parametrize("suffix", ["mov", "mkv"])
def test_uncompressed_sound_of_a_span_is_held_against_the_source_by_the_sample(
    tmp_path: Path, style: Path, witness: str, suffix: str
):
    source = make_clip(tmp_path / f"a.{suffix}", frames=20, width=64, height=48, audio=("aac", "pcm_s16le"))
    report = render(source, tmp_path / "b.mov", style, Span(7, 15))
    found = verify_clip(tmp_path / "b.mov", source, report=report, witness=witness)
    assert found.failures == ()
    (samples,) = (check for check in found.checks if check.name == "sound samples")
    count, begin = samples.expected.removesuffix(" #1").split(" from ")
    assert int(count) == 8 * 1920
    assert abs(int(begin) - 7 * 1920) <= (0 if suffix == "mov" else 24)  # Matroska tells a packet's time to 24 samples
    for wrong in ("6-14", "7-16"):
        other = verify_clip(
            tmp_path / "b.mov", source, report=report.model_copy(update={"span": wrong}), witness=witness
        )
        assert outcomes(other)["sound samples"] == "differs"


@pytest.mark.parametrize("witness", WITNESSES)
@pytest.mark.parametrize(("codec", "suffix", "to"), [("pcm_s16le", "mkv", "mp4"), ("aac", "mp4", "webm")])
@pytest.mark.parametrize("span", [Span(), Span(7, 35)], ids=str)
def test_converted_sound_passes_by_its_report_and_only_so(
    tmp_path: Path, style: Path, witness: str, codec: str, suffix: str, to: str, span: Span
):
    source = with_noise(tmp_path / f"a.{suffix}", codec)
    flags = {"style": str(style), "device": "cpu", "blend.strength": 0.0}
    report = render_shot(Shot(source, span), tmp_path / f"b.{to}", load_config(flags=flags))
    found = verify_clip(tmp_path / f"b.{to}", source, report=report, witness=witness)
    assert found.failures == ()
    assert outcomes(found)["sound heard"] == "equal"
    assert report.outcome is not None
    told = report.model_copy(update={"outcome": report.outcome.model_copy(update={"streams": ()})})
    failures = verify_clip(tmp_path / f"b.{to}", source, report=told, witness=witness).failures
    assert [line.partition(":")[0] for line in failures] == ["sound packets"]


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ({"start": Fraction(1, 200)}, "5.00 ms later"),
        ({"without": (8, 9)}, "likeness"),
        ({"without": tuple(range(67, 77))}, "ends -19"),
    ],
)
def test_converted_sound_that_is_late_or_has_a_hole_or_ends_early_is_noticed(
    tmp_path: Path, other: dict[str, Any], found: str
):
    source = with_noise(tmp_path / "a.mkv", "pcm_s16le")
    copy_clip(with_noise(tmp_path / "b.mkv", "pcm_s16le", **other), tmp_path / "c.mp4")
    (check,) = (each for each in verify_clip(tmp_path / "c.mp4", source).checks if each.name == "sound heard")
    assert check.outcome == "differs"
    assert found in check.found


def test_sound_that_was_left_out_as_asked_is_not_missed(tmp_path: Path, style: Path):
    source = make_clip(tmp_path / "a.mp4", frames=6, width=64, height=48)
    flags = {"style": str(style), "device": "cpu", "encode.audio": "drop"}
    report = render_shot(Shot(source), tmp_path / "b.mp4", load_config(flags=flags))
    assert verify_clip(tmp_path / "b.mp4", source, report=report).failures == ()
    assert any(line.startswith("sound tracks") for line in verify_clip(tmp_path / "b.mp4", source).failures)


def test_other_samples_of_the_same_length_are_noticed(tmp_path: Path, style: Path):
    source = make_clip(tmp_path / "a.mov", frames=20, width=64, height=48, audio=("pcm_s16le",))
    report = render(source, tmp_path / "b.mov", style, Span(7, 15))
    written = bytearray((tmp_path / "b.mov").read_bytes())
    with av.open(str(tmp_path / "b.mov")) as clip:
        packets = [packet for packet in clip.demux(audio=0) if packet.size]
    place = packets[-1].pos + packets[-1].size - 1
    written[place] ^= 1
    (tmp_path / "b.mov").write_bytes(written)
    found = verify_clip(tmp_path / "b.mov", source, report=report, witness="pyav")
    assert {name for name, outcome in outcomes(found).items() if outcome == "differs"} == {"sound samples", "checksum"}


CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("frames", {"frames": 7, "pts": JITTERED[:7]}),
    ("times", {"pts": (*JITTERED[:3], JITTERED[3] + 1, *JITTERED[4:])}),
    ("matrix", {"matrix": 1}),
    ("primaries", {"primaries": 1}),
    ("transfer", {"transfer": 1}),
    ("range", {"full_range": True}),
    ("chroma_location", {"chroma_location": "left"}),
    ("pixel aspect", {"sample_aspect_ratio": Fraction(4, 3)}),
    ("rotation", {"rotation": 180}),
    ("timecode", {"timecode": "01:00:00:01"}),
    ("size", {"width": 66}),
    ("sound tracks", {"audio": ("aac",)}),
    ("sound packets", {"audio": ("pcm_s16le", "aac")}),
    ("sound times", {"audio_start": Fraction(1, 100)}),
]


@pytest.mark.parametrize("witness", WITNESSES)
@pytest.mark.parametrize(("name", "change"), CHANGES, ids=[name for name, _ in CHANGES])
def test_each_change_is_noticed_and_may_be_allowed(
    tmp_path: Path, rich: Path, witness: str, name: str, change: dict[str, Any]
):
    source = rich
    other = make_clip(tmp_path / "b.mov", RICH, **change)
    found = verify_clip(other, source, witness=witness)
    assert any(line.startswith(name) for line in found.failures)
    allowed = verify_clip(other, source, witness=witness, allow=[name])
    assert not any(line.startswith(f"{name}:") for line in allowed.failures)


def test_the_command_prints_a_table_or_json_and_ends_with_79(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source = make_clip(tmp_path / "a.mp4", RICH, timecode="", audio=("aac",), rotation=0)
    copy_clip(source, tmp_path / "b.mp4")
    other = make_clip(tmp_path / "c.mp4", RICH, timecode="", audio=("aac",), rotation=0, matrix=1)
    assert run(["verify", str(tmp_path / "b.mp4"), "--against", str(source), "--witness", "pyav"]) == 0
    assert "sound packets" in capsys.readouterr().out
    assert run(["verify", str(other), "--against", str(source), "--json", "--witness", "pyav"]) == GateError.exit_code
    said = capsys.readouterr()
    result = json.loads(said.out.splitlines()[0])
    assert [each["name"] for each in result["checks"] if each["outcome"] == "differs"] == ["matrix"]
    assert "matrix: expected bt2020nc, found bt709" in said.err
    for wrong in (["--witness", "me"], ["--allow", "nonsense"]):
        assert run(["verify", str(other), "--against", str(source), *wrong]) == ConfigError.exit_code
    missing = ["verify", str(tmp_path / "gone.mp4"), "--against", str(source)]
    assert run(missing) == ClipMissingError.exit_code


@pytest.mark.skipif(not external.present(), reason="ffprobe is not on PATH")
@pytest.mark.parametrize("suffix", ["mov", "mkv"])
def test_both_witnesses_agree(tmp_path: Path, suffix: str):
    source = make_clip(tmp_path / f"a.{suffix}", RICH)
    seen = look(source, witness="ffprobe"), look(source, witness="pyav")
    for name in ("times", "size", "tags", "aspect", "rotation", "timecode", "tracks", "streams", "chapters"):
        assert getattr(seen[0], name) == getattr(seen[1], name), name
