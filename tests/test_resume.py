"""A killed render goes on, and nobody can tell from the result."""

import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest
import torch

from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle import RenderReport, Shot, Span, render_shot
from vidstyle.config import load_config
from vidstyle.errors import ClipReadError, ClipWriteError, ConfigError, TargetError
from vidstyle.media import probe
from vidstyle.media.segments import SegmentWriter
from vidstyle.motion import Flow
from vidstyle.stages.blend import BlendConfig, BlendState, Memory, blend_step
from vidstyle.stages.remembering import from_tensors, to_tensors

# x264 gives other bits each time for the same frames, by a last digit in its look-ahead, unless it is told not to.
SAME_BITS = {"x264-params": "cpu-independent=1"}


class PowerCutError(Exception):
    pass


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips") / "a.mp4", frames=14, cuts=(9,), width=64, height=48)


def render(
    source: Path, target: Path, style: Path, *, after: int | None = None, error: Any = PowerCutError, **how: Any
) -> RenderReport:
    """Render with a point to go on from after every batch, and fail after some frames."""

    def fail(progress: Any) -> None:
        if after is not None and progress.frames >= after:
            raise error

    named = {name: how.pop(name) for name in ("resume", "overwrite", "debug_video") if name in how}
    shot = Shot(source, how.pop("span", Span()))
    flags = {"style": str(style), "device": "cpu", "work.every": 0.0, "encode.options": SAME_BITS}
    flags |= {k.replace("__", "."): v for k, v in how.items()}
    return render_shot(shot, target, load_config(flags=flags), on_progress=fail, **named)


def work_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.vidstyle")


SETTINGS = [
    {},
    {"decode__batch": 3},
    {"stylize__hold": 3},
    {"blend__stability": 0.0},
    {"blend__stability": 0.0, "stylize__hold": 2},
    {"blend__strength": 0.6, "motion__cuts__at": [4]},
    {"span": Span(2, 13)},
    {"network": "recurrent-resnet"},
    {"network": "convgru", "blend__stability": 0.0, "stylize__hold": 2},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_frames_and_file_are_those_of_an_uninterrupted_run(
    tmp_path: Path, source: Path, style: Path, settings: dict[str, Any]
):
    settings = dict(settings)
    if network := settings.pop("network", None):
        style = tmp_path / "recurrent"
        save_small_style(style, network=network)
    whole = render(source, tmp_path / "whole.mkv", style, **settings)
    target = tmp_path / "b.mkv"
    for stop in (3, 8, 9):
        with pytest.raises(PowerCutError):
            render(source, target, style, after=stop, resume=True, **settings)
        assert not target.exists()
    report = render(source, target, style, resume=True, **settings)
    assert report.resumed >= 9
    assert (report.written, report.frame_hash, report.cuts) == (whole.written, whole.frame_hash, whole.cuts)
    assert report.packets == whole.packets
    assert packets(target) == packets(tmp_path / "whole.mkv")
    assert sorted(path.name for path in tmp_path.glob("*.mkv")) == ["b.mkv", "whole.mkv"]
    assert not work_of(target).exists()


def packets(path: Path) -> list[tuple[int, int | None, bytes]]:
    with av.open(str(path)) as container:
        return [(packet.stream_index, packet.pts, bytes(packet)) for packet in container.demux() if packet.size]


def test_converted_sound_is_that_of_an_uninterrupted_run(tmp_path: Path, style: Path):
    source = make_clip(tmp_path / "a.mkv", frames=14, width=64, height=48, audio=("pcm_s16le", "aac"))
    settings: dict[str, Any] = {"span": Span(2, 13)}
    whole = render(source, tmp_path / "whole.mp4", style, **settings)
    for stop in (3, 8):
        with pytest.raises(PowerCutError):
            render(source, tmp_path / "b.mp4", style, after=stop, resume=True, **settings)
    report = render(source, tmp_path / "b.mp4", style, resume=True, **settings)
    assert report.resumed == 8
    assert (report.frame_hash, report.warnings) == (whole.frame_hash, whole.warnings)
    assert packets(tmp_path / "b.mp4") == packets(tmp_path / "whole.mp4")


def test_two_passes_go_on_where_a_shot_begins(tmp_path: Path, source: Path, style: Path):
    whole = render(source, tmp_path / "whole.mkv", style, blend__passes=2)
    for stop in (5, 9, 12):  # the cut is at 9; the first stop has no point to go on from
        with pytest.raises(PowerCutError):
            render(source, tmp_path / "b.mkv", style, after=stop, resume=True, blend__passes=2)
        assert work_of(tmp_path / "b.mkv").exists() == (stop >= 9)
    report = render(source, tmp_path / "b.mkv", style, resume=True, blend__passes=2)
    assert (report.resumed, report.frame_hash, report.cuts) == (9, whole.frame_hash, whole.cuts)


@pytest.mark.parametrize("pix_fmt", ["yuv422p10le", "yuva420p"])
def test_deep_odd_and_transparent_pictures_are_kept_bit_for_bit(tmp_path: Path, style: Path, pix_fmt: str):
    settings = {"codec": "ffv1", "pix_fmt": pix_fmt, "width": 51, "height": 37, "frames": 6, "audio": ()}
    source = make_clip(tmp_path / "a.mkv", **settings)
    whole = render(source, tmp_path / "whole.mkv", style, encode__encoder="ffv1", encode__options={})
    with pytest.raises(PowerCutError):
        render(source, tmp_path / "b.mkv", style, after=3, encode__encoder="ffv1", encode__options={})
    report = render(source, tmp_path / "b.mkv", style, resume=True, encode__encoder="ffv1", encode__options={})
    assert (report.resumed, report.frame_hash) == (3, whole.frame_hash)


def test_work_without_resume_is_refused_and_replaced_by_overwrite(tmp_path: Path, source: Path, style: Path):
    target = tmp_path / "b.mp4"
    with pytest.raises(PowerCutError):
        render(source, target, style, after=4)
    with pytest.raises(TargetError, match=r"4 finished frames.*--resume.*--overwrite"):
        render(source, target, style)
    assert work_of(target).is_dir()
    assert render(source, target, style, overwrite=True).resumed == 0
    assert not work_of(target).exists()


def test_other_settings_are_refused_by_name(tmp_path: Path, source: Path, style: Path):
    target = tmp_path / "b.mp4"
    with pytest.raises(PowerCutError):
        render(source, target, style, after=4)
    with pytest.raises(TargetError, match=r"blend\.strength = 1\.0, now it is 0\.5") as caught:
        render(source, target, style, resume=True, blend__strength=0.5)
    assert "\n" not in str(caught.value)
    save_small_style(tmp_path / "other", seed=1)
    with pytest.raises(TargetError, match=r"begun with style"):
        render(source, target, tmp_path / "other", resume=True)
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(source.read_bytes() + b"x")
    with pytest.raises(TargetError, match="source's"):
        render(copy, target, style, resume=True)
    with pytest.raises(ConfigError, match="--debug-video"):
        render(source, target, style, resume=True, debug_video=tmp_path / "debug.mp4")
    assert render(source, target, style, resume=True, encode__queue=1).resumed == 4


@pytest.mark.parametrize("damage", ["segment", "state", "manifest"])
def test_damaged_work_is_done_anew_and_said(tmp_path: Path, source: Path, style: Path, damage: str):
    target = tmp_path / "b.mp4"
    whole = render(source, tmp_path / "whole.mp4", style)
    with pytest.raises(PowerCutError):
        render(source, target, style, after=4)
    pattern = {"segment": "0000001.nut", "state": "*.safetensors", "manifest": "manifest.json"}[damage]
    (path,) = work_of(target).glob(pattern)
    path.write_bytes(path.read_bytes()[:-7])
    report = render(source, target, style, resume=True)
    assert (report.resumed, report.frame_hash) == (0, whole.frame_hash)
    assert any("damaged" in warning for warning in report.warnings) == (damage != "manifest")


@pytest.mark.parametrize(
    ("error", "stays"),
    [
        (PowerCutError(), True),
        (KeyboardInterrupt(), True),
        (ClipWriteError("full", path=Path("b")), True),
        (ClipReadError("damaged", path=Path("a")), False),
    ],
)
def test_work_stays_where_another_run_may_succeed(
    tmp_path: Path, source: Path, style: Path, error: BaseException, stays: bool
):
    with pytest.raises(type(error)):
        render(source, tmp_path / "b.mp4", style, after=4, error=error)
    assert [path.name for path in tmp_path.iterdir()] == ([".b.mp4.vidstyle"] if stays else [])


def test_a_render_shorter_than_the_interval_leaves_nothing(tmp_path: Path, source: Path, style: Path):
    with pytest.raises(PowerCutError):
        render(source, tmp_path / "b.mp4", style, after=4, work__every=1e6)
    with pytest.raises(PowerCutError):
        render(source, tmp_path / "b.mp4", style, after=4, work__keep=False)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_too_full_for_the_work_costs_the_work_and_not_the_render(
    tmp_path: Path, source: Path, style: Path, monkeypatch: pytest.MonkeyPatch
):
    whole = render(source, tmp_path / "whole.mp4", style)
    put, count = SegmentWriter.put, [0]

    def full(writer: SegmentWriter, planes: Any) -> None:
        count[0] += 1
        if count[0] == 5:
            raise ClipWriteError("the disk is full", path=writer.path)
        put(writer, planes)

    monkeypatch.setattr(SegmentWriter, "put", full)
    report = render(source, tmp_path / "b.mp4", style)
    assert report.frame_hash == whole.frame_hash
    assert any("no longer kept: the disk is full" in warning for warning in report.warnings)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.mp4", "whole.mp4"]


def test_two_processes_do_not_write_one_target(tmp_path: Path, source: Path, style: Path):
    target, seen = tmp_path / "b.mp4", []

    def second(progress: Any) -> None:
        if progress.frames == 4:
            with pytest.raises(TargetError, match="another process") as caught:
                render(source, target, style, overwrite=True)
            seen.append(caught)

    flags = {"style": str(style), "device": "cpu", "work.every": 0.0}
    report = render_shot(Shot(source), target, load_config(flags=flags), on_progress=second)
    assert seen
    assert report.written == 14


def test_what_is_remembered_comes_back_bit_for_bit():
    assert from_tensors(Memory, {}) == Memory()
    flow = Flow.unknown(1, 40, 60, torch.device("cpu"))
    state: BlendState = blend_step(None, torch.rand(1, 3, 40, 60), torch.rand(1, 3, 40, 60), flow, BlendConfig())
    memory = Memory(replace(state, output=torch.rand(1, 3, 40, 60)), (state.source, state.weight))
    again = from_tensors(Memory, to_tensors(memory))
    assert again.held is not None
    assert all(torch.equal(one, other) for one, other in zip(again.held, memory.held or (), strict=True))
    before, after = to_tensors(memory), to_tensors(again)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.slow
def test_kills_at_any_moment_lose_nothing(tmp_path: Path, style: Path):
    source = make_clip(tmp_path / "a.mp4", frames=150, cuts=(40, 90), width=160, height=96)
    whole = render(source, tmp_path / "whole.mp4", style, work__keep=False)
    target, moments = tmp_path / "b.mp4", random.Random(7)
    command = [sys.executable, "-m", "vidstyle", "stylize", str(source), "-o", str(target), "--style", str(style)]
    command += ["--device", "cpu", "--set", "work.every=0.05", "--resume", "--json"]
    command += ["--set", 'encode.options={"x264-params" = "cpu-independent=1"}']
    kept = []
    for _ in range(5):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as killed:
            assert killed.stdout is not None
            if '"progress"' not in killed.stdout.readline():
                break
            time.sleep(moments.uniform(0.0, 0.6))
            killed.send_signal(signal.SIGKILL)
        kept.append(len(list(work_of(target).glob("*.nut"))))
        assert killed.returncode != -signal.SIGKILL or not target.exists()
    assert max(kept) > 0
    if target.exists():
        assert not work_of(target).exists()
    else:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert packets(target) == packets(tmp_path / "whole.mp4")
    assert probe(target).video.frames == whole.written
    assert not list(tmp_path.glob(".b.mp4.*"))
