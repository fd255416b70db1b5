"""A report says what the target really holds, and can be read again."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle import RenderReport, Shot, Span, render_shot
from vidstyle.cli import run
from vidstyle.config import load_config
from vidstyle.errors import ConfigError
from vidstyle.media import probe
from vidstyle.media.clip import ClipInfo, StreamInfo
from vidstyle.media.outcome import audio_offset, stream_outcomes
from vidstyle.report import read_report, report_schema


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    save_small_style(folder / "small")
    make_clip(folder / "a.mov", frames=4, matrix=1, primaries=1, transfer=1, full_range=False, timecode="01:00:00:00",
              audio=("aac", "pcm_s16le"), audio_start=0, width=64, height=48)  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def made(folder: Path) -> RenderReport:
    flags = {"style": str(folder / "small"), "device": "cpu", "blend.strength": 0.5}
    return render_shot(Shot(folder / "a.mov"), folder / "b.mov", load_config(flags=flags), embed_report=True)


def test_the_outcome_is_read_back_from_the_target(folder: Path, made: RenderReport):
    found = made.outcome
    assert found is not None
    assert (found.sha256, found.bytes) == (
        hashlib.sha256((folder / "b.mov").read_bytes()).hexdigest(),
        (folder / "b.mov").stat().st_size,
    )
    assert found.tags_in == found.tags_out == probe(folder / "a.mov").video.tags
    assert found.audio_offset_in == found.audio_offset_out is not None
    assert [(each.kind, each.outcome) for each in found.streams][:3] == [
        ("video", "stylized"), ("audio", "copied"), ("audio", "copied")
    ]  # fmt: skip
    assert [each.outcome for each in found.streams[3:]] == ["written anew"]
    assert [each.packets for each in found.streams if each.outcome == "copied"] == list(made.packets.values())


def test_a_report_comes_back_as_it_was_and_fits_its_schema(tmp_path: Path, made: RenderReport):
    (tmp_path / "r.json").write_text(made.model_dump_json())
    assert read_report(tmp_path / "r.json") == made
    schema = report_schema()
    told = json.loads(made.model_dump_json())
    assert told.keys() <= schema["properties"].keys()
    assert set(schema["required"]) <= told.keys()
    assert all("description" in schema["properties"][key] for key in ("packets", "outcome", "warnings", "frame_hash"))


@pytest.mark.parametrize("text", ["{", "[]", '{"written": 3}', None])
def test_what_is_no_report_is_refused_in_one_line(tmp_path: Path, text: str | None):
    path = tmp_path / "r.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=r"r\.json") as caught:
        read_report(path)
    assert "\n" not in str(caught.value)


def test_the_comment_says_how_the_clip_was_made(folder: Path, made: RenderReport):
    told = json.loads(probe(folder / "b.mov").metadata["comment"])["vidstyle"]
    assert told["style_sha256"] == made.style_sha256
    assert told["settings"]["blend"]["strength"] == 0.5
    assert told["versions"]["vidstyle"] == made.versions.vidstyle
    assert (told["source"], told["span"]) == ("a.mov", "0-")


def test_the_command_shows_a_report_and_the_schema(tmp_path: Path, made: RenderReport, capsys):
    (tmp_path / "r.json").write_text(made.model_dump_json())
    assert run(["report", str(tmp_path / "r.json")]) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("4 written", "stylized", "copied", "written anew", made.style_sha256[:12]))
    assert run(["report", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == report_schema()
    assert run(["report"]) == ConfigError.exit_code


def stream(index: int, kind: str, codec: str) -> StreamInfo:
    return StreamInfo(index=index, kind=kind, codec=codec)


def test_converted_and_lost_streams_are_told_apart(made: RenderReport):
    info = probe(made.target)
    source = info.model_copy(
        update={"others": (stream(7, "subtitle", "subrip"), stream(8, "subtitle", "ass"), stream(9, "data", "bin"))}
    )
    target = info.model_copy(update={"others": (stream(3, "subtitle", "mov_text"),)})
    copied = {track.index: 5 for track in info.audio}
    found = {each.index: (each.outcome, each.became) for each in stream_outcomes(source, target, copied)}
    assert found[7] == ("converted", "mov_text")
    assert found[8] == found[9] == ("left out", "")


def test_without_sound_there_is_no_offset(made: RenderReport):
    silent: ClipInfo = probe(made.target).model_copy(update={"audio": ()})
    assert audio_offset(silent) is None


def test_frames_before_and_after_a_span_are_not_counted(folder: Path, tmp_path: Path):
    flags = {"style": str(folder / "small"), "device": "cpu", "blend.strength": 0.0}
    made = render_shot(Shot(folder / "a.mov", Span(1, 3)), tmp_path / "b.mov", load_config(flags=flags))
    assert (made.decoded, made.written) == (2, 2)
