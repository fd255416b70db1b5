"""The laws of the main job, on small synthetic clips."""

import hashlib
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle import RenderConfig, RenderReport, Shot, Span, render_shot
from vidstyle.config import load_config
from vidstyle.errors import ClipMissingError, ClipReadError, ConfigError, DeviceError, StyleError, TargetError
from vidstyle.progress import OnProgress, Progress

JITTERED = tuple(accumulate([0, 512, 400, 700, 512, 300, 1100, 512, 512, 90, 512, 512]))


@pytest.fixture(scope="module")
def style(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("styles") / "small"
    save_small_style(folder)
    return folder


def render(
    source: Path,
    target: Path,
    style: Path,
    *,
    span: Span | None = None,
    debug_video: Path | None = None,
    on_progress: OnProgress | None = None,
    **settings: Any,
) -> RenderReport:
    """Render on the CPU with `dotted.key=value` settings given as `dotted__key`."""
    flags = {"style": str(style), "device": "cpu"} | {key.replace("__", "."): v for key, v in settings.items()}
    config = load_config(flags=flags)
    return render_shot(Shot(source, span or Span()), target, config, debug_video=debug_video, on_progress=on_progress)


def planes(path: Path) -> list[tuple[np.ndarray, ...]]:
    with av.open(path) as container:
        return [tuple(np.array(plane) for plane in frame.planes) for frame in container.decode(video=0)]


def times(path: Path) -> list[Fraction]:
    with av.open(path) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def sound(path: Path) -> list[list[tuple[Fraction, str]]]:
    with av.open(path) as container:
        streams = [stream.index for stream in container.streams.audio]
        found: dict[int, list[tuple[Fraction, str]]] = {index: [] for index in streams}
        for packet in container.demux(*container.streams.audio):
            if packet.size:
                when = packet.pts * packet.time_base
                found[packet.stream_index].append((when, hashlib.sha256(bytes(packet)).hexdigest()))
        return list(found.values())


@pytest.mark.parametrize(("pix_fmt", "size"), [("yuv420p", (97, 63)), ("yuv422p10le", (96, 64)), ("yuv444p", (50, 38))])
def test_strength_0_gives_the_source_planes_back_exactly(tmp_path: Path, style: Path, pix_fmt: str, size):
    width, height = size
    settings = {"width": width, "height": height, "codec": "ffv1", "pix_fmt": pix_fmt, "audio": ()}
    source = make_clip(tmp_path / "a.mkv", matrix=1, primaries=1, transfer=1, full_range=False, **settings)
    report = render(source, tmp_path / "b.mkv", style, blend__strength=0.0, encode__encoder="ffv1")
    assert report.written == 12
    for before, after in zip(planes(source), planes(tmp_path / "b.mkv"), strict=True):
        assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))


def test_the_style_reaches_the_file(tmp_path: Path, style: Path):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1")
    render(source, tmp_path / "b.mkv", style, encode__encoder="ffv1")
    before, after = planes(source)[0][0], planes(tmp_path / "b.mkv")[0][0]
    assert np.abs(before.astype(int) - after).mean() > 5


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
def test_every_timestamp_survives_at_a_variable_rate(tmp_path: Path, style: Path, suffix: str):
    source = make_clip(tmp_path / f"a.{suffix}", pts=JITTERED, time_base=Fraction(1, 12800))
    report = render(source, tmp_path / f"b.{suffix}", style)
    assert report.decoded == report.written == len(JITTERED)
    assert times(tmp_path / f"b.{suffix}") == times(source)


@pytest.mark.parametrize(
    ("suffix", "audio"), [("mp4", ("aac", "aac")), ("mov", ("pcm_s16le", "aac")), ("mkv", ("flac",))]
)
def test_copied_packets_are_bit_identical(tmp_path: Path, style: Path, suffix: str, audio: tuple[str, ...]):
    source = make_clip(tmp_path / f"a.{suffix}", audio=audio)
    report = render(source, tmp_path / f"b.{suffix}", style)
    assert sound(tmp_path / f"b.{suffix}") == sound(source)
    assert sum(report.packets.values()) == sum(map(len, sound(source)))


def test_a_span_is_half_open(tmp_path: Path, style: Path):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", audio=())
    settings = {"blend__strength": 0.0, "encode__encoder": "ffv1"}
    report = render(source, tmp_path / "b.mkv", style, span=Span(3, 7), **settings)
    assert report.written == 4
    expected = planes(source)[3:7]
    for before, after in zip(expected, planes(tmp_path / "b.mkv"), strict=True):
        assert np.array_equal(before[0], after[0])


def test_a_span_past_the_end_is_refused_and_leaves_nothing(tmp_path: Path, style: Path):
    source = make_clip(tmp_path / "a.mp4")
    with pytest.raises(ClipReadError, match="12"):
        render(source, tmp_path / "b.mp4", style, span=Span(50, 60))
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_the_same_input_gives_the_same_frames_whatever_the_batch_size(tmp_path: Path, style: Path):
    source = make_clip(tmp_path / "a.mp4", cuts=(5,))
    sizes = (1, 1, 3, 8)
    targets = [tmp_path / f"b{n}.mp4" for n in range(len(sizes))]
    reports = [render(source, target, style, decode__batch=size) for target, size in zip(targets, sizes, strict=True)]
    hashes = {report.frame_hash for report in reports}
    assert len(hashes) == 1


def test_stability_changes_the_frames_but_not_the_first(tmp_path: Path, style: Path):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1")
    made = {}
    for stability in (0.0, 0.9):
        target = tmp_path / f"b{stability}.mkv"
        render(source, target, style, blend__stability=stability, encode__encoder="ffv1")
        made[stability] = planes(target)
    assert np.array_equal(made[0.0][0][0], made[0.9][0][0])
    assert not np.array_equal(made[0.0][5][0], made[0.9][5][0])


def test_two_passes_know_the_future_whatever_the_batch_size(tmp_path: Path, style: Path):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", cuts=(5,))
    told: list[Progress] = []
    config = {"blend__stability": 0.9, "blend__floor": 0.0, "encode__encoder": "ffv1"}
    one = render(source, tmp_path / "one.mkv", style, **config)
    reports = [
        render(
            source, tmp_path / f"two{n}.mkv", style, decode__batch=n, blend__passes=2, on_progress=told.append, **config
        )
        for n in (1, 3, 8)
    ]
    assert len({report.frame_hash for report in reports}) == 1
    assert reports[0].frame_hash != one.frame_hash
    assert {report.cuts for report in (one, *reports)} == {(5,)}
    assert times(tmp_path / "two3.mkv") == times(source)
    assert sound(tmp_path / "two3.mkv") == sound(source)
    alone, ahead = planes(tmp_path / "one.mkv"), planes(tmp_path / "two3.mkv")
    assert not np.array_equal(alone[0][0], ahead[0][0])  # the first frame already has the look of what follows
    assert all(progress.frames <= 12 for progress in told)
    assert told[-1].frames == 12
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mkv", "one.mkv", "two1.mkv", "two3.mkv", "two8.mkv"]


def test_the_styles_stability_is_the_default(tmp_path: Path):
    save_small_style(tmp_path / "calm", name="calm", stability=0.25)
    source = make_clip(tmp_path / "a.mp4")
    assert render(source, tmp_path / "b.mp4", tmp_path / "calm").settings.blend.stability == 0.25
    report = render(source, tmp_path / "c.mp4", tmp_path / "calm", blend__stability=0.5)
    assert report.settings.blend.stability == 0.5


def test_a_clip_of_one_frame_without_sound_comes_through(tmp_path: Path, style: Path):
    source = make_clip(tmp_path / "a.mp4", frames=1, audio=())
    assert render(source, tmp_path / "b.mp4", style).written == 1
    assert len(times(tmp_path / "b.mp4")) == 1


def test_a_held_drawing_stands_for_n_frames_and_a_cut_begins_a_new_one(tmp_path: Path, style: Path):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", frames=11, cuts=(5,), width=128, height=96)
    lossless = {"encode__encoder": "ffv1", "stylize__hold": 2}
    reports = [
        render(source, tmp_path / f"b{batch}.mkv", style, decode__batch=batch, **lossless) for batch in (1, 3, 8)
    ]
    assert len({report.frame_hash for report in reports}) == 1
    assert reports[0].cuts == (5,)
    made = [frame[0] for frame in planes(tmp_path / "b3.mkv")]
    repeats = [n for n in range(1, 11) if np.array_equal(made[n], made[n - 1])]
    assert repeats == [1, 3, 6, 8, 10]
    assert times(tmp_path / "b3.mkv") == times(source)
    assert sound(tmp_path / "b3.mkv") == sound(source)


def test_holding_without_stability_is_every_nth_picture_of_the_generator(tmp_path: Path, style: Path):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", frames=8, audio=())
    settings = {"encode__encoder": "ffv1", "blend__stability": 0.0}
    render(source, tmp_path / "each.mkv", style, **settings)
    render(source, tmp_path / "held.mkv", style, stylize__hold=4, **settings)
    each, held = planes(tmp_path / "each.mkv"), planes(tmp_path / "held.mkv")
    assert all(np.array_equal(held[n][0], each[n - n % 4][0]) for n in range(8))


def test_given_cuts_are_numbers_of_the_source_clip(tmp_path: Path, style: Path):
    source = make_clip(tmp_path / "a.mp4")
    settings = {"motion__cuts__at": [1, 5, 9, 400], "motion__cuts__detect": False}
    assert render(source, tmp_path / "b.mp4", style, span=Span(3, 9), **settings).cuts == (5,)
    assert render(source, tmp_path / "c.mp4", style, blend__stability=0.0).cuts is None
    with pytest.raises(ConfigError, match="-1"):
        render(source, tmp_path / "d.mp4", style, motion__cuts__at=[-1])


def test_the_debug_video_has_the_results_times_and_changes_nothing(tmp_path: Path, style: Path):
    source = make_clip(tmp_path / "a.mp4", pts=JITTERED, time_base=Fraction(1, 12800), cuts=(6,))
    plain = render(source, tmp_path / "b.mp4", style, span=Span(2, 10))
    watched = render(source, tmp_path / "c.mp4", style, span=Span(2, 10), debug_video=tmp_path / "debug.mp4")
    assert watched.frame_hash == plain.frame_hash
    assert times(tmp_path / "debug.mp4") == times(tmp_path / "c.mp4")
    with av.open(tmp_path / "debug.mp4") as clip:
        assert not clip.streams.audio
        shown = [frame.to_ndarray(format="rgb24").astype(int) for frame in clip.decode(video=0)]
    assert shown[0].shape == (2 * 64, 3 * 96, 3)
    flow = shown[2][80:110, 16:56]
    assert np.ptp(flow, axis=-1).mean() > 60  # strong colours: it moves
    assert (shown[4][80:110, 16:56] > 235).all()  # white: frame 6 follows a cut


def test_a_debug_video_is_shown_at_strength_0_too(tmp_path: Path, style: Path):
    source = make_clip(tmp_path / "a.mkv", codec="ffv1", audio=())
    settings = {"blend__strength": 0.0, "encode__encoder": "ffv1"}
    render(source, tmp_path / "b.mkv", style, debug_video=tmp_path / "debug.mkv", **settings)
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(planes(source), planes(tmp_path / "b.mkv"), strict=True))
    assert len(times(tmp_path / "debug.mkv")) == 12


@pytest.mark.parametrize("name", ["b.mp4", "there.mp4", "a.mp4", "nowhere/debug.mp4", "debug.xyz"])
def test_a_debug_video_that_can_not_be_written_is_refused_before_anything_is(tmp_path: Path, style: Path, name: str):
    source = make_clip(tmp_path / "a.mp4")
    (tmp_path / "there.mp4").write_text("precious")
    with pytest.raises(TargetError):
        render(source, tmp_path / "b.mp4", style, debug_video=tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "there.mp4"]
    assert (tmp_path / "there.mp4").read_text() == "precious"


def test_progress_counts_every_frame(tmp_path: Path, style: Path):
    source = make_clip(tmp_path / "a.mp4")
    seen = []
    config = RenderConfig(style=str(style), device="cpu")
    render_shot(Shot(source), tmp_path / "b.mp4", config, on_progress=seen.append)
    assert [each.frames for each in seen] == sorted({each.frames for each in seen})
    assert seen[-1].frames == 12
    assert seen[-1].total in (12, None)


@pytest.mark.parametrize(
    ("settings", "error"),
    [({"style": "absent"}, StyleError), ({"device": "cuda:99"}, DeviceError)],
)
def test_what_is_wrong_is_found_before_anything_is_written(tmp_path: Path, style: Path, settings, error):
    source = make_clip(tmp_path / "a.mp4")
    with pytest.raises(error):
        render(source, tmp_path / "b.mp4", **{"style": style, **settings})
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_a_missing_source_is_named(tmp_path: Path, style: Path):
    with pytest.raises(ClipMissingError, match=r"absent\.mp4"):
        render(tmp_path / "absent.mp4", tmp_path / "b.mp4", style)


def test_an_existing_target_is_refused_and_kept(tmp_path: Path, style: Path):
    source = make_clip(tmp_path / "a.mp4")
    (tmp_path / "b.mp4").write_text("precious")
    with pytest.raises(TargetError, match="--overwrite"):
        render(source, tmp_path / "b.mp4", style)
    assert (tmp_path / "b.mp4").read_text() == "precious"


@pytest.mark.parametrize("debug", [None, "debug.mp4"])
def test_a_failure_half_way_leaves_no_file(tmp_path: Path, style: Path, debug: str | None):
    source = make_clip(tmp_path / "a.mp4", frames=30)

    def fail(progress: Any) -> None:
        if progress.frames >= 10:
            raise RuntimeError("power cut")

    config = RenderConfig(style=str(style), device="cpu")
    with pytest.raises(RuntimeError, match="power cut"):
        render_shot(Shot(source), tmp_path / "b.mp4", config, debug_video=debug and tmp_path / debug, on_progress=fail)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
