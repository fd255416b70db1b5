import os
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.motion.pictures import pan
from vidstyle.errors import ConfigError
from vidstyle.motion import FLOW_ESTIMATORS, Flow, MotionConfig, build_estimator
from vidstyle.motion.cache import FlowCache
from vidstyle.motion.dis import DisFlow

FRAMES = pan(4, 48, 64, dx=2, dy=1)


@pytest.fixture
def estimated(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pairs each call of the estimator itself got."""
    calls: list[int] = []

    class Counted(DisFlow):
        def __call__(self, current: Tensor, previous: Tensor, numbers: Sequence[tuple[int, int]] | None = None) -> Flow:
            calls.append(len(current))
            return super().__call__(current, previous, numbers)

    monkeypatch.setattr(FLOW_ESTIMATORS, "get", lambda name: Counted)
    return calls


def render(config: MotionConfig, frames: Tensor = FRAMES) -> Flow:
    return build_estimator(config)(frames[1:], frames[:-1])


def same(one: Flow, other: Flow) -> bool:
    return torch.equal(one.to_previous, other.to_previous) and torch.equal(one.visibility, other.visibility)


@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_cold_warm_and_without_a_cache_are_the_very_same(tmp_path: Path, estimated: list[int], scale: float) -> None:
    plain = render(MotionConfig(scale=scale))
    cold = render(MotionConfig(scale=scale, cache=tmp_path))
    warm = render(MotionConfig(scale=scale, cache=tmp_path))
    assert estimated == [3, 3]
    assert same(plain, cold)
    assert same(plain, warm)


def test_only_what_is_new_is_estimated(tmp_path: Path, estimated: list[int]) -> None:
    config = MotionConfig(cache=tmp_path)
    render(config, FRAMES[1:3])
    assert same(render(config), render(MotionConfig()))
    assert estimated == [1, 2, 3]


@pytest.mark.parametrize("change", [{"scale": 1.0}, {"preset": "fast"}, {"boundaries": True}])
def test_other_settings_have_other_entries(tmp_path: Path, estimated: list[int], change: dict[str, object]) -> None:
    render(MotionConfig(cache=tmp_path))
    render(MotionConfig(cache=tmp_path, **change))
    assert estimated == [3, 3]


def test_cuts_and_limits_share_entries(tmp_path: Path, estimated: list[int]) -> None:
    render(MotionConfig(cache=tmp_path))
    render(MotionConfig.model_validate({"cache": tmp_path, "cache_limit": 1, "cuts": {"at": [2]}}))
    assert estimated == [3]


def test_a_changed_pixel_is_another_picture(tmp_path: Path, estimated: list[int]) -> None:
    render(MotionConfig(cache=tmp_path))
    changed = FRAMES.clone()
    changed[3, :, 10, 10] += 0.01
    render(MotionConfig(cache=tmp_path), changed)
    assert estimated == [3, 1]


@pytest.mark.parametrize("damage", [b"", b"VSFLOW1\n", b"nonsense" * 40])
def test_damaged_entries_are_estimated_again_and_mended(tmp_path: Path, estimated: list[int], damage: bytes) -> None:
    config = MotionConfig(cache=tmp_path)
    whole = render(config)
    for path in tmp_path.glob("*/*.flow"):
        path.write_bytes(damage or path.read_bytes()[:-3])
    assert same(render(config), whole)
    assert same(render(config), whole)
    assert estimated == [3, 3]


def test_nothing_passing_is_left_behind(tmp_path: Path) -> None:
    render(MotionConfig(cache=tmp_path))
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(left) == 3
    assert all(path.suffix == ".flow" for path in left)


def test_what_was_not_used_for_longest_leaves_first(tmp_path: Path) -> None:
    flow = Flow(torch.randn(1, 2, 20, 20, generator=torch.Generator().manual_seed(0)), torch.ones(1, 1, 20, 20))
    cache = FlowCache(tmp_path, limit=1.0)
    for age, key in enumerate(("aa", "bb", "cc", "dd")):
        cache.store(key, flow)
        os.utime(tmp_path / key / f"{key}.flow", (1000 + age, 1000 + age))
    assert cache.load("aa") is not None  # used: now the youngest
    size = (tmp_path / "aa" / "aa.flow").stat().st_size
    FlowCache(tmp_path, limit=4.5 * size / 1e9).store("ee", flow)
    assert sorted(path.stem for path in tmp_path.glob("*/*.flow")) == ["aa", "cc", "dd", "ee"]


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here already")
    with pytest.raises(ConfigError, match=r"motion\.cache"):
        render(MotionConfig(cache=tmp_path / "file" / "cache"))


def test_where_nothing_more_can_be_written_the_render_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = build_estimator(MotionConfig(cache=tmp_path))

    def full(*arguments: object, **settings: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vidstyle.motion.cache.tempfile.NamedTemporaryFile", full)
    with pytest.warns(UserWarning, match="No space left"):
        flow = find(FRAMES[1:], FRAMES[:-1])
    assert same(flow, render(MotionConfig()))
