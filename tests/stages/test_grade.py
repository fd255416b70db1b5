"""A grade is one change of colour for all frames, and none where it is neutral."""

from fractions import Fraction

import pytest
import torch

from vidstyle.config import load_config
from vidstyle.errors import ConfigError
from vidstyle.frames import FrameBatch
from vidstyle.stages.batches import StyledBatch
from vidstyle.stages.grade import GradeConfig, grade
from vidstyle.stages.motion import without_motion


def styled(n: int = 3) -> list[StyledBatch]:
    images = torch.rand(n, 3, 4, 6)
    frames = FrameBatch(images, tuple(range(n)), Fraction(1, 24))
    return [StyledBatch(batch, batch.frames.images) for batch in without_motion([frames])]


def test_a_neutral_grade_is_no_stage():
    batches = styled()
    assert grade(batches, GradeConfig()) is batches


def test_every_frame_changes_alike_and_stays_in_range():
    batches = styled()
    config = GradeConfig(gain=(1.2, 1.0, 0.8), offset=(0.1, -0.05, 0.0))
    (made,) = grade(batches, config)
    was = batches[0].images
    for channel, (gain, offset) in enumerate(zip(config.gain, config.offset, strict=True)):
        assert torch.allclose(made.images[:, channel], (was[:, channel] * gain + offset).clamp(0, 1))
    assert made.moving is batches[0].moving


def test_wild_grades_are_refused():
    with pytest.raises(ConfigError, match=r"grade\.gain"):
        load_config(flags={"grade.gain": [9.0, 1.0, 1.0]})
