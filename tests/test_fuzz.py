"""Damaged clips of every container give a right clip, or one clear line with the right exit code, and leave nothing."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.benchmarks.child import Child, Ended
from tests.benchmarks.fuzz import KINDS, Case, make_case, make_clips, tried

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    with Child() as child:
        yield child


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_clips(tmp_path_factory.mktemp("clips"))


def test_whole_clips_of_every_kind_are_rendered(tmp_path: Path, child: Child, clips: dict[str, Path]):
    for kind in KINDS:
        name = clips[kind] if clips[kind].is_file() else clips[kind] / "p.%04d.png"
        assert tried(child, Case(kind, "whole", tmp_path, name)) == (0, ""), kind


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_a_damaged_clip_gives_a_clip_or_one_clear_line(
    tmp_path_factory: pytest.TempPathFactory, child: Child, clips: dict[str, Path], seed: int
):
    folder = tmp_path_factory.mktemp("damaged") / "case"
    case = make_case(clips, random.Random(seed), folder)
    _, problem = tried(child, case)
    shutil.rmtree(folder.parent)
    assert not problem, f"{case.kind}, {case.how}: {problem}"


def test_the_watchdog_tells_hangs_deaths_and_tracebacks_from_refusals(child: Child):
    assert child.run(["doctor"], seconds=0.01).code is None
    assert child.run(["--version"], seconds=60).is_clean
    assert not Ended(1, "Traceback (most recent call last):").is_clean
    assert not Ended(-11, "the process died").is_clean
    assert Ended(65, "vidstyle: 1/2 frames, 3 fps\nvidstyle: a.mp4 is damaged").is_clean
    assert not Ended(65, "vidstyle: a.mp4 is damaged\nvidstyle: and more").is_clean
