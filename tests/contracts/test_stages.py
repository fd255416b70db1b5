"""Every stage answers the same five questions: yields, is lazy, passes timestamps on, ends cleanly, fails cleanly."""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.styles import save_small_style
from vidstyle.errors import ClipReadError
from vidstyle.frames import FrameBatch
from vidstyle.motion import MotionConfig
from vidstyle.networks import load_style
from vidstyle.stages.blend import BlendConfig, blend
from vidstyle.stages.motion import estimate_motion, without_motion
from vidstyle.stages.stylize import StylizeConfig, stylize

Stage = Callable[[Iterable[FrameBatch]], Iterable[Any]]

PTS = (0, 3, 4, 9, 10)


@pytest.fixture(params=["motion", "without motion", "stylize", "blend", "blend at strength 0"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    save_small_style(tmp_path / "small")
    style = load_style(tmp_path / "small")

    def stylized(batches: Iterable[FrameBatch]) -> Iterable[Any]:
        return stylize(without_motion(batches), style, StylizeConfig())

    stages: dict[str, Stage] = {
        "motion": lambda batches: estimate_motion(batches, MotionConfig()),
        "without motion": without_motion,
        "stylize": stylized,
        "blend": lambda batches: blend(stylized(batches), BlendConfig()),
        "blend at strength 0": lambda batches: blend(stylized(batches), BlendConfig(strength=0)),
    }
    return stages[request.param]


def batches(*, taken: list[int] | None = None, fail_at: int | None = None) -> Iterator[FrameBatch]:
    generator = torch.Generator().manual_seed(0)
    for number, pts in enumerate(PTS):
        if taken is not None:
            taken.append(number)
        if number == fail_at:
            raise ClipReadError("torn", path=Path("a.mp4"), pts=pts)
        yield FrameBatch(torch.rand(1, 3, 24, 32, generator=generator), (pts,), Fraction(1, 25))


def frames_of(item: Any) -> FrameBatch:
    while not isinstance(item, FrameBatch):
        item = item.moving if hasattr(item, "moving") else item.frames
    return item


def test_it_yields_one_batch_for_each(stage: Stage):
    made = [frames_of(item) for item in stage(batches())]
    assert [len(batch) for batch in made] == [1] * len(PTS)
    assert all(batch.images.shape == (1, 3, 24, 32) and batch.images.isfinite().all() for batch in made)


def test_it_passes_timestamps_on(stage: Stage):
    made = [frames_of(item) for item in stage(batches())]
    assert tuple(batch.pts[0] for batch in made) == PTS
    assert {batch.time_base for batch in made} == {Fraction(1, 25)}


def test_it_is_lazy(stage: Stage):
    taken: list[int] = []
    stream = iter(stage(batches(taken=taken)))
    assert not taken
    next(stream)
    # The motion stage looks one frame ahead, to tell a flash from a cut.
    assert len(taken) <= 2


def test_it_ends_cleanly_with_nothing_to_do(stage: Stage):
    assert list(stage(iter(()))) == []


def test_it_fails_cleanly_with_the_error_of_its_source(stage: Stage):
    made = []
    with pytest.raises(ClipReadError, match="torn") as caught:
        made.extend(stage(batches(fail_at=3)))
    assert caught.value.pts == PTS[3]
