"""Batches: planned as a whole, run shot by shot, gone on with, never over an older version."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import opentimelineio as otio
import pytest

from tests.clips import make_clip
from tests.edits import SOURCE_START, edit
from tests.jobs.conftest import LENGTH, table
from vidstyle import RenderConfig
from vidstyle.errors import ConfigError, DeviceError, ShotListError
from vidstyle.jobs import rendering
from vidstyle.jobs.batch import BatchResult, plan_list, render_list
from vidstyle.jobs.job import BatchConfig
from vidstyle.jobs.ledger import Ledger
from vidstyle.jobs.naming import TEMPLATE
from vidstyle.media import EncodeConfig, probe
from vidstyle.shots import ListConfig, read_edit
from vidstyle.shots.relinking import STYLIZED

QUICK = BatchConfig(trial=False, handles=2, template="{shot}/{shot}_v{version:03}.mkv")


def run(path: Path, out: Path, render: RenderConfig, plates: Path, batch: BatchConfig = QUICK) -> BatchResult:
    return render_list(path, out, render, batch, roots=[plates])


def in_mov(render: RenderConfig) -> RenderConfig:
    return render.model_copy(update={"encode": EncodeConfig(encoder="x264")})


def states(result: BatchResult) -> dict[str, str]:
    return {outcome.job.name: outcome.status for outcome in result.outcomes}


def test_all_problems_are_told_at_once_and_nothing_is_rendered(tmp_path: Path, render: RenderConfig, plates: Path):
    path = table(
        tmp_path / "a.csv", "010,A001.mov,0,5,", "010,A002.mov,0,5,", "020,C001.mov,,,", "030,A001.mov,50,70,",
        "040,A001.mov,x,,", "050,A001.mov,0,5,nothing", head="shot,source,in,out,style",
    )  # fmt: skip
    plan = plan_list(path, tmp_path / "out", render, QUICK, roots=[plates])
    told = "\n".join(plan.problems)
    for text in ("row 2 (010) and row 3 (010)", "row 4 (020): no source", "row 5 (030)", "row 6 (040)", "row 7 (050)"):
        assert text in told
    assert len(plan.problems) == 5
    assert not (tmp_path / "out").exists()
    with pytest.raises(ShotListError, match="nothing was rendered"):
        run(path, tmp_path / "out", render, plates)


def test_mattes_lie_beside_the_list_and_one_that_does_not_fit_is_told_before(
    tmp_path: Path, render: RenderConfig, plates: Path
):
    make_clip(tmp_path / "good.mov", frames=LENGTH, width=48, height=32, audio=())
    make_clip(tmp_path / "short.mov", frames=5, width=48, height=32, audio=())
    make_clip(tmp_path / "tall.mov", frames=LENGTH, width=32, height=48, audio=())
    rows = [f"{name},A001.mov,4,7,{name}.mov" for name in ("good", "short", "tall", "gone")]
    path = table(tmp_path / "a.csv", *rows, head="shot,source,in,out,mask")
    plan = plan_list(path, tmp_path / "out", render, QUICK, roots=[plates])
    assert [job.config.mask.file for job in plan.jobs] == [tmp_path / "good.mov"]
    short, tall, gone = plan.problems
    assert "row 3 (short): the mask" in short
    assert "not the same shape" in tall
    assert "gone.mov" in gone


def test_a_container_that_does_not_fit_is_told_before(tmp_path: Path, render: RenderConfig, plates: Path):
    batch = QUICK.model_copy(update={"template": "{shot}_v{version}.mov"})
    plan = plan_list(table(tmp_path / "a.csv", "010,A001.mov,0,5"), tmp_path / "out", render, batch, roots=[plates])
    assert "ffv1" in plan.problems[0]


def test_a_disk_that_is_too_small_is_a_problem(
    tmp_path: Path, render: RenderConfig, plates: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("vidstyle.jobs.planning._free", lambda _folder: 1000)
    plan = plan_list(table(tmp_path / "a.csv", "010,A001.mov,0,5"), tmp_path / "out", render, QUICK, roots=[plates])
    assert "too small" in plan.problems[0]


def test_a_batch_is_resumable_and_a_change_makes_a_new_version(tmp_path: Path, render: RenderConfig, plates: Path):
    path, out = table(tmp_path / "a.csv", "010,A001.mov,4,7", "020,A002.mov,4,7"), tmp_path / "out"
    first = run(path, out, render, plates)
    assert states(first) == {"010": "done", "020": "done"}
    before = {each: each.stat().st_mtime_ns for each in out.rglob("*.mkv")}
    again = run(path, out, render, plates)
    assert states(again) == {"010": "skipped", "020": "skipped"}
    assert before == {each: each.stat().st_mtime_ns for each in out.rglob("*.mkv")}
    assert again.conformed == first.conformed
    path = table(tmp_path / "a.csv", "010,A001.mov,4,8", "020,A002.mov,4,7")
    changed = run(path, out, render, plates)
    assert states(changed) == {"010": "done", "020": "skipped"}
    assert "frames was 2-10, is 2-11" in changed.outcomes[0].job.reason
    (out / "020" / "020_v001.mkv").unlink()
    gone = run(path, out, render, plates)
    assert "is gone" in gone.outcomes[1].job.reason
    assert before.keys() < set(out.rglob("*.mkv"))
    assert sorted(each.name for each in out.rglob("*.mkv")) == ["010_v001.mkv", "010_v002.mkv", "020_v001.mkv"]
    (out / "020" / "020_v001.mkv").write_bytes(b"another")
    touched = run(path, out, render, plates)
    assert "was changed since" in touched.outcomes[1].job.reason
    assert (out / "020" / "020_v001.mkv").read_bytes() == b"another"


def test_a_shot_that_fails_stops_no_other_and_may_be_tried_again(
    tmp_path: Path, render: RenderConfig, plates: Path, monkeypatch: pytest.MonkeyPatch
):
    path = table(tmp_path / "a.csv", "010,A001.mov,4,5", "020,A002.mov,4,5", "030,B001.mov,4,5")
    honest, tries = rendering.render_shot, list[str]()

    def failing(shot, *arguments, **options):
        tries.append(shot.name)
        if shot.name == "020" and tries.count("020") < 3:
            raise DeviceError("the device is gone", device="cpu")
        if shot.name == "030" and tries.count("030") < 2:
            raise RuntimeError("unforeseen")
        return honest(shot, *arguments, **options)

    monkeypatch.setattr(rendering, "render_shot", failing)
    result = run(path, tmp_path / "out", render, plates, QUICK.model_copy(update={"retry": 1}))
    assert states(result) == {"010": "done", "020": "failed", "030": "failed"}
    assert tries == ["010", "020", "020", "030"]
    assert result.outcomes[1].exit_code == 75
    assert "2 shots are not finished" in " ".join(result.warnings)
    again = run(path, tmp_path / "out", render, plates)
    assert states(again) == {"010": "skipped", "020": "done", "030": "done"}
    assert "failed before" in again.outcomes[1].job.reason
    assert {each.job.version for each in again.outcomes} == {1}


def test_order_and_choice_are_by_name(tmp_path: Path, render: RenderConfig, plates: Path):
    rows = [f"{n:03},A001.mov,4,5,{n == 30 or 0:d}" for n in (10, 20, 30, 40)]
    path = table(tmp_path / "a.csv", *rows, head="shot,source,in,out,priority")
    batch = QUICK.model_copy(update={"first": ("04*",)})
    plan = plan_list(path, tmp_path / "out", render, batch, roots=[plates])
    assert [job.name for job in plan.to_render] == ["040", "030", "010", "020"]
    rows = [f"{n:03},A001.mov,4,{4 + n // 10},{n == 40 or 0:d}" for n in (10, 20, 30, 40)]
    longest = table(tmp_path / "b.csv", *rows, head="shot,source,in,out,priority")
    batch = QUICK.model_copy(update={"first": ("010",), "longest_first": True})
    plan = plan_list(longest, tmp_path / "out", render, batch, roots=[plates])
    assert [job.name for job in plan.to_render] == ["010", "040", "030", "020"]
    only = plan_list(path, tmp_path / "out", render, QUICK.model_copy(update={"only": ("0[12]*",)}), roots=[plates])
    assert [job.name for job in only.jobs] == ["010", "020"]
    with pytest.raises(ConfigError, match="no shot"):
        plan_list(path, tmp_path / "out", render, QUICK.model_copy(update={"only": ("x",)}), roots=[plates])


def test_one_shot_alone_does_not_take_the_others_out_of_the_edit(tmp_path: Path, render: RenderConfig, plates: Path):
    path, out = table(tmp_path / "a.csv", "010,A001.mov,4,7", "020,A002.mov,4,7", "030,B001.mov,4,7"), tmp_path / "out"
    run(path, out, render, plates, QUICK.model_copy(update={"only": ("0[12]0",)}))
    changed = render.model_copy(update={"blend": render.blend.model_copy(update={"strength": 0.5})})
    again = run(path, out, changed, plates, QUICK.model_copy(update={"only": ("020",)}))
    assert states(again) == {"010": "skipped", "020": "done"}
    shown = otio.adapters.read_from_file(str(again.conformed[0]))
    urls = [clip.media_reference.target_url.rpartition("/")[2] for clip in shown.find_clips()]
    assert urls == ["010_v001.mkv", "020_v002.mkv"]
    (out / "010" / "010_v001.mkv").unlink()
    assert states(run(path, out, changed, plates, QUICK.model_copy(update={"only": ("020",)}))) == {"020": "skipped"}


def test_an_edit_comes_back_with_timecode_handles_and_a_record_of_each_shot(
    tmp_path: Path, render: RenderConfig, plates: Path
):
    path, out = tmp_path / "cut.otio", tmp_path / "out"
    sources = [plates / f"{name}.mov" for name in ("A001", "A002", "B001")]
    otio.adapters.write_to_file(edit(sources, length=LENGTH, frames=4), str(path))
    batch = BatchConfig(trial=False, handles=3, template=TEMPLATE, only=("0[15]0", "070"))
    result = render_list(path, out, in_mov(render), batch)
    by_name = {outcome.job.name: outcome.job for outcome in result.outcomes}
    job = by_name["050"]
    assert job.target == out / "night_cut" / "050" / "050_small_v001.mov"
    assert (job.placement.span.start, job.frames) == (11, 12)  # 16, less 2 of the dissolve, less 3
    assert probe(job.target).video.timecode == "01:02:30:11"
    told = json.loads(job.target.with_suffix(".json").read_text())
    assert (told["cut_in"], told["cut_out"], told["record_timecode"]) == (1004, 1009, "01:00:00:16")
    assert told["report"]["written"] == 12
    again = read_edit(result.conformed[0])
    event = next(event for event in again.events if event.shot == "050")
    assert event.hint.url == job.target.absolute().as_uri()
    assert event.hint.start == SOURCE_START + 11
    timeline = otio.adapters.read_from_file(str(result.conformed[0]))
    assert sum(clip.active_media_reference_key == STYLIZED for clip in timeline.find_clips()) == 3
    assert result.warnings == ()


def test_reel_and_timecode_reach_a_clip_whose_source_has_none(tmp_path: Path, render: RenderConfig, plates: Path):
    make_clip(tmp_path / "X.mov", frames=20, width=48, height=32, audio=())
    path = table(tmp_path / "a.csv", "010,X.mov,5,9,R042", head="shot,source,in,out,reel")
    batch = QUICK.model_copy(update={"template": "{shot}_v{version}.mov"})
    (outcome,) = run(path, tmp_path / "out", in_mov(render), tmp_path, batch).outcomes
    info = probe(outcome.job.target)
    assert info.video.timecode == "00:00:00:03"
    labels = [info.video.metadata, info.metadata, *(other.metadata for other in info.others)]
    assert any(text == "R042" for place in labels for text in place.values())


@pytest.mark.slow
def test_several_at_once_give_the_same_as_one_after_another(tmp_path: Path, render: RenderConfig, plates: Path):
    path = table(tmp_path / "a.csv", "010,A001.mov,4,9", "020,A002.mov,4,9", "030,B001.mov,4,9")
    one = run(path, tmp_path / "one", render, plates)
    two = run(path, tmp_path / "two", render, plates, QUICK.model_copy(update={"jobs": 2}))
    assert [each.report.frame_hash for each in one.outcomes] == [each.report.frame_hash for each in two.outcomes]


RUN = """
import sys
from pathlib import Path
from vidstyle.config import load_config
from vidstyle.jobs.batch import render_list
from vidstyle.jobs.job import BatchConfig
flags = {"style": sys.argv[3], "device": "cpu", "encode.encoder": "ffv1", "work.every": 0.0}
batch = BatchConfig(trial=False, handles=2, template="{shot}_v{version:03}.mkv")
render_list(Path(sys.argv[1]), Path(sys.argv[2]), load_config(flags=flags), batch,
            on_shot=lambda job, progress: print(job.name, progress.frames, flush=True))
"""


@pytest.mark.slow
def test_a_batch_of_12_shots_killed_twice_ends_as_if_it_had_not_been(tmp_path: Path, plates: Path, small_style: Path):
    sources = [plates / f"{name}.mov" for name in ("A001", "A002", "B001")]
    path = tmp_path / "cut.otio"
    cut = edit(sources, length=LENGTH, frames=4)
    cut.tracks[1].pop(2)  # 12 are left
    otio.adapters.write_to_file(cut, str(path))

    def start(out: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", RUN, str(path), str(tmp_path / out), str(small_style)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def kill_after(process: subprocess.Popen[str], lines: int) -> None:
        assert process.stdout is not None
        for _ in range(lines):
            process.stdout.readline()
        time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()

    kill_after(start("killed"), 20)
    kill_after(start("killed"), 27)
    for out in ("killed", "whole"):
        process = start(out)
        process.communicate()
        assert process.returncode == 0
    hashes = [
        {shot: entries[-1].frame_hash for shot, entries in Ledger.look(tmp_path / out).all().items()}
        for out in ("killed", "whole")
    ]
    assert len(hashes[0]) == 12
    assert hashes[0] == hashes[1]
    assert all(hashes[0].values())
    files = [sorted(each.name for each in (tmp_path / out).iterdir()) for out in ("killed", "whole")]
    assert files[0] == files[1]
    begun = [entry.event for entries in Ledger.look(tmp_path / "killed").all().values() for entry in entries]
    assert begun.count("begun") == 14
    assert begun.count("done") == 12


def test_a_list_that_can_not_be_read_is_told_before_the_folder_is_made(tmp_path: Path, render: RenderConfig):
    (tmp_path / "a.edl").write_text("TITLE: x\n")
    with pytest.raises(ShotListError, match="--fps"):
        render_list(tmp_path / "a.edl", tmp_path / "out", render, QUICK)
    with pytest.raises(ShotListError, match="no shot"):
        render_list(tmp_path / "a.edl", tmp_path / "out", render, QUICK, ListConfig(fps="24"))
    assert not (tmp_path / "out").exists()
