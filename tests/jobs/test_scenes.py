"""One scene, one look: a colour that is in two shots is the same colour in both results."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tests.jobs.conftest import table
from vidstyle import RenderConfig
from vidstyle.errors import StyleError
from vidstyle.jobs import scenes
from vidstyle.jobs.batch import plan_list, render_list
from vidstyle.jobs.colours import Colours, colours_of, common_grades
from vidstyle.jobs.job import BatchConfig
from vidstyle.stages.grade import GradeConfig

HEAD = "shot,source,in,out,scene"
ROWS = ("a_010,A001.mov,4,7,night", "a_020,A002.mov,4,7,night", "b_010,B001.mov,4,7,day")
QUICK = BatchConfig(trial=False, handles=1, template="{shot}/{shot}_v{version:03}.mkv", scene_by="scene")


def noise(seed: int, low: float, high: float) -> Tensor:
    """Patches of colours that survive being reduced."""
    patches = torch.rand(1, 3, 8, 12, generator=torch.Generator().manual_seed(seed))
    return low + (high - low) * patches.repeat_interleave(8, dim=2).repeat_interleave(8, dim=3)


def answered(image: Tensor, gain: float, offset: float) -> Tensor:
    return image * gain + offset


@given(
    gains=st.lists(st.floats(0.6, 0.75), min_size=2, max_size=4), offsets=st.lists(st.floats(0.1, 0.2), min_size=4),
    lows=st.lists(st.floats(0.1, 0.4), min_size=4),
)  # fmt: skip
def test_affine_answers_become_one(gains: list[float], offsets: list[float], lows: list[float]):
    sources = [noise(n, lows[n], lows[n] + 0.4) for n in range(len(gains))]
    made = [answered(source, gains[n], offsets[n]) for n, source in enumerate(sources)]
    grades = common_grades([colours_of([s], [m]) for s, m in zip(sources, made, strict=True)])

    def seen(colour: float, graded: bool) -> list[float]:
        """What each shot makes of a grey."""
        answers = [gain * colour + offset for gain, offset in zip(gains, offsets, strict=False)]
        return [a * g.gain[0] + g.offset[0] if graded else a for a, g in zip(answers, grades, strict=True)]

    for grey in (0.3, 0.5, 0.6):
        before, after = (max(map(abs, (a - b for a, b in pairwise(seen(grey, graded))))) for graded in (False, True))
        assert after <= before / 2 + 0.02


def test_shots_that_agree_are_left_as_they_are():
    source = noise(0, 0.2, 0.8)
    same = colours_of([source], [answered(source, 0.7, 0.1)])
    assert common_grades([same, same]) == [GradeConfig(), GradeConfig()]
    assert common_grades([same]) == [GradeConfig()]


def test_grades_are_bounded_and_one_colour_alone_is_no_trouble():
    flat, dark = torch.full((1, 3, 8, 8), 0.5), torch.zeros(1, 3, 8, 8)
    for grade in common_grades([colours_of([flat], [flat]), colours_of([dark], [torch.ones(1, 3, 8, 8)])]):
        assert all(0.75 <= gain <= 1.25 for gain in grade.gain)
        assert all(abs(offset) <= 0.36 for offset in grade.offset)


def test_shots_of_a_scene_are_graded_towards_each_other_and_others_are_not(
    tmp_path: Path, render: RenderConfig, plates: Path, monkeypatch: pytest.MonkeyPatch
):
    path, out = table(tmp_path / "a.csv", *ROWS, head=HEAD), tmp_path / "out"
    result = render_list(path, out, render, QUICK, roots=[plates])
    grades = [outcome.job.config.grade for outcome in result.outcomes]
    assert not grades[0].is_neutral
    assert not grades[1].is_neutral
    assert grades[2].is_neutral
    assert result.outcomes[0].report is not None
    assert result.outcomes[0].report.settings.grade == grades[0]
    plain = render_list(path, tmp_path / "plain", render, QUICK.model_copy(update={"scene_by": None}), roots=[plates])
    hashes = [[each.report.frame_hash for each in made.outcomes if each.report] for made in (result, plain)]
    assert [one == other for one, other in zip(*hashes, strict=True)] == [False, False, True]

    def never(_job: object) -> Colours:
        raise AssertionError

    monkeypatch.setattr(scenes, "measure", never)
    again = render_list(path, out, render, QUICK, roots=[plates])
    assert {outcome.status for outcome in again.outcomes} == {"skipped"}
    only = plan_list(path, out, render, QUICK.model_copy(update={"only": ("a_020",)}), roots=[plates])
    assert only.jobs[0].action == "skip"


def test_scenes_are_told_by_name_too_and_what_can_not_be_measured_is_a_problem(
    tmp_path: Path, render: RenderConfig, plates: Path, monkeypatch: pytest.MonkeyPatch
):
    def failing(_job: object) -> Colours:
        raise StyleError("no such weights", style="x")

    path = table(tmp_path / "a.csv", *(row.rpartition(",")[0] for row in ROWS))
    named = QUICK.model_copy(update={"scene_by": "name"})
    monkeypatch.setattr(scenes, "measure", failing)
    assert "no such weights" in plan_list(path, tmp_path / "out", render, named, roots=[plates]).problems[0]
    assert plan_list(path, tmp_path / "out", render, QUICK, roots=[plates]).problems == ()
