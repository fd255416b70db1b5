from itertools import pairwise

import torch
from torch import Tensor

from tests.motion.pictures import texture
from vidstyle.measure.composing import far_flow, followed_by
from vidstyle.motion import Flow, MotionConfig, build_estimator

STEP, STEPS, HEIGHT, WIDTH = 8, 10, 64, 96


def panned() -> list[Tensor]:
    wide = texture(HEIGHT, WIDTH + STEP * STEPS)[None]
    return [wide[..., STEP * n : STEP * n + WIDTH].contiguous() for n in range(STEPS + 1)]


def test_a_single_step_is_the_answer_as_it_is() -> None:
    frames = panned()
    estimator = build_estimator(MotionConfig(scale=1.0))
    step = estimator(frames[0], frames[1])
    assert far_flow(frames[0], frames[1], [step], estimator) is step


def test_steps_add_up_and_visible_is_what_all_of_them_see() -> None:
    one = Flow(torch.full((1, 2, 8, 8), 1.0), torch.ones(1, 1, 8, 8))
    half = Flow(torch.full((1, 2, 8, 8), 2.0), torch.full((1, 1, 8, 8), 0.5))
    joined = followed_by(one, half)
    assert torch.allclose(joined.to_previous, torch.full((1, 2, 8, 8), 3.0))
    assert torch.allclose(joined.visibility, torch.full((1, 1, 8, 8), 0.5))


def test_a_far_pan_is_followed_and_what_left_the_picture_is_not_visible() -> None:
    frames = panned()[:6]
    estimator = build_estimator(MotionConfig(scale=1.0))
    steps = [estimator(before, after) for before, after in pairwise(frames)]
    flow = far_flow(frames[0], frames[-1], steps, estimator)
    seen = flow.visibility > 0.5
    assert seen[..., STEP * 5 + 8 : WIDTH - 8].float().mean() > 0.7
    assert not seen[..., : STEP * 5 - 2].any()
    assert (flow.to_previous[:, :1][seen] + STEP * 5).abs().median() < 0.3
