"""Parts of a shot, rendered apart and joined, are the shot."""

import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.clips import make_clip
from tests.styles import save_small_style
from vidstyle import Shot, Span, render_shot
from vidstyle.config import RenderConfig, load_config
from vidstyle.errors import ClipMissingError, PartsError, TargetError
from vidstyle.farm.chunks import ChunkConfig
from vidstyle.farm.joining import find_parts, join_parts
from vidstyle.farm.parts import Record, record_path
from vidstyle.farm.rendering import TaskResult, render_task
from vidstyle.media import ClipReader, probe

FRAMES, CUT = 24, 13


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "a.mov"
    return make_clip(
        path, frames=FRAMES, cuts=(CUT,), width=64, height=48, timecode="01:00:00:00", audio=("aac", "aac")
    )


@pytest.fixture(scope="module")
def style(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("styles") / "small"
    save_small_style(folder)
    return folder


def settings(**how: Any) -> RenderConfig:
    flags = {"device": "cpu", "blend.strength": 0.0} | {key.replace("__", "."): value for key, value in how.items()}
    return load_config(flags=flags)


def in_chunks(source: Path, target: Path, config: RenderConfig, count: int, span: Span = Span()) -> list[TaskResult]:  # noqa: B008
    return [
        result
        for n in range(1, count + 1)
        for result in render_task(Shot(source, span), target, config, ChunkConfig(chunk=f"{n}/{count}"))
    ]


def join(target: Path, **how: Any) -> bool:
    return join_parts(find_parts([], target), target, **how)[0]


def packets(path: Path, kind: str) -> list[tuple[int, Fraction | None, bytes]]:
    with av.open(str(path)) as container:
        streams = [stream.index for stream in container.streams if stream.type == kind]
        found = [packet for packet in container.demux() if packet.size and packet.stream_index in streams]
        return [(p.stream_index, None if p.pts is None else p.pts * p.time_base, bytes(p)) for p in found]


def codes(path: Path) -> np.ndarray:
    with ClipReader(path) as reader:
        return np.concatenate([batch.images.numpy() for batch in reader.frames()])


X264 = {"encode__encoder": "x264", "encode__options": {"bf": "2", "x264-params": "cpu-independent=1"}}


@pytest.mark.parametrize(
    ("name", "how", "span"),
    [
        ("b.mp4", X264, Span()),
        ("b.mov", X264, Span(3, 20)),
        ("b.mkv", X264, Span()),
        ("b.mp4", {"encode__encoder": "x265"}, Span()),
        ("b.mov", {"encode__encoder": "prores"}, Span()),
        ("b.mkv", {"encode__encoder": "ffv1"}, Span(5, 24)),
        ("b.webm", {"encode__encoder": "vp9"}, Span()),
    ],
    ids=str,
)
def test_the_joined_clip_is_that_of_a_single_run(
    tmp_path: Path, source: Path, name: str, how: dict[str, Any], span: Span
):
    whole, target, config = tmp_path / f"whole{Path(name).suffix}", tmp_path / name, settings(**how)
    render_shot(Shot(source, span), whole, config)
    in_chunks(source, target, config, 3, span)
    assert join(target)
    shown, wanted = packets(target, "video"), packets(whole, "video")
    assert sorted(time for _, time, _ in shown) == sorted(time for _, time, _ in wanted)
    assert packets(target, "audio") == packets(whole, "audio")
    made, single = probe(target), probe(whole)
    kept = {"path", "seconds", "bit_rate"}
    assert made.model_dump(exclude=kept | {"video"}) == single.model_dump(exclude=kept | {"video"})
    assert made.video.model_dump(exclude={"bit_rate"}) == single.video.model_dump(exclude={"bit_rate"})
    if config.encode.encoder in ("ffv1", "prores"):
        np.testing.assert_array_equal(codes(target), codes(whole))
    else:
        assert np.abs(codes(target) - codes(whole)).mean() < 0.01
    with av.open(str(target)) as container:
        dues = [packet.dts for packet in container.demux(video=0) if packet.size and packet.dts is not None]
    assert dues == sorted(set(dues))


def test_uneven_times_are_those_of_the_source(tmp_path: Path):
    times = tuple(n * 512 + (n % 3) * 100 for n in range(FRAMES))
    source = make_clip(tmp_path / "a.mp4", frames=FRAMES, width=64, height=48, pts=times)
    in_chunks(source, tmp_path / "b.mp4", settings(**X264), 4)
    join(tmp_path / "b.mp4")
    shown = sorted(time for _, time, _ in packets(tmp_path / "b.mp4", "video"))
    assert shown == [Fraction(time, 12800) for time in times]


def test_chunks_meet_at_a_cut_and_differ_by_nothing_there(tmp_path: Path, source: Path, style: Path):
    config = settings(style=str(style), blend__strength=1.0, encode__encoder="ffv1")
    render_shot(Shot(source), tmp_path / "whole.mkv", config)
    made = in_chunks(source, tmp_path / "b.mkv", config, 2)
    assert [result.target.name for result in made] == ["b.1001-1013.mkv", "b.1014-1024.mkv"]  # even would be 12 and 12
    join(tmp_path / "b.mkv")
    np.testing.assert_array_equal(codes(tmp_path / "b.mkv"), codes(tmp_path / "whole.mkv"))


def test_pictures_get_the_names_that_they_have_in_the_whole(tmp_path: Path, source: Path):
    config = settings()
    whole, apart = tmp_path / "whole", tmp_path / "apart"
    whole.mkdir()
    apart.mkdir()
    render_shot(Shot(source), whole / "b.####.png", config)
    for frames in ("1001-1010", "1011-1020x1,1021", "1022-1030"):
        (result,) = render_task(Shot(source), apart / "b.####.png", config, ChunkConfig(frames=frames))
        assert bool(result.warnings) == (frames == "1022-1030")
    assert join(apart / "b.####.png")
    names = sorted(path.name for path in whole.glob("*.png"))
    assert sorted(path.name for path in apart.glob("*.png")) == names
    assert all((whole / name).read_bytes() == (apart / name).read_bytes() for name in names)
    join_parts(find_parts([apart], apart / "b.####.png"), tmp_path / "c.####.png")
    assert len(list(tmp_path.glob("c.*.png"))) == FRAMES


def test_every_tenth_frame_is_a_result_of_its_own(tmp_path: Path, source: Path):
    made = render_task(Shot(source), tmp_path / "b.####.png", settings(), ChunkConfig(frames="1001-1024x10"))
    assert [result.target.name for result in made] == [f"b.{n}-{n}.png" for n in (1001, 1011, 1021)]
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["b.1001.png", "b.1011.png", "b.1021.png"]


def test_parts_that_do_not_fit_are_refused(tmp_path: Path, source: Path):
    target, config = tmp_path / "b.mp4", settings(**X264)
    with pytest.raises(ClipMissingError, match=r"no part of b\.mp4"):
        find_parts([], target)
    first, _, last = in_chunks(source, target, config, 3)
    with pytest.raises(PartsError, match=r"frames 1009-1013 of b\.mp4 are missing"):
        join_parts(find_parts([first.target, last.target], target), target)
    with pytest.raises(PartsError, match=r"frames 1014-1024 .*missing"):
        join_parts(find_parts([], target)[:2], target)
    (other,) = render_task(Shot(source), target, config, ChunkConfig(frames="1006-1010"))
    with pytest.raises(PartsError, match="overlap"):
        join(target)
    record = Record.expect(record_path(last.target))
    record.model_copy(update={"facts": record.facts | {"blend.strength": "0.5"}}).write(last.target)
    with pytest.raises(PartsError, match=r"blend\.strength = 0\.0, b\.1014-1024\.mp4 with 0\.5"):
        join_parts([path for path in find_parts([], target) if other.target.name not in path.name], target)
    record.write(last.target)
    last.target.write_bytes(last.target.read_bytes() + b"x")
    with pytest.raises(PartsError, match="not what was rendered"):
        join_parts([path for path in find_parts([], target) if other.target.name not in path.name], target)
    assert not target.exists()


def test_a_source_that_has_moved_is_named_and_one_that_has_changed_is_refused(tmp_path: Path, source: Path):
    own, moved = tmp_path / "own.mov", tmp_path / "moved.mov"
    shutil.copy(source, own)
    in_chunks(own, tmp_path / "b.mp4", settings(), 2)
    own.rename(moved)
    with pytest.raises(ClipMissingError, match="--source"):
        join(tmp_path / "b.mp4")
    assert join(tmp_path / "b.mp4", source=moved)
    moved.write_bytes(moved.read_bytes() + b"free")
    (tmp_path / "b.mp4").unlink()
    with pytest.raises(PartsError, match="is not what was rendered"):
        join(tmp_path / "b.mp4", source=moved)


def test_a_task_that_is_done_is_left_alone(tmp_path: Path, source: Path):
    target, chunk = tmp_path / "b.mp4", ChunkConfig(chunk="1/2")
    (made,) = render_task(Shot(source), target, settings(), chunk)
    assert made.report is not None
    before = made.target.stat().st_mtime_ns
    (again,) = render_task(Shot(source), target, settings(), chunk)
    assert again.report is None
    assert made.target.stat().st_mtime_ns == before
    with pytest.raises(TargetError, match=r"made otherwise \(blend.strength"):
        render_task(Shot(source), target, settings(blend__strength=0.001), chunk)
    made.target.write_bytes(b"scribble")
    with pytest.raises(TargetError, match="changed since"):
        render_task(Shot(source), target, settings(), chunk)
    (mended,) = render_task(Shot(source), target, settings(), chunk, overwrite=True)
    assert mended.report is not None
    # Killed between the clip and its record.
    record = Record.expect(record_path(made.target))
    record.model_copy(update={"state": "begun", "sha256": "", "report": {}}).write(made.target)
    (once_more,) = render_task(Shot(source), target, settings(), chunk)
    assert once_more.report is not None


def test_a_whole_shot_is_a_task_too(tmp_path: Path, source: Path):
    (made,) = render_task(Shot(source), tmp_path / "b.mov", settings(), ChunkConfig())
    assert made.target == tmp_path / "b.mov"
    assert len(probe(made.target).audio) == 2
    assert json.loads(record_path(made.target).read_text())["state"] == "done"
    (again,) = render_task(Shot(source), tmp_path / "b.mov", settings(), ChunkConfig())
    assert again.report is None


def test_a_join_that_is_done_is_left_alone(tmp_path: Path, source: Path):
    target = tmp_path / "b.mp4"
    in_chunks(source, target, settings(), 2)
    assert join(target)
    assert not join(target)
    target.write_bytes(b"other")
    assert join(target)
